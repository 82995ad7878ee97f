"""What a type checker finds wrong: each line that is refused says with which code."""

from __future__ import annotations

from marshmallow import fields

from dynamorm import DynaModel


class Book(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"

    class Schema:
        isbn = fields.String()


print(Book.get(isbn="1").title)  # error: union-attr
Book.query(isbn="1").limit("3")  # error: arg-type
Book.query(isbn="1").filtered(year=1)  # error: attr-defined
Book.scan().segment(0)  # error: call-arg
book: Book = Book.query(isbn="1").first()  # error: assignment
books: list[str] = Book.scan().all()  # error: assignment
count: str = Book.scan().count()  # error: assignment

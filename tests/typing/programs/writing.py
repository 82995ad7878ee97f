"""What instances, writes, conditions and references are: each line that reveals a type says which one."""

from __future__ import annotations

from marshmallow import fields
from typing_extensions import reveal_type

import dynamorm
from dynamorm import ConditionFailed, DynaModel, F, Q


class Book(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"

    class Schema:
        isbn = fields.String()
        title = fields.String()


class Review(DynaModel):
    """With an ``__init__`` of its own."""

    class Table:
        name = "reviews"
        hash_key = "id"

    class Schema:
        id = fields.String()

    def __init__(self, id: str) -> None:
        self.id = id


book = Book(isbn="1", title="Foo")
book.title = "Bar"
reveal_type(book)  # Book
reveal_type(book.title)  # Any
reveal_type(Review("1"))  # Review
Review(1)  # error: arg-type

reveal_type(Book.upsert(isbn="1", title="Foo"))  # Book
reveal_type(Book.patch(Book.views.add(1), isbn="1"))  # Book
reveal_type(Book.create(isbn="1", title="Foo"))  # Book
reveal_type(Book.get_or_create(isbn="1", defaults={"title": "Foo"}))  # tuple[Book, bool]
try:
    Book.require(isbn="1")
except Book.DoesNotExist as absent:
    reveal_type(absent)  # DoesNotExist
reveal_type(Book.put(book))  # dict[str, Any]
reveal_type(book.save())  # dict[str, Any] | None
reveal_type(book.save(partial=True, conditions=Q(year=1999)))  # dict[str, Any] | None
reveal_type(book.update(Book.views.add(1), title=Book.subtitle))  # dict[str, Any] | None
reveal_type(book.delete(conditions=[Book.year > 1990, None]))  # dict[str, Any]
reveal_type(book.validate())  # dict[str, Any]
reveal_type(book.to_dict(native=True))  # dict[str, Any]
reveal_type(book.is_dirty)  # bool
reveal_type(book.changes)  # dict[str, tuple[Any, Any]]
reveal_type(dynamorm.inspect(book).key_changed)  # bool
reveal_type(Book.new_from_raw({"isbn": "1"}))  # Book | None
reveal_type(Book.from_item({"isbn": {"S": "1"}}))  # Book

reveal_type(Book.year)  # Reference
reveal_type(Book.meta["lang"] == "en")  # Condition
reveal_type((Book.losses > Book.wins) & ~Q(year=1999) | F("a.b").exists())  # Condition
reveal_type(Book.tags[0].begins_with("a"))  # Condition
reveal_type(Book.tags.size() >= 2)  # Condition
reveal_type(Book.tags.append("new"))  # Change
reveal_type(F("views") + 1)  # Sum

try:
    book.save(unique=True)
except ConditionFailed as refused:
    reveal_type(refused.code)  # str

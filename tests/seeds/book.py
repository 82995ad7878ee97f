"""A shelf of books and a box of coloured things: one model made, filled, searched and changed in every way there is."""

from __future__ import annotations

from marshmallow import ValidationError as Refused
from marshmallow import fields, validate

import dynamorm
from dynamorm import DynaModel, GlobalIndex, InvalidKey, ProjectAll, ProjectKeys, ValidationError, local


def validate_isbn(value: str) -> None:
    if not (value.isdecimal() and 10 <= len(value) <= 13):
        raise Refused("ten to thirteen digits make an ISBN")


class Book(DynaModel):
    class Table:
        name = "prod-books"
        hash_key = "isbn"
        read = 25
        write = 5

    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        read = 25
        write = 5
        projection = ProjectAll()

    class OutOfPrint(GlobalIndex):
        """Holds nothing but the keys of those books that have a ``last_printed``."""

        name = "out-of-print"
        hash_key = "last_printed"
        read = 5
        write = 5
        projection = ProjectKeys()

    class Schema:
        isbn = fields.String(required=True, validate=validate_isbn)
        title = fields.String(required=True)
        author = fields.String(required=True)
        publisher = fields.String()
        year = fields.Integer()
        last_printed = fields.Integer()
        in_print = fields.Boolean(load_default=True)


class Thing(DynaModel):
    class Table:
        name = "things"
        hash_key = "id"
        read = 1
        write = 1

    class Schema:
        id = fields.String(required=True)
        name = fields.String()
        color = fields.String(validate=validate.OneOf(["purple", "red", "blue", "yellow"]))


def titles(books: object) -> str:
    return ", ".join(sorted(book.title for book in books))


def fill_the_box() -> None:
    Thing(id="thing1", name="Thing One", color="purple").save()

    second = Thing()
    second.id = "thing2"
    second.name = "Thing Two"
    second.color = "red"
    second.save()

    Thing.put({"id": "thing3", "name": "Thing Three", "color": "blue"})
    print("things:", ", ".join(sorted(thing.id for thing in Thing.scan())))

    second.color = "orange"
    try:
        second.save()
    except ValidationError as error:
        print("refused:", error.errors)
    print("still:", Thing.get(id="thing2", consistent=True).color)
    print("a number for a name:", repr(Thing(id="thing4", name=4).name))


def fill_the_shelf() -> None:
    Book.put({"isbn": "12345678910", "title": "Foo", "author": "Mr. Bar", "publisher": "Publishorama"})
    Book(isbn="12345678911", title="Foo Again", author="Mr. Bar", year=1999).save()

    third = Book()
    third.isbn = "99999999990"
    third.title = "Quux"
    third.author = "Ms. Baz"
    third.save()

    third.title = None
    try:
        third.save()
    except ValidationError as error:
        print("refused:", sorted(error.errors))


def search() -> None:
    print("by key:", Book.get(isbn="12345678910").title)
    print("no such key:", Book.get(isbn="no ISBN at all"))

    print("not by Mr. Bar:", titles(Book.scan(author__ne="Mr. Bar")))
    print("by Mr. Bar:", titles(Book.scan(author="Mr. Bar")))
    print("on the index:", titles(Book.ByAuthor.query(author="Mr. Bar")))

    try:
        Book.query(isbn__begins_with="12345").all()
    except InvalidKey:
        print("a hash key is found by equality; a scan looks at everything:", end=" ")
    print(titles(Book.scan(isbn__begins_with="12345")))


def change() -> None:
    book = Book.get(isbn="12345678911")
    book.in_print = False
    book.save()

    book = Book.get(isbn="12345678910")
    book.in_print = False
    book.last_printed = 2001
    book.save(partial=True)
    Book.get(isbn="99999999990").update(in_print=False, last_printed=2001)
    print("out of print:", titles(Book.scan(in_print=False)))

    keys = Book.OutOfPrint.query(last_printed=2001).all()
    print("of the index, partial:", all(book.is_partial for book in keys), [book.title for book in keys])
    print("whole, by a batch:", titles(Book.get_batch(keys)))


def main() -> None:
    Book.Table.create_table()
    Thing.Table.create_table()
    fill_the_box()
    fill_the_shelf()
    search()
    change()


if __name__ == "__main__":
    with (
        local.start() as engine,
        dynamorm.using(
            endpoint_url=engine.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        ),
    ):
        main()

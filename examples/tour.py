"""A tour of DynamORM in one program: ``make demo`` runs it against a local engine that lives as long as it does."""

from __future__ import annotations

import datetime

from marshmallow import fields, validate

import dynamorm
from dynamorm import ConditionFailed, DynaModel, GlobalIndex, HashKeyExists, ProjectAll, Q, ValidationError, local


class Book(DynaModel):
    class Table:
        name = "prod-books"
        hash_key = "isbn"
        read = 25
        write = 5

    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        range_key = "year"
        read = 25
        write = 5
        projection = ProjectAll()

    class Schema:
        isbn = fields.String(required=True, validate=validate.Length(min=10, max=13))
        title = fields.String(required=True)
        author = fields.String()
        publisher = fields.String()
        year = fields.Integer()
        price = fields.Decimal()
        added = fields.DateTime()
        tags = fields.List(fields.String(), load_default=list)
        copies = fields.Integer(load_default=0)

    def __str__(self) -> str:
        return f"{self.title} by {self.author}, {self.year}"


SHELF = [
    {"isbn": "9780000000010", "title": "The Slow Harbour", "author": "Ida Quill", "year": 1987, "price": "12.50"},
    {"isbn": "9780000000027", "title": "Salt and Paper", "author": "Ida Quill", "year": 1994, "tags": ["sea"]},
    {"isbn": "9780000000034", "title": "A Field Guide to Clouds", "author": "Per Lindh", "year": 2003},
]


def say(heading: str, *lines: object) -> None:
    print(f"\n{heading}")
    for line in lines:
        print(f"    {line}")


def tour() -> None:
    Book.Table.create_table()
    say("Created the table", f"{Book.Table.name}, there: {Book.Table.exists}, indexes: {', '.join(Book.Table.indexes)}")

    for item in SHELF:
        Book.put(item)
    say("Put three dicts; each went through the schema", *(item["title"] for item in SHELF))

    book = Book(isbn="9780000000041", title="Tide Tables", author="Ida Quill", year=2011)
    book.added = datetime.datetime(2026, 1, 2, 3, 4, 5)
    book.save()
    say("Saved an instance", repr(book))

    try:
        Book.put({"isbn": "short", "title": "Too short a number"})
    except ValidationError as error:
        say("The schema refuses what is not valid, before anything is sent", error)

    try:
        Book.put_unique(SHELF[0])
    except HashKeyExists:
        say("A unique put leaves alone what is there", SHELF[0]["isbn"])

    found = Book.get(isbn="9780000000041")
    say("Got it back, with the types of the schema", found, f"added: {found.added!r}")
    say("What is not there is None", Book.get(isbn="9780000000099"))

    found.update(title="Tide Tables, revised", year__plus=1, conditions={"year": 2011})
    say("Updated two attributes, on one condition", found)

    say("Queried the index: Ida Quill since 1990", *Book.ByAuthor.query(author="Ida Quill", year__gte=1990))
    say("Scanned: Lindh, or tagged sea", *Book.scan(Q(author__contains="Lindh") | Q(tags__contains="sea")))

    by_quill = Book.find(author="Ida Quill")
    dear_or_sea = (Book.price > 10) | Book.tags.contains("sea")
    say(
        "Fields are references; a query is kept, refined, and finds its index by itself",
        *by_quill.filter(dear_or_sea),
        f"read from {by_quill.explain().index_name}; the latest of all is {by_quill.first(reverse=True)}",
    )

    change_parts(found)
    turn_pages()

    found.delete()
    say("Deleted one", f"{Book.scan(Book.isbn.begins_with('97800000000')).count()} books are left on the shelf")


def change_parts(book: Book) -> None:
    elsewhere = Book.require(isbn=book.isbn)
    elsewhere.update(Book.copies.add(2))

    book.tags.append("tables")
    say("Changed a list in place", f"is_dirty: {book.is_dirty}, changes: {book.changes}")
    book.save(partial=True)
    book.refresh()
    say("A partial save sent that alone", f"tags: {book.tags}, copies that were added elsewhere: {book.copies}")

    try:
        book.save(conditions=Book.copies > 10)
    except ConditionFailed as refused:
        say("A refused write shows the item that it met", f"copies: {refused.current.copies}")


def turn_pages() -> None:
    Book.put_batch(*({"isbn": f"97811111{n:05}", "title": f"Volume {n}"} for n in range(120)))
    keys = [f"97811111{n:05}" for n in (119, 3, 999)]
    found = Book.get_batch(keys, ordered=True, attrs=["title"])
    say("Put 120 volumes in one call; got three keys in order", *(book and book.title for book in found))

    volumes = Book.scan(title__begins_with="Volume")
    page = volumes.page(50)
    lengths = [len(page.items)]
    while page.next_cursor:
        page = volumes.page(50, page.next_cursor)
        lengths.append(len(page.items))
    say("Turned pages by cursors, which fit into a URL", lengths, f"deleted what matched: {volumes.delete()}")


def main() -> None:
    with (
        local.start() as engine,
        dynamorm.using(
            endpoint_url=engine.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        ),
    ):
        print(f"DynamoDB here is {engine.name}, at {engine.endpoint_url}")
        tour()
    print("\nThe engine has ended, and its tables with it.")


if __name__ == "__main__":
    main()

"""The model of a bookshop, for tests of what a class body comes to."""

from __future__ import annotations

from dynamorm import DynaModel, GlobalIndex, ProjectAll

from ..libraries import integer, text

FIELDS = {"isbn": text(required=True), "title": text(), "author": text(), "year": integer()}


def shop_model(library, **table):
    """Return a book as a shop keeps it, found by its author too; ``table`` adds to the inner Table, or replaces."""

    class Book(DynaModel):
        Table = type("Table", (), {"name": "prod-books", "hash_key": "isbn", "read": 25, "write": 5, **table})

        class ByAuthor(GlobalIndex):
            name = "by-author"
            hash_key = "author"
            range_key = "year"
            read = 25
            write = 5
            projection = ProjectAll()

        Schema = library.schema(FIELDS)

    return Book


def described(table):
    return table.client.describe_table(TableName=table.full_name)["Table"]

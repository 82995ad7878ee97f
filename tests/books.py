"""Books and their pages: the models that most tests use, and a value for each of their fields."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any

from dynamorm import GlobalIndex, ProjectAll, ProjectKeys

from .libraries import (
    Library,
    boolean,
    collection,
    exact,
    integer,
    listing,
    mapping,
    moment,
    nested,
    real,
    text,
    unique,
)

PUBLISHER = {
    "name": text(stored="Name"),
    "city": text(),
    "founded": integer(stored="since"),
}

BOOK = {
    "isbn": text(required=True),
    "title": text(required=True),
    "author": text(),
    "year": integer(),
    "subtitle": text(stored="sub"),
    "price": exact(),
    "weight": real(),
    "in_print": boolean(),
    "published": moment(),
    "code": unique(),
    "tags": listing(text()),
    "genres": collection(text()),
    "meta": mapping(),
    "publisher": nested(PUBLISHER, stored="pub"),
    "editions": listing(nested(PUBLISHER)),
    "copies": integer(default=1),
    "rank": integer(at_most=5),
    "views": integer(),
}


# A native value for each field.
BOOK_VALUES: dict[str, Any] = {
    "isbn": "9780000000001",
    "title": "The Depths",
    "author": "Mr. Bar",
    "year": 1999,
    "subtitle": "An account",
    "price": decimal.Decimal("19.90"),
    "weight": 0.75,
    "in_print": True,
    "published": dt.datetime(1999, 5, 6, 7, 8, 9, 250000, tzinfo=dt.timezone.utc),
    "code": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "tags": ["sea", "deep", "sea"],
    "genres": {"novel", "drama"},
    "meta": {"lang": "en", "shelf": {"row": 3, "side": "left"}, "marks": [1, "two"]},
    "publisher": {"name": "House", "city": "Turku", "founded": 1890},
    "editions": [
        {"name": "First", "city": "Turku", "founded": 1891},
        {"name": "Second", "city": "Oulu", "founded": 1900},
    ],
    "copies": 3,
    "rank": 2,
    "views": 10,
}
BOOK_TABLE = {"name": "books", "hash_key": "isbn"}
KEY = BOOK_VALUES["isbn"]


def book_values(**changes: Any) -> dict[str, Any]:
    """Return native values for every field of a book, some of them changed; ``None`` leaves one out."""
    values = {**BOOK_VALUES, **changes}
    return {name: value for name, value in values.items() if value is not None}


def book_model(library: Library, name: str = "Book", **body: Any) -> Any:
    """A book by ``isbn``, with fields of many kinds and two global indexes."""

    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        range_key = "year"
        projection = ProjectAll()

    class ByTitle(GlobalIndex):
        name = "by-title"
        hash_key = "title"
        projection = ProjectKeys()

    indexes = {"ByAuthor": ByAuthor, "ByTitle": ByTitle}
    return library.model(name, BOOK_TABLE, BOOK, **{**indexes, **body})


PAGE = {
    "isbn": text(required=True),
    "number": integer(required=True),
    "body": text(stored="Body"),
    "lines": listing(text()),
    "words": integer(default=0),
}


def page_model(library: Library, name: str = "Page", **body: Any) -> Any:
    """A page of a book, by ``isbn`` and ``number``."""
    return library.model(name, {"name": "pages", "hash_key": "isbn", "range_key": "number"}, PAGE, **body)

"""Four books, and ways to ask which of them a condition finds."""

from __future__ import annotations

import datetime as dt

from dynamorm import ConditionFailed

from ..books import book_values

KEPT = dt.datetime(1999, 5, 6, 7, 8, 9, 250000, tzinfo=dt.timezone.utc)


def filled(book):
    """Store four books: A has every field, B some, C the required ones, and D holds a NULL."""
    book.put(book_values(isbn="A"))
    book.put(
        {
            "isbn": "B",
            "title": "Sky",
            "author": "Ms. Foo",
            "year": 2005,
            "tags": ["sky"],
            "genres": {"poem"},
            "meta": {"lang": "fi", "type": "web", "0": "zero", "size": 3, "shelf": {"type": "oak", "in": "hall"}},
            "publisher": {"name": "Other", "city": "Bergen", "founded": 2000},
            "published": KEPT + dt.timedelta(days=365),
            "views": 2,
            "rank": 5,
        }
    )
    book.put({"isbn": "C", "title": "Bare"})
    null = {"isbn": {"S": "D"}, "title": {"S": "Null"}, "sub": {"NULL": True}}
    book.Table.client.put_item(TableName=book.Table.full_name, Item=null)
    return book


def found(model, *conditions, **lookups):
    """Return the keys of the items that a scan finds."""
    return {item.to_dict()[hash_key_of(model)] for item in model.scan(*conditions, **lookups)}


def hash_key_of(model):
    return model.Table.key_schema[0]["AttributeName"]


def matching(model, *conditions, **lookups):
    """Return the keys of the items that match, as a filter and as the condition of a write alike."""
    written = set()
    for item in model.scan():
        try:
            item.save(partial=True, conditions=[*conditions, lookups])
            written.add(item.to_dict()[hash_key_of(model)])
        except ConditionFailed:
            pass
    assert found(model, *conditions, **lookups) == written
    return written

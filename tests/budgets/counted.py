"""Counts the function calls of each operation in a process of its own, and prints them as JSON.

    python -m tests.budgets.counted LIBRARY ENDPOINT

In a process of its own, because whatever else was imported may listen to signals, or to botocore.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import json
import math
import selectors
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import dynamorm
import dynamorm.waiting
from dynamorm import DynaModel

ITEMS = 200
# What an event loop calls itself depends on its Python, and on when answers come.
OF_THE_LOOP = (asyncio.__file__.removesuffix("__init__.py"), selectors.__file__)


def marshmallow_schema() -> type:
    from marshmallow import fields

    class Schema:
        shelf = fields.String(required=True)
        place = fields.Integer(required=True)
        title = fields.String()
        author = fields.String()
        publisher = fields.String()
        language = fields.String()
        summary = fields.String()
        created = fields.DateTime()
        pages = fields.Integer()
        stock = fields.Integer()
        lent = fields.Boolean()
        tags = fields.List(fields.String())

    return Schema


def schematics_schema() -> type:
    from schematics import types

    class Schema:
        shelf = types.StringType(required=True)
        place = types.IntType(required=True)
        title = types.StringType()
        author = types.StringType()
        publisher = types.StringType()
        language = types.StringType()
        summary = types.StringType()
        created = types.DateTimeType()
        pages = types.IntType()
        stock = types.IntType()
        lent = types.BooleanType()
        tags = types.ListType(types.StringType())

    return Schema


def pydantic_schema() -> type:
    import pydantic  # noqa: F401

    class Schema:
        shelf: str
        place: int
        title: str | None = None
        author: str | None = None
        publisher: str | None = None
        language: str | None = None
        summary: str | None = None
        created: dt.datetime | None = None
        pages: int | None = None
        stock: int | None = None
        lent: bool | None = None
        tags: list[str] | None = None

    Schema.__annotations__["created"] = dt.datetime | None
    return Schema


SCHEMAS = {"marshmallow": marshmallow_schema, "schematics": schematics_schema, "pydantic": pydantic_schema}


def values(place: int) -> dict[str, Any]:
    return {
        "shelf": "a",
        "place": place,
        "title": "Of Trees",
        "author": "Lindh",
        "publisher": "Copse",
        "language": "en",
        "summary": "Alder, birch and cedar",
        "created": dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc),
        "pages": 120 + place,
        "stock": 3,
        "lent": False,
        "tags": ["wood", "leaf"],
    }


def calls_of(operation: Callable[[], Any]) -> int:
    """Count calls of Python's functions and of C's, at best: signatures change with the second."""
    counts = []
    for _ in range(5):
        operation()
    for _ in range(5):
        count = 0

        def note(frame: Any, event: str, argument: Any) -> None:
            nonlocal count
            if event in ("call", "c_call") and not frame.f_code.co_filename.startswith(OF_THE_LOOP):
                count += 1

        sys.setprofile(note)
        try:
            operation()
        finally:
            sys.setprofile(None)
        counts.append(count)
    return min(counts)


def main(library: str, endpoint: str) -> None:
    gc.disable()
    inner = SCHEMAS[library]()
    dynamorm.configure(
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        transport="direct",
    )

    class Book(DynaModel):
        class Table:
            name = f"counted-{library}"
            hash_key = "shelf"
            range_key = "place"
            billing_mode = "PAY_PER_REQUEST"

        Schema = inner

    Book.Table.create_table()
    Book.put_batch(*(values(place) for place in range(ITEMS)))
    book: Any = Book.get(shelf="a", place=1)
    changes = iter(range(10_000))

    def change() -> None:
        book.pages = next(changes)
        book.save(partial=True)

    def write(some: list[Any]) -> None:
        with dynamorm.BatchWriter() as writer:
            for one in some:
                writer.put(one)

    def of_many(operation: Callable[[int], Any]) -> float:
        many, few = (calls_of(lambda count=count: operation(count)) for count in (100, 50))
        return (many - few) / 50

    loop = asyncio.new_event_loop()
    dynamorm.waiting.LONGEST = math.inf  # how often others are to have their turn depends on the machine

    def awaited(operation: Callable[[], Awaitable[Any]]) -> int:
        async def once() -> None:
            await operation()

        return calls_of(lambda: loop.run_until_complete(once()))

    async def gone_through(query: Any) -> list[Any]:
        return [one async for one in query]

    def in_loop(count: int) -> list[Any]:
        return loop.run_until_complete(gone_through(Book.query(shelf="a").limit(count)))

    given = [values(place) for place in range(100)]
    made = [Book(**one) for one in given]
    counted = {
        "make an instance": calls_of(lambda: Book(**values(1))),
        "get": calls_of(lambda: Book.get(shelf="a", place=1)),
        "save": calls_of(book.save),
        "update two attributes": calls_of(lambda: book.update(pages=next(changes), stock=next(changes))),
        "partial save of one attribute": calls_of(change),
        "partial save of nothing": calls_of(lambda: book.save(partial=True)),
        "delete": calls_of(lambda: Book.delete_item(shelf="b", place=1)),
        "query, each item": of_many(lambda count: list(Book.query(shelf="a").limit(count))),
        "scan, each item": of_many(lambda count: list(Book.scan().limit(count))),
        "get_batch, each item": of_many(lambda count: list(Book.get_batch([("a", place) for place in range(count)]))),
        "put_batch, each item": of_many(lambda count: Book.put_batch(*made[:count])),
        "put_batch of dicts, each item": of_many(lambda count: Book.put_batch(*given[:count])),
        "BatchWriter, each item": of_many(lambda count: write(made[:count])),
        "query of five parts": calls_of(
            lambda: Book.query(shelf="a", place__gt=3, title__contains="T", pages__lt=900, lent=False).explain()
        ),
        "aget": awaited(lambda: Book.aget(shelf="a", place=1)),
        "asave": awaited(book.asave),
        "async for query, each item": of_many(in_loop),
    }
    loop.close()
    print(json.dumps(counted))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""What awaited verbs give."""

from __future__ import annotations

from marshmallow import fields
from typing_extensions import reveal_type

import dynamorm
from dynamorm import BatchWriter, DynaModel, Transaction, TransactionGet


class Book(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"

    class Schema:
        isbn = fields.String(required=True)


async def read() -> None:
    reveal_type(await Book.aget(isbn="1"))  # Book | None
    reveal_type(await Book.arequire(isbn="1"))  # Book
    reveal_type(await Book.aexists(isbn="1"))  # bool
    reveal_type(await Book.aget_batch(["1"]))  # list[Book]
    reveal_type(await Book.aget_batch(["1"], ordered=True))  # list[Book | None]
    reveal_type(await Book.scan().aall())  # list[Book]
    reveal_type(await Book.query(isbn="1").afirst(reverse=True))  # Book | None
    reveal_type(await Book.query(isbn="1").aone())  # Book
    reveal_type(await Book.query(isbn="1").acount())  # int
    reveal_type((await Book.query(isbn="1").apage(10)).items)  # list[Book]
    async for book in Book.scan():
        reveal_type(book)  # Book
    async for page in Book.scan().apages():
        reveal_type(page.items)  # list[Book]
    print(Book.aget(isbn="1").title)  # error: attr-defined


async def write(book: Book) -> None:
    reveal_type(await Book.acreate(isbn="1"))  # Book
    reveal_type(await Book.aget_or_create(isbn="1"))  # tuple[Book, bool]
    reveal_type(await Book.aupsert(isbn="1"))  # Book
    reveal_type(await book.asave())  # dict[str, Any] | None
    book.asave()  # error: unused-coroutine
    await book.adelete(atomic="yes")  # error: arg-type
    reveal_type(await dynamorm.asave(book))  # None
    async with BatchWriter() as writer:
        reveal_type(writer)  # BatchWriter
        await writer.aput(book)
    async with Transaction() as transaction:
        await transaction.aput(book)
    async with TransactionGet() as reads:
        reads.get(Book, isbn="1")
    async with dynamorm.loader():
        reveal_type(await Book.aget(isbn="1"))  # Book | None

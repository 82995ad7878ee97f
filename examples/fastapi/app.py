"""A lending library as a web service: every handler is a coroutine, and none of them blocks the event loop."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Body, FastAPI, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from models import Book, Details, Loan, NewBook
from pydantic import BaseModel

import dynamorm
from dynamorm import (
    ConditionFailed,
    ConnectionFailed,
    DoesNotExist,
    InvalidCursor,
    Throttled,
    Transaction,
    TransactionCanceled,
    Unavailable,
    ValidationError,
)

WEEKS = 4


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    dynamorm.configure(
        endpoint_url=os.environ.get("LIBRARY_ENDPOINT_URL"),  # without one, boto3 finds AWS's
        table_prefix=os.environ.get("LIBRARY_TABLE_PREFIX"),
        cursor_key=os.environ.get("LIBRARY_CURSOR_KEY"),
    )
    await dynamorm.acreate_tables(Book, Loan)
    yield


app = FastAPI(title="A lending library", lifespan=lifespan)


# Books.


class Correction(Details):
    revision: int  # the one that the client has seen


class BookPage(BaseModel):
    books: list[Book.Schema]
    next_cursor: str | None


@app.post("/books", status_code=201, response_model=Book.Schema)
async def add_book(book: NewBook) -> Book:
    return await Book.acreate(**book.model_dump(), available=book.copies)


@app.get("/books/{isbn}", response_model=Book.Schema)
async def show_book(isbn: str) -> Book:
    return await Book.arequire(isbn=isbn)


@app.put("/books/{isbn}", response_model=Book.Schema)
async def correct_book(isbn: str, correction: Correction) -> Book:
    return await Book.apatch(
        isbn=isbn, title=correction.title, author=correction.author, if_version=correction.revision
    )


@app.get("/books", response_model=BookPage)
async def list_books(
    author: Annotated[str, Query(min_length=1)],
    size: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
) -> dict[str, Any]:
    books, next_cursor = await Book.ByAuthor.query(author=author).apage(size, cursor)
    return {"books": books, "next_cursor": next_cursor}


# Loans.


@app.post("/books/{isbn}/loans", status_code=201, response_model=Loan.Schema)
async def lend(isbn: str, reader: Annotated[str, Body(embed=True)]) -> Loan:
    loan = Loan(isbn=isbn, reader=reader, due=date.today() + timedelta(weeks=WEEKS))
    async with Transaction() as tx:
        tx.update(Book, isbn=isbn, available__minus=1, conditions=Book.available >= 1)
        tx.save(loan, unique=True)
    return loan


@app.get("/books/{isbn}/loans", response_model=list[Loan.Schema])
async def list_loans(isbn: str) -> list[Loan]:
    return [loan async for loan in Loan.query(isbn=isbn)]


@app.delete("/books/{isbn}/loans/{reader}", status_code=204)
async def give_back(isbn: str, reader: str) -> None:
    async with Transaction() as tx:
        tx.delete(Loan, isbn=isbn, reader=reader, conditions=Loan.reader.exists())
        tx.update(Book, isbn=isbn, available__plus=1)


# Errors.


def answer_to(error: Exception | None) -> tuple[int, Any]:
    """Return the status and the detail with which an error is answered."""
    match error:
        case TransactionCanceled():
            return answer_to(error.failed[0].error)
        case ValidationError():
            return 422, error.errors
        case InvalidCursor():
            return 422, "The cursor belongs to another list."
        case DoesNotExist() | ConditionFailed(current=None):
            return 404, "There is no such book or loan."
        case ConditionFailed():  # VersionConflict and HashKeyExists are kinds of it
            return 409, {"current": error.current.to_dict()}
        case _:
            return 503, "Try again later."


async def refuse(request: Request, error: Exception) -> JSONResponse:
    status, detail = answer_to(error)
    return JSONResponse({"detail": jsonable_encoder(detail)}, status)


for kind in (
    ValidationError,
    InvalidCursor,
    DoesNotExist,
    ConditionFailed,
    TransactionCanceled,
    Throttled,
    Unavailable,
    ConnectionFailed,
):
    app.add_exception_handler(kind, refuse)

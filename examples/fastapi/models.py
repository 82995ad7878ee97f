"""What the library stores: its books, and who has borrowed a copy of which."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from dynamorm import DynaModel, GlobalIndex, ProjectAll


class Details(BaseModel):
    """What is said of a book, and may be corrected later."""

    title: str = Field(min_length=1, max_length=200)
    author: str = Field(min_length=1, max_length=200)


class NewBook(Details):
    isbn: str = Field(pattern=r"^\d{13}$")
    copies: int = Field(ge=1)


class Book(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"
        billing_mode = "PAY_PER_REQUEST"
        version = "revision"

    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        range_key = "title"
        projection = ProjectAll()

    class Schema(NewBook):
        available: int
        revision: int | None = None


class Loan(DynaModel):
    class Table:
        name = "loans"
        hash_key = "isbn"
        range_key = "reader"
        billing_mode = "PAY_PER_REQUEST"

    class Schema(BaseModel):
        isbn: str
        reader: str = Field(min_length=1, max_length=40)
        due: date

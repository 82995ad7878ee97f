"""A stored book, for tests that write to it."""

from __future__ import annotations

from typing import Any

import pytest

from ..books import KEY, book_values


@pytest.fixture
def stored(book: Any) -> str:
    """The key of a stored book."""
    book.put(book_values())
    return KEY


@pytest.fixture
def found(book: Any, stored: str) -> Any:
    """A stored book, loaded."""
    return book.get(isbn=stored)

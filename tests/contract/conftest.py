"""Every test of the contract runs with each of the three schema libraries; one that is missing is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .models import LIBRARIES, Library, book_model, page_model
from .scores import filled, score_model


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Iterator[Library]:
    """A schema library, in which ``library.model(...)`` writes models."""
    yield LIBRARIES[request.param]()


@pytest.fixture
def book(library: Library, dynamo_tables: Any) -> Any:
    """``book_model`` of the library, with its table."""
    (model,) = dynamo_tables(book_model(library))
    return model


@pytest.fixture
def page(library: Library, dynamo_tables: Any) -> Any:
    """``page_model`` of the library, with its table."""
    (model,) = dynamo_tables(page_model(library))
    return model


@pytest.fixture
def score(library: Library, dynamo_tables: Any) -> Any:
    """``score_model`` of the library, with its table and the scores of two users in it."""
    (model,) = dynamo_tables(score_model(library))
    return filled(model)

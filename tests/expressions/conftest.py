"""Tables that hold the four books of ``shelf``."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from dynamorm import using

from ..books import book_model
from ..libraries import Library
from .shelf import filled


@pytest.fixture(scope="module")
def shelf(library: Library, dynamo_local: Any) -> Iterator[Any]:
    """The four books, for tests that write nothing."""
    settings = {
        "endpoint_url": dynamo_local.endpoint_url,
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "table_prefix": f"test-{uuid.uuid4().hex}-",
    }
    model = book_model(library)
    with using(**settings):
        model.Table.create_table()
        yield filled(model)
        model.Table.delete()


@pytest.fixture
def own_shelf(book: Any) -> Any:
    """The four books, for a test that writes."""
    return filled(book)

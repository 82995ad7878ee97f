"""The model of ``things``, with its table."""

from __future__ import annotations

from typing import Any

import pytest

from ..libraries import Library
from .things import THING


@pytest.fixture(scope="module")
def thing_class(library: Library) -> Any:
    """A model with the fields of ``THING``."""
    return library.model("Thing", {"name": "things", "hash_key": "id"}, THING)


@pytest.fixture
def thing(thing_class: Any, dynamo_tables: Any) -> Any:
    """The same with its table."""
    (model,) = dynamo_tables(thing_class)
    return model

"""The model of ``things``, with its table."""

from __future__ import annotations

from typing import Any

import pytest

from ..libraries import Library
from .things import THING


@pytest.fixture
def thing(library: Library, dynamo_tables: Any) -> Any:
    """A model with the fields of ``THING``."""
    (model,) = dynamo_tables(library.model("Thing", {"name": "things", "hash_key": "id"}, THING))
    return model

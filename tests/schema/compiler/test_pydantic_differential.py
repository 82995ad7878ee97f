"""Whatever a schema and an item, generated functions and pydantic agree: the same values or the same errors."""

from __future__ import annotations

import pytest

pytest.importorskip("pydantic")

from .agreement import compare_any
from .pydantic_schemas import schemas


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_generated_functions_agree_with_pydantic_on_any_schema_and_item():
    compare_any(schemas(), puts=True)

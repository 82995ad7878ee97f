"""Whatever a schema and an item, generated functions and marshmallow agree: the same values or the same errors."""

from __future__ import annotations

import pytest

pytest.importorskip("marshmallow")

from .agreement import compare_any
from .marshmallow_schemas import schemas


def test_generated_functions_agree_with_marshmallow_on_any_schema_and_item():
    compare_any(schemas())

"""Whatever a schema and an item, generated functions and schematics agree: the same values or the same errors."""

from __future__ import annotations

import pytest

pytest.importorskip("schematics")

from .agreement import compare_any
from .schematics_schemas import schemas


def test_generated_functions_agree_with_schematics_on_any_schema_and_item():
    compare_any(schemas())

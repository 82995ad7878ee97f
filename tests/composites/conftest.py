"""The shop with its table."""

from __future__ import annotations

from typing import Any

import pytest

from ..libraries import Library
from .shop import ShopModels, shop_models


@pytest.fixture(scope="module")
def shop_classes(library: Library) -> ShopModels:
    return shop_models(library)


@pytest.fixture
def shop(shop_classes: ShopModels, dynamo_tables: Any) -> ShopModels:
    dynamo_tables(shop_classes.base)
    return shop_classes

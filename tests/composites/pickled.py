"""A shop that pickle finds by its module; its models are made when they are first used."""

from __future__ import annotations

import functools
from typing import Any

from ..libraries import installed_libraries
from .shops import shop

_NAMES = ("Shop", "Customer", "Order", "Note")


@functools.cache
def _models() -> Any:
    models = shop(installed_libraries()[0])  # which skips the test where there is none
    for name in _NAMES:
        getattr(models, name).__module__ = __name__
    return models


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(name)
    return getattr(_models(), name)

"""pydantic, 2.11 and later."""

from __future__ import annotations

from .adapter import ADAPTER, PydanticAdapter

__all__ = ["ADAPTER", "PydanticAdapter"]

"""Descriptions as most tests want them."""

from __future__ import annotations

from dynamorm.spec import KeySpec


def single_key(hash_key: str, hash_type: str, range_key: str | None = None, range_type: str = "S") -> KeySpec:
    """Return a key with one hash attribute, and with at most one range attribute."""
    return KeySpec(((hash_key, hash_type),), () if range_key is None else ((range_key, range_type),))

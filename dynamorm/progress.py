"""How far something has come that takes a while."""

from __future__ import annotations

from typing import NamedTuple


class Progress(NamedTuple):
    """How many items are done and how many failed, of how many if that is known, and after how many seconds."""

    done: int
    failed: int
    total: int | None
    seconds: float

"""Who called into this package."""

from __future__ import annotations

import sys


def levels_to_the_caller() -> int:
    """Return the ``stacklevel`` with which a warning names the line of the program that called into this package."""
    level, frame = 1, sys._getframe(1)
    # generated code has no name
    while frame.f_back is not None and frame.f_globals.get("__name__", "dynamorm.").startswith("dynamorm."):
        level, frame = level + 1, frame.f_back
    return level

"""schematics 2.1, and the types that it lacks.

These are :class:`Set`, :class:`Binary`, :class:`Timestamp` and :class:`UTCDateTime`.

``adapter`` loads and dumps with schematics itself; ``layouts`` and ``values`` tell the compiler what
generated code may do in its place, as far as nothing stands in the way that is in ``overrides``.
"""

from __future__ import annotations

from .adapter import ADAPTER, SchematicsAdapter
from .types import Binary, Set, Timestamp, UTCDateTime

__all__ = ["ADAPTER", "Binary", "SchematicsAdapter", "Set", "Timestamp", "UTCDateTime"]

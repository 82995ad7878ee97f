"""marshmallow, 3.18 and later, and the fields that it lacks.

These are :class:`Set`, :class:`Binary`, :class:`Timestamp` and :class:`UTCDateTime`.

``adapter`` loads and dumps with marshmallow itself, by the schemas of ``variants``; ``layouts`` and
``values`` tell the compiler what generated code may do in its place.
"""

from __future__ import annotations

from .adapter import ADAPTER, MarshmallowAdapter
from .fields import Binary, Set, Timestamp, UTCDateTime

__all__ = ["ADAPTER", "Binary", "MarshmallowAdapter", "Set", "Timestamp", "UTCDateTime"]

"""pydantic, 2.11 and later, and annotations for moments in storage: :data:`UTCDateTime`, :data:`Timestamp`.

``adapter`` loads and dumps with pydantic itself, by the ``validators`` and ``serializers`` that pydantic's engine
compiles of the core schemas of models; ``load_layouts`` and ``dump_layouts`` tell the compiler what generated code may
do, going by what ``analysis`` finds.
"""

from __future__ import annotations

from .adapter import ADAPTER, PydanticAdapter
from .types import Timestamp, UTCDateTime

__all__ = ["ADAPTER", "PydanticAdapter", "Timestamp", "UTCDateTime"]

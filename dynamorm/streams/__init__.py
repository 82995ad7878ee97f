"""Changes of tables, read in order, with instances of what an item was and is.

- ``changes``: what one record says; ``events``: the records that AWS Lambda hands over; ``routing``: functions by
  model and kind of change.
"""

from __future__ import annotations

from .changes import Change
from .events import records
from .routing import StreamRouter

__all__ = ["Change", "StreamRouter", "records"]

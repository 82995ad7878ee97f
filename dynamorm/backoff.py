"""How long to wait before what DynamoDB left undone is asked for again, and how often."""

from __future__ import annotations

import random

# How often in a row nothing at all may be done before a batch is given up.
FRUITLESS = 10

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


def jitter(fruitless: int) -> float:
    """Return the seconds to wait after so many requests in a row by which nothing was done."""
    # full jitter: many clients that were refused together do not come back together
    return random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**fruitless))

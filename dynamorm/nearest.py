"""Which known name was probably meant by one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return the question whether the nearest known name was meant; an empty text where none is near."""
    text = str(name)
    names = list(known)
    folded = {one.casefold(): one for one in reversed(names)}
    near = difflib.get_close_matches(text.casefold(), folded, n=1)
    return f"did you mean {folded[near[0]]!r}?" if near else ""

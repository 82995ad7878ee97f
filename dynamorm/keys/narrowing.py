"""What comparisons of one part say of the whole key, where all parts in front of it are known.

Keys are compared as DynamoDB does, by their UTF-8, which is the order of code points.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .formats import Format, Unfit

Comparisons = Sequence[tuple[str, tuple[Any, ...]]]


class Narrowed(NamedTuple):
    """What is known of keys: a comparison for DynamoDB, or the operator ``None`` where it is nothing.

    The comparisons that are ``settled``, as field and operator, it says completely: no filter has to say them again.
    """

    operator: str | None
    values: tuple[str, ...]
    settled: frozenset[tuple[str, str]]


class Place(NamedTuple):
    """A part of a key, behind a text that is known.

    ``encode`` gives the text of a value of the part.  The part ``is_last`` where nothing follows it, and the key
    ``may_end`` behind it where all that follows may be empty.
    """

    field: str
    format: Format
    encode: Callable[[Any], str]
    prefix: str
    is_last: bool
    may_end: bool


class _Bound(NamedTuple):
    """One end of a range, which a strict one leaves out; only where it is reachable, a key may be exactly this text."""

    text: str
    is_strict: bool = False
    is_reachable: bool = True


def narrow(place: Place, comparisons: Comparisons) -> Narrowed:
    """Return what is known of keys by comparisons of a part."""
    return _beginning(place, comparisons) or _range(place, comparisons)


def after_all_of(prefix: str) -> str:
    """Return the first text behind all that begin with a prefix; an empty one where there is none."""
    while prefix:
        last = ord(prefix[-1])
        if last < sys.maxunicode:
            # no text has surrogates
            return prefix[:-1] + chr(0xE000 if last == 0xD7FF else last + 1)
        prefix = prefix[:-1]
    return ""


def _last_before(text: str) -> str:
    """Return a text that is less than this one and than no lesser one of its length; an empty one where there is none.

    Of three digits, all that are less than ``130`` are also less than ``13/``, where ``/`` is the character in front of
    ``0``.
    """
    last = ord(text[-1])
    return text[:-1] + chr(0xD7FF if last == 0xE000 else last - 1) if last else ""


def _beginning(place: Place, comparisons: Comparisons) -> Narrowed | None:
    """Return what is known by texts that the part begins with."""
    if not place.format.keeps_prefixes:
        return None
    beginnings = [values[0] for operator, values in comparisons if operator == "begins_with"]
    texts = [text for text in (_text(place, one) for one in beginnings if isinstance(one, str)) if text]
    if not texts:
        return None
    longest = max(texts, key=len)
    is_said = len(texts) == len(beginnings) and all(longest.startswith(text) for text in texts)
    return Narrowed("begins_with", (longest,), frozenset({(place.field, "begins_with")} if is_said else ()))


_INCLUSIVE = {"gt": "gte", "gte": "gte", "lt": "lte", "lte": "lte"}
_ENDS = {"gt": ("gt",), "gte": ("gte",), "lt": ("lt",), "lte": ("lte",), "between": ("gte", "lte")}


def _range(place: Place, comparisons: Comparisons) -> Narrowed:
    """Return what is known by the order of the part."""
    lows: list[tuple[str, _Bound]] = []
    highs: list[tuple[str, _Bound]] = []
    unsaid: set[str] = set()
    for operator, values in comparisons:
        for end, value in zip(_ENDS.get(operator, ()), values, strict=False):
            bound = _bound(place, end, value)
            if bound is not None:
                (lows if end in ("gt", "gte") else highs).append((operator, bound))
            if bound is None or place.format.loses_of(type(value)):
                unsaid.add(operator)
    found, texts = _condition(place.prefix, [bound for _, bound in lows], [bound for _, bound in highs])
    if found == "between":
        # which has no strict ends
        unsaid.update(
            name for name, bound in highs if bound.text == texts[1] and bound.is_strict and bound.is_reachable
        )
    said = {name for name, _ in (*lows, *highs)} - unsaid
    return Narrowed(found, texts, frozenset((place.field, name) for name in said))


def _condition(prefix: str, lows: list[_Bound], highs: list[_Bound]) -> tuple[str | None, tuple[str, ...]]:
    """Return the comparison of keys that begin with a prefix and are within all bounds."""
    if not lows and not highs:
        return ("begins_with", (prefix,)) if prefix else (None, ())
    if prefix:
        lows = lows or [_Bound(prefix)]
        end = after_all_of(prefix)
        highs = highs or ([_Bound(end)] if end else [])
    low = max(lows, key=lambda bound: bound[:2], default=None)
    high = min(highs, key=lambda bound: (bound.text, not bound.is_strict), default=None)
    if low is not None and high is not None:
        # nothing is between a text and the same with the least character behind it
        return "between", (f"{low.text}\0" if low.is_strict else low.text, high.text)
    if low is not None:
        return "gt" if low.is_strict else "gte", (low.text,)
    assert high is not None
    return "lt" if high.is_strict else "lte", (high.text,)


def _bound(place: Place, end: str, value: Any) -> _Bound | None:
    """Return what a comparison of the part says of the key; ``None`` where that is nothing.

    A format that loses something takes in all that may have the text of the value.
    """
    kind = type(value)
    is_fixed = place.format.width is not None
    if not (is_fixed or place.is_last) or not place.format.sorts_of(kind):
        return None
    text = _text(place, value)
    if not text:
        return None
    if place.format.loses_of(kind):
        end = _INCLUSIVE[end]
    if end == "gte" or (end == "lte" and place.is_last):
        return _Bound(text)
    if place.is_last:
        before = _last_before(text) if end == "lt" and is_fixed else ""
        return _Bound(before) if before else _Bound(text, is_strict=True)
    if end == "lt":
        return _Bound(text, is_strict=True, is_reachable=place.may_end)
    after = after_all_of(text)
    return _Bound(after) if end == "gt" else _Bound(after, is_strict=True, is_reachable=place.may_end)


def _text(place: Place, value: Any) -> str:
    """Return the text of a key up to a value of the part; an empty one where the part cannot have it."""
    try:
        return place.prefix + place.encode(value)
    except Unfit:
        return ""

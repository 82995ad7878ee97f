"""Places inside wire items: found, replaced and removed by document path, and compared by what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from .codec import AttributeValue, WireItem

Path = tuple[str | int, ...]
"""The way into an item: names of map entries, and positions in lists."""

_SETS = frozenset({"SS", "NS", "BS"})


def value_at(item: Mapping[str, AttributeValue], path: Sequence[str | int]) -> AttributeValue | None:
    """Return the value at a path, ``None`` where there is none."""
    found: Any = {"M": item}
    for step in path:
        inside = found.get("L") if isinstance(step, int) else found.get("M")
        if inside is None:
            return None
        if isinstance(step, int):
            if step >= len(inside):
                return None
            found = inside[step]
        elif step in inside:
            found = inside[step]
        else:
            return None
    value: AttributeValue = found
    return value


def replaced_at(item: WireItem, path: Sequence[str | int], value: AttributeValue | None) -> WireItem:
    """Return an item with another value at a path, ``None`` for none there; what lies around the path stays.

    Maps on the way are made where they are missing.  A position past the end of a list adds to the list.
    """
    changed: WireItem = _replaced({"M": item}, path, value)["M"]
    return changed


def _replaced(at: AttributeValue, path: Sequence[str | int], value: AttributeValue | None) -> AttributeValue:
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        elements = list(at.get("L", ()))
        inner = elements[step] if step < len(elements) else {}
        new = _replaced(inner, rest, value) if rest else value
        if new is None:
            del elements[step : step + 1]
        elif step < len(elements):
            elements[step] = new
        else:
            elements.append(new)
        return {"L": elements}
    entries = dict(at.get("M", {}))
    if rest:
        if value is not None or step in entries:
            entries[step] = _replaced(entries.get(step, {"M": {}}), rest, value)
    elif value is None:
        entries.pop(step, None)
    else:
        entries[step] = value
    return {"M": entries}


def same_value(one: AttributeValue | None, other: AttributeValue | None) -> bool:
    """Return whether two values mean the same: sets have no order, and numbers are what they amount to."""
    if one is None or other is None:
        return one is other
    ((tag, value),) = one.items()
    if tag not in other:
        return False
    against = other[tag]
    if value == against:
        return True
    if tag == "N":
        return Decimal(value) == Decimal(against)
    if tag == "NS":
        return {Decimal(number) for number in value} == {Decimal(number) for number in against}
    if tag in _SETS:
        return set(value) == set(against)
    if tag == "L":
        return len(value) == len(against) and all(map(same_value, value, against))
    if tag == "M":
        return value.keys() == against.keys() and all(same_value(value[name], against[name]) for name in value)
    return False


def differences(
    before: AttributeValue, now: AttributeValue, path: Path = ()
) -> Iterator[tuple[Path, AttributeValue | None]]:
    """Return the smallest paths at which two values differ, with what is there now; maps are looked into, lists not."""
    if "M" not in before or "M" not in now:
        if not same_value(before, now):
            yield path, now
        return
    old, new = before["M"], now["M"]
    for name in old.keys() - new.keys():
        yield (*path, name), None
    for name, value in new.items():
        if name in old:
            yield from differences(old[name], value, (*path, name))
        else:
            yield (*path, name), value

"""A table with many items, and models of it that another process can import by name."""

from __future__ import annotations

from typing import Any

import dynamorm
from dynamorm import GlobalIndex, ProjectAll

from ..libraries import LIBRARIES, integer, library_named, text

EVENTS = 10_000
WIDE = 4_000
RARE = (3, 1_234, 2_500, 3_999, 4_000, 7_777, 9_999)

FIELDS = {
    "stream": text(required=True),
    "number": integer(required=True),
    "kind": text(required=True),
    "rank": integer(required=True),
    "flag": text(),
    "body": text(),
}


class ByKind(GlobalIndex):
    name = "by-kind"
    hash_key = "kind"
    range_key = "rank"
    projection = ProjectAll()


def event(number: int) -> dict[str, Any]:
    """Return the values of an event: the first thousands are wide, and ranked in an order of their own."""
    wide = number < WIDE
    return {
        "stream": f"s{number % 50}",
        "number": number,
        "kind": "wide" if wide else "small",
        "rank": number * 7_919 % WIDE if wide else number,
        "flag": "rare" if number in RARE else "common",
        "body": f"{number:>5}" * (300 if wide else 20),
    }


def ranked() -> list[int]:
    """Return the numbers of the wide events in the order of their ranks."""
    return sorted(range(WIDE), key=lambda number: event(number)["rank"])


def name_of_model(library: str) -> str:
    return f"{library.capitalize()}Event"


def __getattr__(name: str) -> Any:
    # made when they are asked for, so that each needs its own library only
    for library in LIBRARIES:
        if name == name_of_model(library):
            table = {"name": "events", "hash_key": "stream", "range_key": "number"}
            model = library_named(library).model(name, table, FIELDS, ByKind=ByKind, __module__=__name__)
            globals()[name] = model
            return model
    raise AttributeError(name)


# What runs in another process.


def connect(settings: dict[str, Any]) -> None:
    """Let the models of this process find the table."""
    dynamorm.configure(**settings)


def resumed(query: Any, cursors: list[str | None], size: int) -> list[list[int]]:
    """Return the numbers of the events on the pages after some cursors."""
    return [[one.number for one in query.page(size, cursor).items] for cursor in cursors]


def numbers(read: Any) -> list[int]:
    """Return the numbers of the events that a read brings."""
    return [one.number for one in read]

"""Templates for property tests, and values for their parts that lie close together."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from dynamorm.keys.formats import Format, Moment, Number, Unfit
from dynamorm.keys.templates import Template

SOURCES = [
    "P",
    "{a}",
    "P#{a}",
    "{a}#",
    "{a}#{b}",
    "{a}##{b}",
    "P#{a}#{b}#{c}",
    "{a}:{b:d}-{c}",
    "{a:d}#{b:02d}{c}",
    "{a}\U0010ffff{b}",
    "\U0010ffff{a}",
    "\U0010ffff{a:02d}\U0010ffff{b}",
    "{a:02d}",
    "{a:02d}{b}",
    "{a:02d}{b}#",
    "{a:02d}{b:02d}",
    "{a:02d}{b:02d}{c}",
    "{a:02d}\ud7ff{b}",
    "P#{a:04.1f}#{b}",
    "{a}#{b:04.1f}",
    "{a!l}#{b}",
    "{a}#{b!u}",
    "{a:%Y-%m-%d}",
    "{a:%Y-%m-%d}{b}",
    "{a:%Y-%m-%d}#{b:%H:%M}",
    "P#{a:%Y-%m-%dT%H:%M:%S}#{b}",
    "{a}#{b:%Y-%m-%dT%H:%M:%S.%f}",
    "{a:%Y%j%H%M%S%f}{b:02d}",
    "{a:%d.%m.%Y}#{b}",
    "{a:%y}{b}",
    "{a:%H:%M:%S.%f}#{b}",
    "{a}-{b:%Y-%m-%d}",
    "{a:%Y-%m-%d\x00}",
    "{a}/{b:%H%M%S%f\x00}",
    "{a}#{b:%H%M%S%f\ue000}",
    "{a:%Y\ue000}{b:02d}",
    "{a:%Y-%m-%d}{b:02d}{c}",
    "P#{a:%H%M%S%f}{b}",
]
TEMPLATES = [
    *(Template.of(source) for source in SOURCES),
    *(Template.of(source, escape=False) for source in ("{a}", "{a}#{b}", "P#{a}#", "{a:d}-{b}", "{a:02d}{b}")),
]
UTC = dt.timezone.utc
EAST = dt.timezone(dt.timedelta(hours=2))
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "b",
    "#",
    "a#",
    "##",
    "$",
    ":",
    ";",
    "-",
    ",",
    "\x00",
    "a\x00",
    "\U0010ffff",
    "a\U0010ffff",
]
TEXTS += ["\U0010fffe", "0", "1", "00", "01", "0/", "0:", "a0", "a1", "-5", "\ud7ff", "\ue000", "é"]
WHOLE = [0, 1, 2, 9, 10, 11, 19, 20, 99, Decimal("10.0"), 11.0]
DECIMALS = [*WHOLE, Decimal("0.1"), 0.9, 10.1, Decimal("99.9")]
# what no key has, and what is compared with all the same
BEYOND = [-1, 100, 10**9, 0.5, Decimal("10.25"), Decimal("99.95")]
MOMENTS = [
    dt.datetime(year, month, day, hour, 5, second, micro)
    for year, month, day in ((999, 12, 31), (2023, 12, 31), (2024, 1, 1), (2024, 1, 2))
    for hour, second, micro in ((0, 0, 0), (0, 0, 1), (23, 59, 999_999))
]


def pools(template: Template, chance: random.Random) -> dict[str, list[Any]]:
    """Return values for each part, of which some may be refused; moments of one field are of one kind."""
    return {part.field: _pool(part.format, chance) for part in template.parts}


def _pool(part_format: Format, chance: random.Random) -> list[Any]:
    if isinstance(part_format, Moment):
        if not {"%Y", "%y"} & set(part_format.pieces):
            return [moment.time() for moment in MOMENTS]
        kinds = [MOMENTS, [moment.replace(tzinfo=zone) for moment in MOMENTS for zone in (UTC, EAST)]]
        if not part_format.sorts_of(dt.date) or part_format.loses_of(dt.datetime):
            kinds.append([moment.date() for moment in MOMENTS])
        return chance.choice(kinds)
    if isinstance(part_format, Number):
        return DECIMALS if part_format.places else WHOLE if part_format.width else [*WHOLE, -5]
    return TEXTS


def rendered(template: Template, values: dict[str, Any]) -> str | None:
    """Return a key; ``None`` also where a value does not fit."""
    try:
        return template.render(values)
    except Unfit:
        return None

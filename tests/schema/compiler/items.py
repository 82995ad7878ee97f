"""Items out of thin air, those that fit a generated schema and those that do not, whatever library it is written in."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from decimal import Decimal
from random import Random
from typing import Any

Wire = dict[str, Any]


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"
    VERT = "g"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 10


@dataclass
class Kind:
    """One kind of field: how it is made, and AttributeValues that it should take."""

    name: str
    make: Callable[..., Any]
    good: Callable[[Random], Wire]
    validators: tuple[Callable[[], Any], ...] = ()
    defaults: tuple[Any, ...] = ()
    inner: list[Declared] = field(default_factory=list)


@dataclass
class Declared:
    """One field of a generated schema."""

    name: str
    field: Any
    kind: Kind
    stored: str
    nullable: bool
    required: bool
    told: str
    former: tuple[str, ...] = ()


@dataclass
class Generated:
    """A generated schema with what can be done with it."""

    inner: type
    declared: list[Declared]
    hooks: tuple[str, ...]
    told: str


def text(rng: Random) -> str:
    return rng.choice(
        ["", "a", "abc", "héllo", "x" * 12, "A12", "a@example.com", "http://example.com/", "/x/y", "file:///x"]
    )


def number(rng: Random) -> str:
    plain = "0 -0 1 7 -5 007 12345678901234567890 1.5 -0.25 2.00 1E2 1.10 0.0000001"
    strange = "123456789.123456789123456789 -3.10E-7 99999999999999999999999999999999999999 1E+126 1E-120 .5 1."
    return rng.choice([*plain.split(), *strange.split()])


def whole(rng: Random) -> str:
    return rng.choice(["0", "1", "7", "-5", "007", "42", "12345678901234567890"])


def moment(rng: Random) -> str:
    base = rng.choice(
        ["2024-05-17T12:34:56", "1999-12-31T23:59:59.123456", "2024-05-17T12:34:56.789000", "2024-1-5 1:2"]
    )
    return base + rng.choice(["", "+00:00", "Z", "+05:30", "-0300", "+01"])


def day(rng: Random) -> str:
    return rng.choice(["2024-02-29", "1970-01-01", "2024-2-9"])


def time(rng: Random) -> str:
    return rng.choice(["12:34:56", "00:00:00.000001", "1:2", "12:34"])


def texts(make: Callable[[Random], str]) -> Callable[[Random], Wire]:
    return lambda rng: {"S": make(rng)}


def numbers(make: Callable[[Random], str]) -> Callable[[Random], Wire]:
    return lambda rng: {"N": make(rng)}


def one_of(*choices: Wire) -> Callable[[Random], Wire]:
    return lambda rng: rng.choice(choices)


def free(rng: Random, depth: int = 2) -> Wire:
    """Return any well-formed AttributeValue."""
    tags = ["S", "N", "BOOL", "NULL", "B", "SS", "NS"] + (["L", "M"] * 2 if depth else [])
    tag = rng.choice(tags)
    if tag == "S":
        return {"S": text(rng)}
    if tag == "N":
        return {"N": number(rng)}
    if tag == "BOOL":
        return {"BOOL": rng.random() < 0.5}
    if tag == "NULL":
        return {"NULL": True}
    if tag == "B":
        return {"B": b"\x00\xff"}
    if tag == "SS":
        return {"SS": ["a", "b"]}
    if tag == "NS":
        return {"NS": ["1", "2.5"]}
    if tag == "L":
        return {"L": [free(rng, depth - 1) for _ in range(rng.randrange(3))]}
    return {"M": {name: free(rng, depth - 1) for name in rng.sample(["a", "b", "c"], rng.randrange(3))}}


MALFORMED: tuple[Any, ...] = (
    {},
    {"S": 5},
    {"N": 5},
    {"N": b"12"},
    {"N": "1_0"},
    {"N": " 1 "},
    {"N": "\u0661"},
    {"N": "nan"},
    {"N": "9" * 401},
    {"S": "a", "N": "1"},
    {"BOOL": 1},
    {"L": {"a": {"S": "x"}}},
    {"L": ({"S": "x"},)},
    {"M": {5: {"S": "x"}}},
    {"X": "y"},
    {"NULL": True, "S": "a"},
    {"SS": ["a", 5]},
    "S",
    None,
    {"M": {"zz": {"X": 1}}},
)


def malformed(rng: Random) -> Any:
    """Return what no AttributeValue looks like."""
    return copy.deepcopy(rng.choice(MALFORMED))


def wire_of(one: Declared, rng: Random, good: bool) -> Wire | None:
    """Return an AttributeValue for a field, ``None`` for absent."""
    luck = rng.random()
    if good:
        if luck < 0.1 and not one.required:
            return None
        return {"NULL": True} if luck < 0.2 and (one.nullable or not one.required) else one.kind.good(rng)
    if luck < 0.7:
        return one.kind.good(rng)
    if luck < 0.78:
        return None
    if luck < 0.86:
        return {"NULL": True}
    return free(rng) if luck < 0.95 else malformed(rng)


def content_of(declared: list[Declared], rng: Random, good: bool) -> Wire:
    """Return the attributes of several fields, now and then under former names."""
    content = {}
    for one in declared:
        wire = wire_of(one, rng, good)
        if wire is not None:
            content[rng.choice(one.former) if one.former and rng.random() < 0.2 else one.stored] = wire
        if one.former and rng.random() < 0.1:
            content.setdefault(rng.choice(one.former), wire_of(one, rng, good) or malformed(rng))
    return content


def item_of(schema: Generated, rng: Random, good: bool) -> Wire:
    """Return a stored item: one that should fit, or one that need not."""
    item = content_of(schema.declared, rng, good)
    if rng.random() < 0.2:
        item["unknown"] = free(rng) if good or rng.random() < 0.8 else malformed(rng)
    if not good and item and rng.random() < 0.2:
        _spoil(item[rng.choice(sorted(item))], rng)
    return item


def _spoil(wire: Any, rng: Random) -> None:
    """Change something deep inside an AttributeValue."""
    content = wire.get("L") or wire.get("M") if isinstance(wire, dict) else None
    if not content or isinstance(content, tuple):
        return
    if isinstance(content, list):
        place: Any = rng.randrange(len(content))
    else:
        place = rng.choice(list(content))
    if rng.random() < 0.4:
        _spoil(content[place], rng)
    else:
        content[place] = rng.choice([{"NULL": True}, free(rng), malformed(rng)])


NATIVES: tuple[Any, ...] = (
    None,
    "text",
    "7",
    "",
    "\ud800",
    5,
    -1,
    10**40,
    True,
    1.5,
    -0.0,
    1e300,
    1e-5,
    float("nan"),
    Decimal("1.50"),
    Decimal("NaN"),
    Decimal("1E+3"),
    b"abc",
    [],
    ["a"],
    [None],
    ("a", 1),
    {},
    {"a": 1},
    {"f0": None},
    {"f0": "a", "strange": 1},
    set(),
    {"a"},
    frozenset({1}),
    {1, "a"},
    dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone(dt.timedelta(hours=1, seconds=5))),
    dt.datetime(99, 5, 6),
    dt.date(2024, 5, 6),
    dt.time(1, 2, tzinfo=dt.timezone.utc),
    dt.timedelta(seconds=1.5),
    uuid.UUID(int=7),
    Color.RED,
    Size.LARGE,
    object,
)


def changed(natives: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Change some of the values, as programs do, rightly and wrongly."""
    values = dict(natives)
    for name in rng.sample(sorted(values), min(len(values), rng.randrange(1, 3))):
        luck = rng.random()
        if luck < 0.2:
            del values[name]
        elif luck < 0.5:
            values[name] = _changed_within(values[name], rng)
        else:
            values[name] = rng.choice(NATIVES)
    return values


def _changed_within(value: Any, rng: Random) -> Any:
    if isinstance(value, list) and value:
        return [*value[1:], _changed_within(value[0], rng)]
    if isinstance(value, dict) and value:
        name = rng.choice(sorted(value))
        if rng.random() < 0.3:
            return {key: inner for key, inner in value.items() if key != name}
        return {**value, name: _changed_within(value[name], rng)}
    if (is_dataclass(value) or hasattr(type(value), "__pydantic_fields_set__")) and value.__dict__:
        twin = copy.copy(value)
        twin.__dict__.update(_changed_within(dict(twin.__dict__), rng))
        return twin
    return rng.choice(NATIVES)


def thinned(natives: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Return the same values with less inside: some of it is absent, ``None``, empty or no more than a signed zero."""
    return {name: _thinned_within(value, rng) for name, value in natives.items()}


def _thinned_within(value: Any, rng: Random) -> Any:
    luck = rng.random()
    if type(value) is dict:
        kept = {name: inner for name, inner in value.items() if rng.random() < 0.85}
        return {name: None if rng.random() < 0.1 else _thinned_within(inner, rng) for name, inner in kept.items()}
    if type(value) is list:
        return [_thinned_within(inner, rng) for inner in value]
    if type(value) is set:
        return set() if luck < 0.3 else {_thinned_within(inner, rng) for inner in value}
    return -0.0 if type(value) is float and luck < 0.1 else value

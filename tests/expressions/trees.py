"""Items, trees of conditions over them, and what DynamoDB makes of such a tree, in plain Python.

Nothing of the library is used here.  A tree is made of tuples: ``("and", parts)``, ``("or", parts)``, ``("not", part)``
and :class:`Leaf`.  Where local engines differ from DynamoDB, or DynamoDB itself refuses, no tree is made; the comments
say why.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT"})()


@dataclass(frozen=True)
class Place:
    """A place in an item: ``names`` as a program writes them, ``stored`` as they are stored, and what is there."""

    names: tuple[str | int, ...]
    stored: tuple[str | int, ...]
    kind: str


@dataclass(frozen=True)
class Other:
    """Another attribute as an operand."""

    place: Place
    size: bool = False


@dataclass(frozen=True)
class Leaf:
    """``given`` are the operands as a program gives them, ``meant`` the same as they would be stored."""

    place: Place
    operator: str
    given: tuple[Any, ...] = ()
    meant: tuple[Any, ...] = ()
    size: bool = False
    style: str = "keyword"


# Values.

INTEGERS = st.sampled_from([-2, 0, 1, 2, 3, 10, 10**30])
REALS = st.sampled_from([-1.25, 0.5, 2.0, 3.75])
PLAIN_TEXT = st.text("ab-", max_size=3)
TEXT = st.text("abé\U0001f40d\uffff# :", max_size=3)
BYTES = st.binary(max_size=2)
DAYS = st.dates(dt.date(2024, 1, 30), dt.date(2024, 2, 3))
FREE_KEYS = ["k", "type", "size", "in", "0", "a.b", "x y", "[1]", "é", "#n", ":v"]
LEAVES = (
    INTEGERS
    | st.sampled_from([Decimal("0.5"), Decimal("-1E-20")])
    | PLAIN_TEXT
    | st.booleans()
    | BYTES
    | st.sets(INTEGERS, min_size=1, max_size=2)
    | st.sets(PLAIN_TEXT, min_size=1, max_size=2)
)
FREE = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner | st.none(), max_size=3) | st.dictionaries(st.sampled_from(FREE_KEYS), inner, max_size=3)
    ),
    max_leaves=5,
)

INNER = {"type": ("type", "plain"), "deep": ("Deep", "integers")}
BOX = {"a": ("a", "integer"), "b": ("B.b", "plain"), "size": ("size", "integer"), "inner": ("inner", "inner")}
FIELDS = {
    "n": ("n", "integer"),
    "m": ("m", "integer"),
    "x": ("x", "real"),
    "s": ("s", "plain"),
    "t": ("T.t #:", "text"),
    "count": ("count", "plain"),
    "flag": ("flag", "boolean"),
    "blob": ("blob", "binary"),
    "on": ("on", "day"),
    "words": ("words", "plains"),
    "nums": ("nums", "integers"),
    "tags": ("tags", "texts"),
    "marks": ("marks", "numbers"),
    "free": ("free", "free"),
    "box": ("box", "box"),
    "boxes": ("boxes", "boxes"),
}
# What a library makes of fields without a value differs inside lists: there, no field is left out.
WHOLE_BOX = {**BOX, "inner": ("inner", "whole inner")}
NESTED = {"inner": INNER, "box": BOX, "whole inner": INNER, "whole box": WHOLE_BOX}
ELEMENTS = {"plains": "plain", "integers": "integer", "boxes": "whole box", "texts": "plain", "numbers": "integer"}


def _map_of(kind: str) -> st.SearchStrategy[Any]:
    parts = {stored: values_of(inner) for stored, inner in NESTED[kind].values()}
    return st.fixed_dictionaries(parts) if kind.startswith("whole") else st.fixed_dictionaries({}, optional=parts)


@functools.cache
def values_of(kind: str) -> st.SearchStrategy[Any]:
    """Return what can be stored at a place of a kind; days are text there."""
    if kind in NESTED:
        return _map_of(kind)
    if kind in ("plains", "integers", "boxes"):
        return st.lists(values_of(ELEMENTS[kind]), max_size=3)
    if kind in ("texts", "numbers"):
        return st.sets(values_of(ELEMENTS[kind]), min_size=1, max_size=3)
    return {
        "integer": INTEGERS,
        "real": REALS.map(lambda number: Decimal(str(number))),
        "plain": PLAIN_TEXT,
        "text": TEXT,
        "boolean": st.booleans(),
        "binary": BYTES,
        "day": DAYS.map(dt.date.isoformat),
        "free": st.dictionaries(st.sampled_from(FREE_KEYS), FREE, max_size=4),
        "any": FREE,
    }[kind]


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    """Return an item as it is stored; some values are of another type than the field says, or NULL."""
    item: dict[str, Any] = {"id": "1"}
    for stored, kind in FIELDS.values():
        chance = draw(st.integers(0, 9))
        if chance < 7:
            item[stored] = draw(values_of(kind))
        elif chance == 7:
            item[stored] = draw(st.none() | FREE)
    return item


# Trees.


@st.composite
def places(draw: st.DrawFn, item: Mapping[str, Any]) -> Place:
    name = draw(st.sampled_from(list(FIELDS)))
    stored, kind = FIELDS[name]
    names: tuple[str | int, ...] = (name,)
    path: tuple[str | int, ...] = (stored,)
    while draw(st.booleans()):
        if kind in NESTED:
            name = draw(st.sampled_from(list(NESTED[kind])))
            stored, kind = NESTED[kind][name]
            names, path = (*names, name), (*path, stored)
        elif kind in ("plains", "integers", "boxes"):
            position = draw(st.integers(0, 2))
            names, path, kind = (*names, position), (*path, position), ELEMENTS[kind]
        elif kind in ("free", "any"):
            there = at(item, path)
            steps: list[str | int] = list(FREE_KEYS) if kind == "free" else [*FREE_KEYS, 0, 1]
            if isinstance(there, dict) and there:
                steps = sorted(there)
            step = draw(st.sampled_from(steps))
            names, path, kind = (*names, step), (*path, step), "any"
        else:
            break
    return Place(names, path, kind)


COMPARATORS = ["eq", "ne", "lt", "lte", "gt", "gte"]
# DynamoDB orders these types alone, and refuses the operators for values of others.
ORDERED = {"integer", "real", "plain", "text", "binary", "day"}
STYLES = ["keyword", "reference", "f", "stored", "boto3"]
TYPES = ["S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"]


@st.composite
def leaves(draw: st.DrawFn, item: Mapping[str, Any]) -> Leaf:
    place = draw(places(item))
    style = draw(st.sampled_from([style for style in STYLES if can_write(place, style)]))
    there = at(item, place.stored)
    forms = ["existence", "type", "compare", "compare", "compare", "several", "contains", "other"]
    if style != "boto3":  # None is NULL to boto3, and absent or NULL to us
        forms.append("none")
    if place.kind in ("plain", "text", "binary", "day"):
        forms.append("begins")
    if has_size(there) or there is ABSENT:
        forms.append("size")
    return draw(_LEAVES[draw(st.sampled_from(forms))](item, place, style))


@st.composite
def _existence(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    return Leaf(place, draw(st.sampled_from(["exists", "not_exists"])), style=style)


@st.composite
def _none(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    return Leaf(place, draw(st.sampled_from(["absent", "present"])), style=style)


@st.composite
def _type(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    code = draw(st.sampled_from(TYPES))
    return Leaf(place, "type", (code,), (code,), style=style)


@st.composite
def operands(draw: st.DrawFn, item: Any, place: Place, kind: str | None = None) -> tuple[Any, Any]:
    """Return a value as it is given and as it is stored; often the one that is there."""
    kind = kind or place.kind
    there = at(item, place.stored)
    if kind == place.kind and there is not ABSENT and fits(there, kind) and draw(st.booleans()):
        meant = there
    else:
        meant = draw(values_of(kind))
    return draw(_given(meant, kind)), meant


def _given(meant: Any, kind: str) -> st.SearchStrategy[Any]:
    """Return the forms in which a program may give a value."""
    forms = [meant]
    if kind == "integer":
        forms += [str(meant), Decimal(meant)]
    elif kind == "real":
        forms += [float(meant), str(meant)]
    elif kind == "day":
        forms += [dt.date.fromisoformat(meant)]
    elif kind in NESTED:
        forms += [by_names(meant, kind)]
    elif kind in ("texts", "numbers"):
        forms += [sorted(meant)]
    elif kind == "boxes":
        forms += [[by_names(box, "whole box") for box in meant]]
    return st.sampled_from(forms)


def by_names(value: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a stored map under the names that a program uses."""
    return {
        name: by_names(value[stored], inner) if inner in NESTED else value[stored]
        for name, (stored, inner) in NESTED[kind].items()
        if stored in value
    }


def fits(value: Any, kind: str) -> bool:
    """Return whether a value is one that a field of a kind can hold."""
    if kind in NESTED:
        fields = dict(NESTED[kind].values())
        if not isinstance(value, dict) or (kind.startswith("whole") and value.keys() != fields.keys()):
            return False
        return all(name in fields and fits(value[name], fields[name]) for name in value)
    if kind in ("plains", "integers", "boxes"):
        return isinstance(value, list) and all(fits(element, ELEMENTS[kind]) for element in value)
    if kind in ("texts", "numbers"):
        return isinstance(value, set) and all(fits(element, ELEMENTS[kind]) for element in value)
    if kind == "day":
        return isinstance(value, str) and value.startswith("2024-")
    if kind == "free":
        return isinstance(value, dict)
    if kind == "integer":
        return type_of(value) == "N" and value == int(value)
    codes = {"real": "N", "plain": "S", "text": "S", "boolean": "BOOL", "binary": "B"}
    return value is not None if kind == "any" else type_of(value) == codes[kind]


@st.composite
def _compare(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    given, meant = draw(operands(item, place))
    ordered = place.kind in ORDERED or type_of(meant) in ("S", "N", "B")
    operator = draw(st.sampled_from(COMPARATORS if ordered else COMPARATORS[:2]))
    return Leaf(place, operator, (given,), (meant,), style=style)


@st.composite
def _several(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    pairs = draw(st.lists(operands(item, place), min_size=1, max_size=3))
    first, *_ = pairs
    code = type_of(first[1])
    if code in ("S", "N", "B") and draw(st.booleans()):
        # DynamoDB refuses bounds of two types, and a lower one above the upper
        pair = [*(pair for pair in pairs if type_of(pair[1]) == code), first][:2]
        low, high = sorted(pair, key=lambda pair: sort_key(pair[1]))
        return Leaf(place, "between", (low[0], high[0]), (low[1], high[1]), style=style)
    # now and then none, and more than DynamoDB takes in one IN
    pairs *= draw(st.sampled_from([1] * 12 + [0, 101]))
    return Leaf(place, "in", tuple(given for given, _ in pairs), tuple(meant for _, meant in pairs), style=style)


@st.composite
def _contains(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    # boto3 has no such operator, and below a free-form map the word is a key
    both = style != "boto3" and not (style == "keyword" and place.kind in ("free", "any"))
    operator = draw(st.sampled_from(["contains", "not_contains"])) if both else "contains"
    if place.kind in ELEMENTS:
        there = at(item, place.stored)
        held = [element for element in there if fits(element, ELEMENTS[place.kind])] if is_many(there) else []
        meant = draw(st.sampled_from(held) if held and draw(st.booleans()) else values_of(ELEMENTS[place.kind]))
        given = draw(_given(meant, ELEMENTS[place.kind]))
    elif place.kind == "any":
        given = meant = draw(LEAVES.filter(lambda value: not isinstance(value, set)))
    elif place.kind in ("plain", "text"):
        given = meant = draw(values_of(place.kind))
    elif place.kind == "day":
        given = meant = draw(st.sampled_from(["2024", "-01-", "02", "x"]))
    else:
        given, meant = draw(operands(item, place))
    return Leaf(place, operator, (given,), (meant,), style=style)


def is_many(value: Any) -> bool:
    return isinstance(value, (list, set))


@st.composite
def _begins(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    if place.kind == "day":
        given = meant = draw(st.sampled_from(["2024-01", "2024-02-0", "20", "x"]))
    else:
        given, meant = draw(operands(item, place))
        length = draw(st.integers(0, 2))
        given = meant = meant[:length]
    return Leaf(place, "begins_with", (given,), (meant,), style=style)


@st.composite
def _size(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    if style == "keyword" and "size" in NESTED.get(place.kind, ()):
        style = "reference"  # the keyword would be the field of that name
    # Whether the size of nothing differs from a number is not documented.
    comparators = COMPARATORS if at(item, place.stored) is not ABSENT else [one for one in COMPARATORS if one != "ne"]
    kinds = [*comparators, "between", "in"]
    if style == "boto3":  # boto3's sizes have no method for these
        kinds = [kind for kind in kinds if kind not in ("ne", "in")]
    operator = draw(st.sampled_from(kinds))
    if operator in COMPARATORS:
        numbers = [draw(st.integers(0, 4))]
    else:
        numbers = sorted(draw(st.lists(st.integers(0, 4), min_size=2, max_size=2)))
    return Leaf(place, operator, tuple(numbers), tuple(numbers), size=True, style=style)


@st.composite
def _other(draw: st.DrawFn, item: Any, place: Place, style: str) -> Leaf:
    # DynamoDB refuses to compare a place with itself.
    others = [draw(places(item)) for _ in range(3)]
    others = [other for other in others if other.stored != place.stored and can_write(other, style)]
    if not others:
        return draw(_existence(item, place, style))
    other = others[0]
    of_size = has_size(at(item, other.stored)) and draw(st.booleans())
    operand = Other(other, of_size)
    # What the absent differs from is documented for values only.
    both = at(item, place.stored) is not ABSENT and at(item, other.stored) is not ABSENT
    operator = draw(st.sampled_from([*COMPARATORS, "in"] if both else ["eq", "lt", "lte", "gt", "gte", "in"]))
    return Leaf(place, operator, (operand,), (operand,), style=style)


_LEAVES: dict[str, Any] = {
    "existence": _existence,
    "none": _none,
    "type": _type,
    "compare": _compare,
    "several": _several,
    "contains": _contains,
    "begins": _begins,
    "size": _size,
    "other": _other,
}


def trees(item: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return trees of conditions over an item."""
    return st.recursive(
        leaves(item),
        lambda inner: (
            st.tuples(st.just("not"), inner)
            | st.tuples(st.just("and"), st.lists(inner, min_size=1, max_size=3))
            | st.tuples(st.just("or"), st.lists(inner, min_size=1, max_size=3))
        ),
        max_leaves=8,
    )


def can_write(place: Place, style: str) -> bool:
    """Return whether a place can be named in a style."""
    steps = place.stored if style in ("stored", "boto3") else place.names
    texts = [step for step in steps if isinstance(step, str)]
    if style == "keyword":
        # Below a free-form map, a number in untyped data is an error, and "size" before a comparison the operator.
        inside = place.names[1:] if place.names[0] == "free" else ()
        return not any(isinstance(step, int) or step == "size" for step in inside) and not any(
            step.isdecimal() for step in map(str, inside[1:])
        )
    if style in ("f", "stored", "boto3"):
        return not any(letter in text for text in texts for letter in ".[]")
    return True


# What DynamoDB makes of it.


def holds(tree: Any, item: Mapping[str, Any]) -> bool:
    """Return the verdict on a tree."""
    if isinstance(tree, Leaf):
        return leaf_holds(tree, item)
    kind, parts = tree
    if kind == "not":
        return not holds(parts, item)
    return (all if kind == "and" else any)(holds(part, item) for part in parts)


def leaf_holds(leaf: Leaf, item: Mapping[str, Any]) -> bool:
    value = at(item, leaf.place.stored)
    if leaf.operator in ("exists", "not_exists"):
        return (value is not ABSENT) == (leaf.operator == "exists")
    if leaf.operator in ("absent", "present"):
        return (value is ABSENT or value is None) == (leaf.operator == "absent")
    if leaf.operator == "type":
        return value is not ABSENT and type_of(value) == leaf.meant[0]
    if leaf.size:
        value = size_of(value)
    operands = [operand_of(operand, item) for operand in leaf.meant]
    if leaf.operator == "in":
        return any(same(value, operand) for operand in operands)
    if leaf.operator == "between":
        low, high = operands
        return ordered(low, value, strictly=False) and ordered(value, high, strictly=False)
    (operand,) = operands
    if leaf.operator == "begins_with":
        return type_of(value) in ("S", "B") and type_of(value) == type_of(operand) and value.startswith(operand)
    if leaf.operator in ("contains", "not_contains"):
        return contains(value, operand) == (leaf.operator == "contains")
    return {
        "eq": lambda: same(value, operand),
        "ne": lambda: not same(value, operand),
        "lt": lambda: ordered(value, operand, strictly=True),
        "lte": lambda: ordered(value, operand, strictly=False),
        "gt": lambda: ordered(operand, value, strictly=True),
        "gte": lambda: ordered(operand, value, strictly=False),
    }[leaf.operator]()


def operand_of(operand: Any, item: Mapping[str, Any]) -> Any:
    if not isinstance(operand, Other):
        return operand
    value = at(item, operand.place.stored)
    return size_of(value) if operand.size else value


def at(item: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        is_there = step in item if isinstance(item, dict) else isinstance(item, list) and step in range(len(item))
        if not is_there:
            return ABSENT
        item = item[step]
    return item


def type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOL"
    if isinstance(value, (set, frozenset)):
        return type_of(next(iter(value))) + "S"
    codes = {int: "N", Decimal: "N", str: "S", bytes: "B", list: "L", dict: "M", type(None): "NULL"}
    return codes.get(type(value), "absent")


def same(one: Any, other: Any) -> bool:
    if one is ABSENT or other is ABSENT or type_of(one) != type_of(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return bool(one == other)


def sort_key(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def ordered(one: Any, other: Any, *, strictly: bool) -> bool:
    if type_of(one) != type_of(other) or type_of(one) not in ("S", "N", "B"):
        return False
    low, high = sort_key(one), sort_key(other)
    return bool(low < high if strictly else low <= high)


def contains(value: Any, operand: Any) -> bool:
    if type_of(value) in ("S", "B"):
        return type_of(value) == type_of(operand) and operand in value
    return is_many(value) and any(same(element, operand) for element in value)


def has_size(value: Any) -> bool:
    # Engines count the letters of text beyond ASCII in different ways; numbers and such have no size.
    return isinstance(value, (list, set, dict, bytes)) or (isinstance(value, str) and value.isascii())


def size_of(value: Any) -> Any:
    return len(value) if has_size(value) else ABSENT

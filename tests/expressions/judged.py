"""Items in wire form, and resolved conditions on them, such as DynamoDB takes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dynamorm.expressions import All, Comparison, Condition, Either, PathOperand, joined

NULL = {"NULL": True}
NAMES = ["a", "b", "c", "d", "e", "f"]
TEXTS = ["", "a", "ab", "b", "é", "\uffff", "\U0001f40d", "a\U0001f40d"]
NUMBERS = ["-2", "0", "1", "1.0", "2", "10", "0.5", "5E-1", "1E+30", "12345678901234567890123456789012345678"]
BYTES = [b"", b"a", b"ab", b"\xff"]
BY_TAG: dict[str, Any] = {
    "S": st.sampled_from(TEXTS),
    "N": st.sampled_from(NUMBERS),
    "B": st.sampled_from(BYTES),
    "BOOL": st.booleans(),
    "NULL": st.just(True),
    "SS": st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True),
    "NS": st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique_by=Decimal),
    "BS": st.lists(st.sampled_from(BYTES), min_size=1, max_size=3, unique=True),
}
FLAT = st.one_of([st.builds(lambda content, tag=tag: {tag: content}, BY_TAG[tag]) for tag in BY_TAG])
VALUES = st.recursive(
    FLAT,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda elements: {"L": elements})
        | st.dictionaries(st.sampled_from(NAMES[:2]), inner, max_size=2).map(lambda entries: {"M": entries})
    ),
    max_leaves=4,
)
ITEMS = st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=3)
PATHS = st.builds(
    lambda name, steps: (name, *steps),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(["a", "b", 0, 1]), max_size=2),
)
# how many operands each operator has
COUNTS = {
    **dict.fromkeys(["exists", "not_exists", "absent", "present"], st.just(0)),
    **dict.fromkeys(["eq", "ne", "lt", "lte", "gt", "gte", "begins_with", "contains", "not_contains"], st.just(1)),
    "between": st.just(2),
    "in": st.integers(0, 3),
}
OPERATORS = st.sampled_from([*COUNTS, "type"])
CODES = st.sampled_from([*BY_TAG, "L", "M"])
SIZED = {"eq", "ne", "lt", "lte", "gt", "gte", "between", "in"}
# of which types DynamoDB takes values, where not of all
TAKEN = {**dict.fromkeys(["lt", "lte", "gt", "gte", "between"], "SNB"), "begins_with": "SB"}
# about which types operators say most
TELLING: dict[str, Any] = {
    **TAKEN,
    **dict.fromkeys(["contains", "not_contains"], ("S", "B", "SS", "NS", "BS", "L")),
    **dict.fromkeys(["absent", "present"], ("NULL",)),
}


def values_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Return each place in a value, with what is there."""
    if path:
        yield path, value
    ((tag, content),) = value.items()
    if tag in ("L", "M"):
        for step, inner in enumerate(content) if tag == "L" else content.items():
            yield from values_in(inner, (*path, step))


def near(value: Any, operator: str, size: bool) -> list[Any]:
    """Return what a condition on a value may well be about: the value itself, its size, or what it consists of."""
    ((tag, content),) = value.items()
    if size:
        return [{"N": str(len(content) if tag not in ("BOOL", "NULL") else 1)}]
    if operator not in ("contains", "not_contains", "begins_with"):
        return [value]
    if tag in ("SS", "NS", "BS"):
        return [{tag[0]: element} for element in content]
    if tag in ("S", "B"):
        return [{tag: content[:1]}, {tag: content[1:]}]
    return [*content] if tag == "L" else [value]


@st.composite
def comparisons(draw: Any, item: Any) -> Comparison:
    operator = draw(OPERATORS)
    there = dict(values_in({"M": item}))
    telling = [path for path, value in there.items() if tag_of(value) in TELLING.get(operator, ())]
    path = draw(st.sampled_from([*telling, *telling, *there, draw(PATHS)]))
    if operator == "type":
        return Comparison(path, operator, ({"S": draw(CODES)},))
    size = operator in SIZED and draw(st.booleans())
    # DynamoDB takes no size in begins_with, and compares nothing with itself
    others = [PathOperand(other, of_size) for other in [*there, draw(PATHS)] for of_size in (False, True)]
    others = [other for other in others if other != (path, size) and not (other.size and operator == "begins_with")]
    subject = there.get(path, NULL)
    like = [value for value in near(subject, operator, size) if takes(operator, value)]
    like += [other for other in others if tag_of(there.get(other.path, NULL)) == tag_of(subject)]
    values = [value for value in [*there.values(), {"N": "1"}, {"S": "a"}, draw(VALUES)] if takes(operator, value)]
    groups = st.sampled_from([group for group in (like, like, others, values) if group])
    operands = [draw(st.sampled_from(draw(groups))) for _ in range(draw(COUNTS[operator]))]
    if operator == "between" and all(isinstance(operand, dict) for operand in operands):
        operands = in_order(*operands)
    return Comparison(path, operator, tuple(operands), size)


def tag_of(value: Any) -> str:
    return next(iter(value))


def takes(operator: str, value: Any) -> bool:
    return operator not in TAKEN or tag_of(value) in TAKEN[operator]


def in_order(one: Any, other: Any) -> list[Any]:
    """Return two bounds as DynamoDB takes them: of one type, the lower one first."""
    ((tag, content),) = one.items()
    contents = [content, other.get(tag, content)]
    return [{tag: bound} for bound in sorted(contents, key=Decimal if tag == "N" else as_bytes)]


def as_bytes(content: Any) -> bytes:
    return content.encode() if isinstance(content, str) else content


@st.composite
def trees(draw: Any, item: Any) -> Condition:
    """Return a resolved condition on an item."""
    parts: list[Condition] = [draw(comparisons(item)) for _ in range(draw(st.integers(1, 5)))]
    while len(parts) > 1:
        count = draw(st.integers(2, 3))
        tree = joined(draw(st.sampled_from([All, Either])), parts[:count])
        parts = [*parts[count:], ~tree if draw(st.booleans()) else tree]
    return parts[0]

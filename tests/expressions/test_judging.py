"""What a condition comes to for an item at hand, judged here, is what the engine makes of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from dynamorm import ConditionFailed, F, Q
from dynamorm.connection import connection_for
from dynamorm.expressions import Comparison, Condition, Resolver, conjunction, fixed_by, verdict
from dynamorm.requests import build_put
from dynamorm.requests.tables import build_create_table, build_delete_table
from dynamorm.spec import TableSpec
from dynamorm.wire.codec import encode_item

from ..profiles import examples
from ..specs import single_key
from .judged import ITEMS, NAMES, NULL, comparisons, trees
from .test_flat_trees import MANY, nested

RESOLVER = Resolver("Thing", None)
KEY = {"id": {"S": "1"}}


class Engine:
    """Says what it makes of conditions: the item is put in its own place, if they hold."""

    def __init__(self, connection: Any, table: str) -> None:
        self.connection = connection
        self.table = table
        self.item: Mapping[str, Any] = {}

    def hold(self, item: Mapping[str, Any]) -> None:
        self.item = item
        self.connection.call(build_put(self.table, {**item}))

    def verdict(self, condition: Condition) -> bool:
        try:
            self.connection.call(build_put(self.table, {**self.item}, [condition]))
        except ConditionFailed:
            return False
        return True


@pytest.fixture(scope="module")
def engine(dynamo_local: Any) -> Iterator[Engine]:
    keys = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
    connection = connection_for(keys, {"endpoint_url": dynamo_local.endpoint_url})
    table = f"judging-{uuid.uuid4().hex}"
    connection.call(build_create_table(TableSpec(table, single_key("id", "S"), on_demand=True)))
    yield Engine(connection, table)
    connection.call(build_delete_table(table))


# Examples.

ITEM = {
    **KEY,
    **encode_item(
        {
            "n": 1,
            "m": 10,
            "s": "abc",
            "snake": "\U0001f40d",
            "b": b"abc",
            "yes": True,
            "words": {"sea", "sky"},
            "numbers": {1, 2},
            "blobs": {b"a", b"b"},
            "list": ["a", 1, None, {"k": "v"}, [2], {"x"}],
            "map": {"k": "v", "deep": {"l": [1, 2]}},
        }
    ),
    "null": NULL,
}


def written(operator: str, path: str, wire: Any) -> Comparison:
    """Return a comparison with a value that is written otherwise than the library does."""
    return Comparison(tuple(path.split(".")), operator, (wire,))


HOLD = [
    F("n") == 1,
    written("eq", "n", {"N": "1.0"}),
    written("eq", "n", {"N": "10E-1"}),
    F("s") == "abc",
    F("b") == b"abc",
    F("yes") == True,  # noqa: E712
    written("eq", "null", NULL),
    written("eq", "words", {"SS": ["sky", "sea"]}),
    written("eq", "numbers", {"NS": ["2.0", "1"]}),
    written("eq", "blobs", {"BS": [b"b", b"a"]}),
    F("list") == ["a", 1, None, {"k": "v"}, [2], {"x"}],
    written("eq", "map.deep", {"M": {"l": {"L": [{"N": "1.0"}, {"N": "2"}]}}}),
    F("list[1]") == F("n"),
    F("list[3]") != F("map"),
    F("n") != "1",
    F("n") != 2,
    F("nothing") != 1,
    F("nothing") != F("nowhere"),
    F("yes") != False,  # noqa: E712
    F("m") > 9,
    F("m") >= 10,
    F("n") < F("m"),
    F("n") <= 1,
    F("s") > "ABC",
    F("snake") > "\uffff",
    F("b") < b"\xff",
    F("m").between(9, 10),
    F("s").between("abc", "abd"),
    F("n").between(F("list[1]"), F("m")),
    F("n").is_in(["1", {"x"}, 1]),
    F("map").is_in([{"k": "v", "deep": {"l": [1, 2]}}]),
    F("n").is_in([F("nothing"), F("list[1]")]),
    F("list[2]").exists(),
    F("map.deep.l[1]").exists(),
    F("list[6]").not_exists(),
    F("map.deep[0]").not_exists(),
    F("list.k").not_exists(),
    F("s.k.k").not_exists(),
    F("null").is_(None),
    F("nothing").is_(None),
    F("list[2]").is_(None),
    F("n").is_not(None),
    *[F(name).type(code) for name, code in {"n": "N", "s": "S", "b": "B", "yes": "BOOL", "null": "NULL"}.items()],
    *[F(name).type(code) for name, code in {"words": "SS", "numbers": "NS", "blobs": "BS", "list": "L"}.items()],
    F("map").type("M"),
    F("s").begins_with("ab"),
    F("s").begins_with(""),
    F("b").begins_with(b"ab"),
    F("s").begins_with(F("list[0]")),
    F("s").contains("bc"),
    F("b").contains(b"bc"),
    F("words").contains("sea"),
    F("numbers").contains(2),
    written("contains", "numbers", {"N": "2.0"}),
    written("contains", "list", {"N": "1.0"}),
    F("blobs").contains(b"a"),
    F("list").contains(1),
    F("list").contains({"k": "v"}),
    F("list").contains([2]),
    F("list").contains({"x"}),
    F("s").contains(F("list[0]")),
    F("s").not_contains("x"),
    F("nothing").not_contains("x"),
    F("list").not_contains("k"),
    F("s").size() == 3,
    F("snake").size() == 2,
    F("b").size() == 3,
    F("words").size() == 2,
    F("numbers").size() >= 2,
    F("list").size() > 5,
    F("map").size() < 3,
    F("map.deep.l").size().between(1, 2),
    F("s").size().is_in([1, 3]),
    F("words").size() == F("numbers").size(),
    F("n") < F("list").size(),
    F("s").size() != 4,
    F("n").size() != 1,
    F("nothing").size() != 1,
]
FAIL = [
    F("n") == "1",
    F("n") == {1},
    F("n") == 2,
    F("s") == b"abc",
    F("yes") == 1,
    F("words") == {"sea"},
    F("words") == ["sea", "sky"],
    F("list") == ["a", 1],
    F("map") == {"k": "v"},
    F("map.deep") == {"l": [2, 1]},
    F("nothing") == 1,
    F("nothing") == F("nowhere"),
    written("eq", "nothing", NULL),
    written("ne", "n", {"N": "1.0"}),
    F("words") != {"sky", "sea"},
    F("m") < 9,
    F("n") < 1,
    F("n") > 1,
    F("n") < "2",
    F("s") > 1,
    F("s") < "abc",
    F("nothing") < 1,
    F("nothing") >= F("nowhere"),
    F("yes") <= F("list[1]"),
    F("list") >= F("map.deep.l"),
    F("m").between(1, 9),
    F("s").between(1, 2),
    F("n").between(F("m"), F("list[1]")),
    F("n").between(F("nothing"), F("m")),
    F("n").is_in([2, "1"]),
    F("n").is_in([]),
    F("nothing").is_in([1, F("nowhere")]),
    F("list[6]").exists(),
    F("null").not_exists(),
    F("null").is_not(None),
    F("nothing").is_not(None),
    F("n").is_(None),
    F("n").type("NS"),
    F("nothing").type("NULL"),
    F("s").begins_with("bc"),
    F("s").begins_with(b"ab"),
    F("list").begins_with("a"),
    F("nothing").begins_with("a"),
    F("s").begins_with(F("nothing")),
    F("s").contains("ac"),
    F("s").contains(b"bc"),
    F("words").contains("se"),
    F("words").contains({"sea"}),
    F("numbers").contains("2"),
    F("list").contains("1"),
    F("map").contains("k"),
    F("n").contains(1),
    F("nothing").contains("x"),
    F("list").contains(F("nothing")),
    F("s").not_contains("b"),
    F("s").size() == 2,
    F("snake").size() == 4,
    F("n").size() >= 0,
    F("yes").size() == 1,
    F("null").size() == 1,
    F("nothing").size() == 0,
    F("words").size() == F("n").size(),
]
EXAMPLES = [(condition, True) for condition in HOLD] + [(condition, False) for condition in FAIL]


def name_of(condition):
    """Return a name that is the same in every process, in which sets may be shown in another order."""
    return re.sub(
        r"\{[^{}:]*\}", lambda shown: "{" + ", ".join(sorted(shown[0][1:-1].split(", "))) + "}", repr(condition)
    )


@pytest.mark.parametrize(("condition", "expected"), EXAMPLES, ids=[name_of(condition) for condition, _ in EXAMPLES])
def test_each_operator_means_what_it_means_to_dynamodb(engine, condition, expected):
    resolved = RESOLVER.condition(condition)
    assert verdict(resolved, ITEM) is expected
    assert verdict(~resolved, ITEM) is not expected
    engine.hold(ITEM)
    assert engine.verdict(resolved) is expected


# What is not known.

TRUE, FALSE, OPEN = Q(n=1), Q(n=2), Q(who=1)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (OPEN, None),
        (~OPEN, None),
        (OPEN & TRUE, None),
        (OPEN & FALSE, False),
        (FALSE & OPEN, False),
        (OPEN | TRUE, True),
        (TRUE | OPEN, True),
        (OPEN | FALSE, None),
        (~(OPEN & FALSE), True),
        (~(OPEN | FALSE), None),
        ((OPEN | TRUE) & (OPEN & FALSE), False),
        (F("who.deep").is_in([]), False),
        (F("who.deep[0]").exists(), None),
        (F("who").is_(None), None),
        (F("who").size() > 0, None),
        (F("n") == F("who.deep"), None),
        (F("n").between(0, F("who")), None),
        (F("n").is_in([1, F("who").size()]), None),
        (F("map.who") == 1, False),
    ],
    ids=name_of,
)
def test_what_hangs_on_unknown_attributes_is_open(condition, expected):
    resolved = RESOLVER.condition(condition)
    assert verdict(resolved, ITEM, {"who"}) is expected
    assert verdict(resolved, {**ITEM, "who": {"N": "1"}}, {"who"}) is expected


@pytest.mark.parametrize("stored", [0, 1, 2, 3, MANY - 2, MANY - 1])
def test_a_tree_may_be_of_any_depth(stored):
    expected = stored == 0
    for number in range(1, MANY):
        inner = expected if number % 3 else not expected
        expected = (inner and stored == number) if number % 2 else (inner or stored == number)
    resolved = RESOLVER.condition(nested(MANY))
    assert verdict(resolved, {"a": {"N": str(stored)}}) is expected


# What is fixed.


def fixed(*conditions: Any) -> Any:
    return fixed_by([RESOLVER.condition(part) for part in conjunction(conditions)])


def test_equalities_that_have_to_hold_fix_attributes():
    both = {"a": {"N": "1"}, "b": {"S": "x"}}
    assert fixed(Q(a=1) & Q(b="x")) == fixed(Q(a=1, b="x")) == fixed(Q(a=1), F("b") == "x") == both
    assert fixed_by([RESOLVER.condition(Q(a=1) & (Q(c=1) | Q(d=1)) & Q(b="x"))]) == both
    assert fixed(F("a") == {"x": 1}) == {"a": {"M": {"x": {"N": "1"}}}}
    assert fixed(F("a") == 1, F("a") == 2) == {"a": {"N": "1"}}


@pytest.mark.parametrize(
    "condition",
    [
        Q(a__ne=1),
        Q(a__gte=1),
        Q(a__in=[1]),
        Q(a=None),
        Q(a__size=1),
        Q(a__b=1),
        F("a[0]") == 1,
        F("a") == F("b"),
        Q(a=1) | Q(a=1, b=2),
        ~Q(a=1),
    ],
    ids=name_of,
)
def test_nothing_else_fixes_any(condition):
    assert fixed(condition) == {}


# Any condition on any item.


@pytest.mark.slow
@settings(
    max_examples=examples(quick=100, long=2_000),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_the_verdict_is_the_engines(engine, data):
    item = data.draw(ITEMS, label="item")
    engine.hold({**item, **KEY})
    for condition in [*(data.draw(comparisons(item)) for _ in range(8)), data.draw(trees(item))]:
        found = verdict(condition, item)
        note(f"{condition!r}: {found}")
        event(f"holds: {found}")
        assert found is engine.verdict(condition)


@pytest.mark.slow
@given(st.data())
def test_what_is_settled_without_some_attributes_is_so_whatever_they_are(data):
    item, other = data.draw(ITEMS, label="item"), data.draw(ITEMS, label="other")
    condition = data.draw(trees(item), label="condition")
    unknown = data.draw(st.sets(st.sampled_from(NAMES)), label="unknown")
    known = {name: value for name, value in item.items() if name not in unknown}
    found = verdict(condition, known, unknown)
    assert found is verdict(condition, item, unknown)
    assert found in (None, verdict(condition, item))
    assert found in (None, verdict(condition, {**known, **{name: other[name] for name in unknown if name in other}}))
    if not unknown:
        assert found is not None

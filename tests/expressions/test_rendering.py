"""The text of expressions: always the same for the same shape, and made of placeholders alone."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from dynamorm import ExpressionTooLong, F, InvalidExpression, Q, requests
from dynamorm.bounded import Bounded
from dynamorm.expressions import (
    Action,
    Comparison,
    PathOperand,
    Rendered,
    Resolver,
    SumOperand,
    conjunction,
    render_condition,
    render_projection,
    render_update,
    render_update_if,
    rendering,
)
from dynamorm.requests.boto3_arguments import merged

from ..conftest import check_request
from ..profiles import examples
from .test_verdicts import Writer
from .trees import items, trees

RESOLVER = Resolver("Thing", None)
NASTY = ["a.b", "two words", "#n0", ":c0", "'", '"', "(", ")) OR (", "size", "AND", "[0]", "é", "\U0001f40d", "\n"]


def rendered(*conditions: Any, prefix: str = "c") -> Any:
    parts = [RESOLVER.condition(part) for part in conjunction(conditions)]
    return render_condition(parts, prefix)


class Bare:
    """Stands for a model whose fields are all reached as undeclared attributes."""

    def __getattr__(self, name: str) -> Any:
        return F(name)


def by_reference(tree: Any) -> Any:
    """Return the condition of a tree, written with undeclared attributes by their stored names."""
    return Writer(Bare()).condition(_undeclared(tree))


def _undeclared(tree: Any) -> Any:
    if isinstance(tree, tuple):
        kind, parts = tree
        return kind, ([_undeclared(part) for part in parts] if isinstance(parts, list) else _undeclared(parts))
    return type(tree)(tree.place, tree.operator, tree.meant, tree.meant, tree.size, "reference")


CONNECTIVES = {"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"}
FUNCTIONS = {
    "size",
    "contains",
    "begins_with",
    "attribute_exists",
    "attribute_not_exists",
    "attribute_type",
    "if_not_exists",
    "list_append",
}
TOKEN = re.compile(r"\s*([#:][a-z]+_*[0-9]+|[A-Za-z_]+|\[[0-9]+\]|<>|<=|>=|[()=<>,.+-])")


def tokens_of(text: str) -> list[str]:
    found, end = [], 0
    while end < len(text):
        match = TOKEN.match(text, end)
        assert match, f"{text[end:]!r} of {text!r} is no part of an expression"
        found.append(match[1])
        end = match.end()
    return found


def check(text: str, names: dict[str, str], values: dict[str, Any]) -> None:
    """Hold a rendered expression against what every expression has to be."""
    tokens = tokens_of(text)
    assert {token for token in tokens if token[0].isalpha()} <= CONNECTIVES | FUNCTIONS
    assert {token for token in tokens if token[0] == "#"} == names.keys()
    assert sorted(token for token in tokens if token[0] == ":") == sorted(values)
    assert len(set(names.values())) == len(names)
    # DynamoDB refuses parentheses that stand around nothing but others
    opened: list[int] = []
    pairs = {}
    for place, token in enumerate(tokens):
        if token == "(":
            opened.append(place)
        elif token == ")":
            pairs[opened.pop()] = place
    assert opened == []
    called = {place for place in pairs if place and tokens[place - 1] in {*FUNCTIONS, "IN"}}
    for first, last in pairs.items():
        inner_is_pair = pairs.get(first + 1) == last - 1
        assert first in called or not inner_is_pair, f"doubled parentheses in {text}"


@pytest.mark.slow
@settings(
    max_examples=examples(quick=200, long=5_000),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_any_condition_is_made_of_placeholders_and_words_of_dynamodb(data):
    item = data.draw(items())
    tree = data.draw(trees(item))
    condition = by_reference(tree)
    try:
        first, second = rendered(condition), rendered(condition)
    except ExpressionTooLong:
        reject()
    assert first == second
    check(*first)


def test_each_name_and_value_is_a_placeholder_whatever_it_is():
    for name in NASTY:
        for condition in (F("m", name) == name, F(*[name, name]).is_in([name, "x"]), F("x", name).contains(name)):
            text, names, values = rendered(condition)
            check(text, names, values)
            assert name in names.values()
            assert {"S": name} in values.values()
        text, names, values = render_update([Action("set", (name, name), {"S": name}), Action("remove", ("x", name))])
        check(text, names, values)
        text, names, values = render_projection([(name,), ("x", 0, name)])
        check(text, names, values)
        assert sorted(names.values()) == sorted({name, "x"})


def test_a_name_has_one_placeholder_in_an_expression():
    text, names, _ = rendered(F("a.b") == 1, F("b.a") == 2, F("a").exists())
    assert text == "#c0.#c1 = :c0 AND #c1.#c0 = :c1 AND attribute_exists(#c0)"
    assert names == {"#c0": "a", "#c1": "b"}


def test_values_are_numbered_in_the_order_of_the_text():
    text, _, values = rendered(F("a").between(1, 2) | ~(F("b") == None) & (F("c").size() > 3))  # noqa: E711
    placeholders = [token for token in tokens_of(text) if token[0] == ":"]
    assert placeholders == sorted(placeholders) == list(values)
    assert list(values.values()) == [{"N": "1"}, {"N": "2"}, {"S": "NULL"}, {"N": "3"}]


def test_the_text_of_every_kind_of_action():
    other = PathOperand(("o",))
    actions = [
        Action("set", ("a",), {"S": "x"}),
        Action("set", ("b",), other),
        Action("set", ("c",), SumOperand(other, "-", {"N": "1"})),
        Action("plus", ("d",), {"N": "1"}),
        Action("minus", ("e",), other),
        Action("append", ("f",), {"L": []}),
        Action("prepend", ("g", 0), {"L": []}),
        Action("if_not_exists", ("h",), {"S": "y"}),
        Action("remove", ("i", 3)),
        Action("add", ("j",), {"N": "1"}),
        Action("delete", ("k",), {"SS": ["z"]}),
    ]
    text, names, values = render_update(actions)
    check(text, names, values)
    assert render_update(actions) == render_update(list(actions))
    clauses = re.findall(r"SET|REMOVE|ADD|DELETE", text)
    assert clauses == ["SET", "REMOVE", "ADD", "DELETE"]


@pytest.mark.parametrize("leave_out", ["nothing", "computed", "all but sets"])
@pytest.mark.parametrize("conditions", [(), (Comparison(("v",), "eq", ({"N": "7"},)), Comparison(("w",), "absent"))])
def test_an_update_rendered_with_its_condition_is_both_rendered_alone(leave_out, conditions):
    other = PathOperand(("o",))
    actions = [
        Action("remove", ("i", 3)),
        Action("plus", ("d",), {"N": "1"}),
        Action("add", ("j",), {"N": "2"}),
        Action("set", ("b",), other),
        Action("set", ("a",), {"S": "x"}),
        Action("prepend", ("g", 0), {"L": [{"S": "first"}]}),
        Action("set", ("c",), SumOperand(other, "-", {"N": "3"})),
        Action("set", ("m", "n"), {"S": "z"}),
    ]
    if leave_out == "computed":
        actions = [action for action in actions if not isinstance(action.value, tuple)]
    elif leave_out == "all but sets":
        actions = [action for action in actions if action.kind == "set" and type(action.value) is dict]
    update = render_update(actions)
    condition = render_condition(conditions) if conditions else Rendered("", {}, {})
    names, values = {**update.names, **condition.names}, {**update.values, **condition.values}
    for _ in range(2):
        assert render_update_if(actions, conditions) == (update.text, condition.text, names, values)


def test_updates_that_differ_in_nothing_but_their_conditions_are_told_apart():
    actions = [Action("set", ("a",), {"S": "x"})]
    bare = render_update_if(actions, ())
    held = render_update_if(actions, (Comparison(("v",), "exists"),))
    assert bare.condition == "" and held.condition and held.update == bare.update
    assert render_update_if(actions, ()) == bare


@pytest.fixture
def made(monkeypatch):
    """Counts the texts that are made, as against remembered ones."""
    counted = []

    class Counting(rendering.Placeholders):
        def __init__(self, prefix="c"):
            counted.append(prefix)
            super().__init__(prefix)

    monkeypatch.setattr(rendering, "Placeholders", Counting)
    monkeypatch.setattr(rendering, "_templates", Bounded(1_024))
    return counted


def test_the_same_shape_with_other_values_is_not_rendered_again(made):
    def condition(number, text):
        return (Q(year__gt=number, title__begins_with=text) | ~(F("tags[0]") == text)) & F("a").is_in([number, number])

    first = rendered(condition(1, "x"))
    assert len(made) == 1
    second = rendered(condition(2, "y"))
    assert len(made) == 1
    assert (first.text, first.names) == (second.text, second.names)
    assert first.values != second.values
    assert list(second.values.values()) == [{"N": "2"}, {"S": "y"}, {"S": "y"}, {"N": "2"}, {"N": "2"}]


def test_updates_and_projections_are_remembered_too(made):
    for number in ("1", "2"):
        update = render_update([Action("plus", ("n",), {"N": number}), Action("set", ("s",), {"S": number})])
        assert sorted(value["N"] for value in update.values.values() if "N" in value) == ["0", number]
        render_projection([("a",), ("b", 0)])
    assert len(made) == 2


def test_another_shape_is_another_text(made):
    shapes = [
        F("a") == 1,
        F("a") != 1,
        F("b") == 1,
        F("a.b") == 1,
        F("a", "b.c") == 1,
        F("a.b.c") == 1,
        F("a[1]") == 1,
        F("a", "1") == 1,
        F("a").size() == 1,
        F("a") == F("b"),
        F("a") == F("b").size(),
        F("a").is_in([1]),
        F("a").is_in([1, 2]),
        ~(F("a") == 1),
        (F("a") == 1) & (F("b") == 1),
        (F("a") == 1) | (F("b") == 1),
    ]
    all_of_them = [rendered(shape) for shape in shapes]
    assert len(made) == len(shapes)
    assert [rendered(shape) for shape in shapes] == all_of_them
    assert len(made) == len(shapes)
    assert len({(text, tuple(names.items())) for text, names, _ in all_of_them}) == len(shapes)


def test_what_is_done_to_a_rendered_expression_does_not_reach_what_is_remembered(made):
    first = rendered(F("a") == 1)
    first.names.clear()
    first.values.clear()
    assert rendered(F("a") == 2) == ("#c0 = :c0", {"#c0": "a"}, {":c0": {"N": "2"}})


def test_what_is_remembered_has_an_end(made):
    for number in range(1_034):
        render_projection([(f"name{number}",)])
    assert len(rendering._templates) <= 1_024


def test_the_text_does_not_depend_on_the_process():
    program = (
        "from dynamorm import F, Q\n"
        "from dynamorm.expressions import Resolver, conjunction, render_condition\n"
        "resolver = Resolver('Thing', None)\n"
        "given = [Q(a=1, b__in={'x', 'y', 'z'}) | ~Q(c__d={'p', 'q'}), F('e') == {'k': 1, 'j': {'u', 'v'}}]\n"
        "print(render_condition([resolver.condition(part) for part in conjunction(given)])[:2])\n"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in range(3)
    }
    assert len(texts) == 1 and "#c0" in texts.pop()


def test_a_condition_that_belongs_to_a_model_is_not_rendered_before_it_is_resolved():
    with pytest.raises(InvalidExpression, match="resolved"):
        render_condition([Q(a=1), Q(b=2)])


# Together with expressions that come as text.


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (F("a") == 1, "x = :x", "(#f0 = :f0) AND (x = :x)"),
        (F("a") == 1, "(x = :x)", "(#f0 = :f0) AND (x = :x)"),
        (F("a") == 1, " (x = :x) OR (y = :x) ", "(#f0 = :f0) AND ((x = :x) OR (y = :x))"),
        (F("a").not_contains(1), "x = :x", "(NOT contains(#f0, :f0)) AND (x = :x)"),
        (F("a").exists(), "size(x) = :x", "(attribute_exists(#f0)) AND (size(x) = :x)"),
    ],
)
def test_expressions_given_as_text_come_on_top_of_ours(ours, theirs, expected):
    request = requests.build_scan("t", filters=[RESOLVER.condition(ours)])
    given = {"FilterExpression": theirs, "ExpressionAttributeValues": {":x": 1}}
    assert merged(request, given).payload["FilterExpression"] == expected


def test_our_placeholders_give_way_to_given_ones():
    request = requests.build_scan("t", filters=[RESOLVER.condition(F("a") == 1)])
    given = {
        "FilterExpression": "#f0 = :f0",
        "ExpressionAttributeNames": {"#f0": "b"},
        "ExpressionAttributeValues": {":f0": 2},
    }
    payload = merged(request, given).payload
    ours, theirs = re.findall(r"#\w+ = :\w+", payload["FilterExpression"])
    meaning = [
        (payload["ExpressionAttributeNames"][name], payload["ExpressionAttributeValues"][value])
        for name, value in (text.split(" = ") for text in (ours, theirs))
    ]
    assert meaning == [("a", {"N": "1"}), ("b", {"N": "2"})]


def test_a_request_that_botocore_would_refuse_fails_the_test_that_built_it():
    check_request(None, requests.build_get("table", {"id": {"S": "1"}}))
    with pytest.raises(AssertionError, match="Key"):
        check_request(None, requests.build_get("table", "1"))  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="GetItem"):
        check_request(None, requests.build_get("table", {"id": {"S": 1}}))

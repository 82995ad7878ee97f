"""Any tree of conditions, however it is written, means to the engine what it means to plain Python."""

from __future__ import annotations

import functools
import operator
import uuid
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr
from boto3.dynamodb.types import TypeSerializer
from hypothesis import HealthCheck, event, given, note, reject, settings
from hypothesis import strategies as st

from dynamorm import ConditionFailed, ExpressionTooLong, F, Q, using

from ..libraries import (
    binary,
    boolean,
    collection,
    day,
    installed_libraries,
    integer,
    listing,
    mapping,
    nested,
    real,
    text,
)
from ..profiles import examples
from .trees import BOX, FIELDS, INNER, Leaf, Other, Place, holds, items, trees

KINDS: dict[str, Any] = {
    "integer": integer,
    "real": real,
    "plain": text,
    "text": text,
    "boolean": boolean,
    "binary": binary,
    "day": day,
    "free": mapping,
    "plains": lambda **options: listing(text(), **options),
    "integers": lambda **options: listing(integer(), **options),
    "texts": lambda **options: collection(text(), **options),
    "numbers": lambda **options: collection(integer(), **options),
    "inner": lambda **options: nested(declared(INNER), **options),
    "box": lambda **options: nested(declared(BOX), **options),
    "boxes": lambda **options: listing(nested(declared(BOX)), **options),
}


def declared(fields):
    return {name: KINDS[kind](stored=stored) for name, (stored, kind) in fields.items()}


@pytest.fixture(scope="module")
def models(dynamo_local):
    """The same model in every library that is installed, each with its table."""
    settings = {
        "endpoint_url": dynamo_local.endpoint_url,
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "table_prefix": f"test-{uuid.uuid4().hex}-",
    }
    fields = {"id": text(required=True), **declared(FIELDS)}
    made = [
        library.model("Thing", {"name": f"things-{library.name}", "hash_key": "id"}, fields)
        for library in installed_libraries()
    ]
    with using(**settings):
        for model in made:
            model.Table.create_table()
        yield made
        for model in made:
            model.Table.delete()


class Writer:
    """Writes a tree as a program would, each leaf in its own style."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def condition(self, tree: Any) -> Any:
        if isinstance(tree, Leaf):
            return self.leaf(tree)
        kind, parts = tree
        if kind == "not":
            return ~self.condition(parts)
        if kind == "and" and self.is_one_q(parts):
            return Q(**dict(map(self.keyword, parts)))
        return functools.reduce(operator.and_ if kind == "and" else operator.or_, map(self.condition, parts))

    def is_one_q(self, parts: Any) -> bool:
        if not all(isinstance(part, Leaf) and part.style == "keyword" for part in parts):
            return False
        return len({self.keyword(part)[0] for part in parts}) == len(parts)

    def leaf(self, leaf: Leaf) -> Any:
        if leaf.style == "keyword":
            name, value = self.keyword(leaf)
            return Q(**{name: value})
        subject = self.named(leaf.place, leaf.style)
        if leaf.operator in ("absent", "present"):
            return subject.is_(None) if leaf.operator == "absent" else subject.is_not(None)
        if leaf.size:
            subject = subject.size()
        values = [self.value(value, leaf.style) for value in leaf.given]
        if leaf.operator == "in":
            return subject.is_in(values if leaf.style == "boto3" else self.several(values))
        name = "attribute_type" if leaf.operator == "type" else leaf.operator
        return getattr(subject, name)(*values)

    def keyword(self, leaf: Leaf) -> tuple[str, Any]:
        parts = [*map(str, leaf.place.names), *(["size"] if leaf.size else [])]
        values = [self.value(value, "f" if len(leaf.place.names) % 2 else "reference") for value in leaf.given]
        if leaf.operator in ("absent", "present"):
            return "__".join([*parts, "eq" if leaf.operator == "absent" else "ne"]), None
        if leaf.operator in ("exists", "not_exists"):
            return "__".join([*parts, leaf.operator]), True
        # the older words, where the younger ones are keys
        is_free = leaf.place.kind in ("free", "any")
        words = {"in": "is_in", "type": "attribute_type"} if is_free else {}
        word = words.get(leaf.operator, leaf.operator)
        return "__".join([*parts, word]), self.several(values) if leaf.operator in ("in", "between") else values[0]

    @staticmethod
    def several(values: list[Any]) -> Any:
        # conditions are asked more than once, though iterators can be gone through once only
        return values if len(values) % 2 else iter(values)

    def value(self, value: Any, style: str) -> Any:
        if not isinstance(value, Other):
            return value
        style = style if style == "boto3" else "reference"
        named = self.named(value.place, style)
        return named.size() if value.size else named

    def named(self, place: Place, style: str) -> Any:
        steps = place.names if style in ("reference", "f") else place.stored
        if style == "reference":
            return functools.reduce(lambda reference, step: reference[step], steps[1:], getattr(self.model, steps[0]))
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        return Attr(path) if style == "boto3" else F(path)


def is_refused(condition, model):
    try:
        model.delete_item(id="1", conditions=condition)
    except ConditionFailed:
        return True
    return False


@pytest.mark.slow
@settings(
    max_examples=examples(quick=200, long=5_000),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(st.data())
def test_the_engines_verdict_is_that_of_plain_python(models, data):
    model = data.draw(st.sampled_from(models), label="model")
    item = data.draw(items(), label="item")
    tree = data.draw(trees(item), label="tree")
    condition = Writer(model).condition(tree)
    note(f"condition: {condition!r}")
    serialize = TypeSerializer().serialize
    wire = {name: serialize(value) for name, value in item.items()}
    model.Table.client.put_item(TableName=model.Table.full_name, Item=wire)
    expected = holds(tree, item)
    event(f"holds: {expected}")
    try:
        counted = model.scan(condition).count()
    except ExpressionTooLong:
        reject()
    assert counted == expected
    assert is_refused(condition, model) == (not expected)

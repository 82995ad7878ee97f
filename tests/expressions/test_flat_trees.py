"""However many conditions are joined, nothing about them goes by recursion."""

from __future__ import annotations

import copy
import functools
import operator
import pickle
from itertools import pairwise

import pytest
from boto3.dynamodb.conditions import Attr, ConditionExpressionBuilder

from dynamorm import ExpressionTooLong, F, Q
from dynamorm.expressions import Resolver, conjunction, holds_never, in_postfix, leaves, parts_of, render_condition

from ..profiles import examples
from .shelf import matching

MANY = 5_000
RESOLVER = Resolver("Thing", None)


def chained(joint, conditions):
    return functools.reduce(joint, conditions)


def nested(count):
    """Return conditions around one another, by turns with & and with |, and now and then with ~."""
    condition = Q(a=0)
    for number in range(1, count):
        joint = operator.and_ if number % 2 else operator.or_
        condition = joint(condition, Q(a=number)) if number % 3 else joint(~condition, Q(a=number))
    return condition


def test_as_many_as_dynamodb_takes_are_sent(shelf):
    assert matching(shelf, chained(operator.or_, [Q(year=year) for year in range(1900, 2000)])) == {"A"}
    assert matching(shelf, chained(operator.or_, [shelf.year == year for year in range(1900, 2000)])) == {"A"}
    assert matching(shelf, chained(operator.and_, [Q(year__ne=year) for year in range(2000, 2100)])) == set("ACD")
    assert matching(shelf, chained(operator.or_, [Attr("year").eq(year) for year in range(1900, 2000)])) == {"A"}


@pytest.mark.parametrize("joint", [operator.and_, operator.or_])
@pytest.mark.parametrize("leaf", [lambda n: Q(a=n), lambda n: F("a") == n, lambda n: Attr("a").eq(n)])
def test_many_conditions_can_be_built_joined_negated_shown_copied_and_resolved(joint, leaf):
    condition = Q() | chained(joint, map(leaf, range(MANY)))
    assert repr(condition).count("&" if joint is operator.and_ else "|") == MANY - 1
    for travelled in (pickle.loads(pickle.dumps(condition)), copy.deepcopy(condition), copy.copy(condition)):
        assert repr(travelled) == repr(condition)
    assert len(parts_of(condition)) == (MANY if joint is operator.and_ else 1)
    resolved = RESOLVER.condition(~condition)
    assert len(list(leaves(resolved))) == MANY
    assert not holds_never([resolved])
    with pytest.raises(ExpressionTooLong, match="4,096"):
        render_condition([resolved])


def test_a_chain_of_negations_is_one_or_none():
    condition = plain = Q(a=1)
    for _ in range(MANY):
        condition = ~condition
    assert condition is plain
    assert repr(~condition) == "~Q(a=1)"


def test_conditions_inside_one_another_can_be_as_deep():
    condition = nested(MANY)
    assert pickle.loads(pickle.dumps(condition)).__repr__() == copy.deepcopy(condition).__repr__() == repr(condition)
    resolved = RESOLVER.condition(condition)
    assert len(in_postfix(resolved)) > MANY
    assert not holds_never([resolved])
    with pytest.raises(ExpressionTooLong):
        render_condition([resolved])


def test_conditions_inside_one_another_are_sent_as_far_as_dynamodb_takes_them(book, sent):
    book.put({"isbn": "A", "title": "x", "year": 40})
    condition = Q(year=0)
    for number in range(1, 100):
        condition = condition & Q(year__ne=number) if number % 2 else condition | Q(year=number)
    sent.clear()
    assert book.scan(condition).count() == 1
    (request,) = sent
    assert request.payload["FilterExpression"].count("(") == 98


def test_a_tree_of_one_kind_is_flat_however_it_was_made():
    a, b, c, d = (Q(**{name: 1}) for name in "abcd")
    flat = RESOLVER.condition(a | b | c | d)
    for tree in ((a | b) | (c | d), a | (b | (c | d)), ((a | b) | c) | d):
        assert render_condition([RESOLVER.condition(tree)]) == render_condition([flat])
    assert repr((a & b) | (c & d)) == "(Q(a=1) & Q(b=1)) | (Q(c=1) & Q(d=1))"
    assert repr(~(a | b) & c) == "~(Q(a=1) | Q(b=1)) & Q(c=1)"


@pytest.mark.parametrize("joint", [operator.and_, operator.or_])
def test_boto3_can_write_what_many_conditions_become(book, joint):
    condition = chained(joint, [Q(year=year) for year in range(MANY)])
    built = ConditionExpressionBuilder().build_expression(condition.to_boto3(book))
    assert len(built.attribute_value_placeholders) == MANY
    placeholders = list(built.attribute_value_placeholders.values())
    assert all(one < other for one, other in pairwise(placeholders))


def test_keys_are_found_among_many_conditions(page, sent):
    condition = chained(operator.and_, [Q(isbn="1"), *(Q(words__ne=n) for n in range(50)), Q(number=3)])
    explained = page.query(condition).explain()
    assert [part.path for part in explained.keys] == [("isbn",), ("number",)]
    assert len(explained.filters) == 50
    assert sent == []


def test_many_conditions_are_one_set_of_parts():
    parts = conjunction([chained(operator.and_, [Q(a=n, b=n) for n in range(MANY)])])
    assert len(parts) == 2 * MANY


def test_building_takes_time_in_proportion_to_what_is_built():
    # a tree that is gone through again for each condition would not come to an end
    count = examples(quick=2_000, long=20_000)
    assert len(list(leaves(RESOLVER.condition(chained(operator.or_, [Q(a=n) for n in range(count)]))))) == count

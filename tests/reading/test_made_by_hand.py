"""``QueryIterator`` and ``ScanIterator`` of ``dynamorm.table``, made by hand of a model."""

from __future__ import annotations

import pytest

from dynamorm import InvalidExpression, InvalidKey, Q
from dynamorm.reading.query import QueryIterator as Own
from dynamorm.table import QueryIterator, ReadIterator, ScanIterator

from ..scores import GAMES, games


def test_they_are_what_query_and_scan_give(score):
    assert QueryIterator is Own
    query = QueryIterator(score, user="ann")
    assert isinstance(query, ReadIterator) and type(query) is type(score.query(user="ann"))
    assert games(query) == list(GAMES)
    assert QueryIterator(score, user="ann", points__gte=30).count() == 3
    assert ScanIterator(score, user="ann").count() == 6
    assert ScanIterator(score).count() == 12
    assert QueryIterator(score, Q(user="ann"), score.wins == 1).count() == 3
    assert games(query.reverse().limit(1)) == ["g5"]
    assert repr(query) == repr(score.query(user="ann"))


def test_they_take_arguments_in_boto3s_form(score):
    assert games(QueryIterator(score, user="ann", query_kwargs={"Limit": 2, "ScanIndexForward": False})) == ["g5", "g4"]
    assert ScanIterator(score, scan_kwargs={"Limit": 5}).count() == 5
    assert games(QueryIterator(score, query_kwargs={"IndexName": "by-points"}, user="ann")) == list(GAMES)


def test_they_refuse_what_query_and_scan_refuse(score):
    with pytest.raises(InvalidKey, match="needs user"):
        list(QueryIterator(score))
    for wrong in (None, "Score", score.Table, score(user="ann", game="g1"), Q(user="ann"), object):
        for kind in (QueryIterator, ScanIterator):
            with pytest.raises(InvalidExpression, match="the class of a model"):
                kind(wrong, user="ann")
    with pytest.raises(InvalidExpression, match="no order"):
        list(score.scan(scan_kwargs={"ScanIndexForward": False}))

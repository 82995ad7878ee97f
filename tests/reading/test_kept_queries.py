"""A query is what it was when it was made: nothing that is done to what it was given changes it."""

from __future__ import annotations

import copy
import pickle

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import Q

from .. import libraries
from ..scores import GAMES, games


def test_positions_are_kept(score):
    raw = {"user": "ann", "game": "g3"}
    reached = score.get(user="ann", game="g3")
    indexed = score.get(user="ann", game="g3")
    queries = [score.query(user="ann").start(raw), score.query(user="ann").start(reached)]
    by_points = score.ByPoints.query(user="ann").start(indexed)
    given = score.query(user="ann", query_kwargs={"ExclusiveStartKey": raw})
    raw["game"] = reached.game = "g0"
    indexed.points = 0
    for query in (*queries, by_points, given):
        assert games(query) == games(query.reverse(False)) == ["g4", "g5"]


def test_arguments_in_boto3s_form_are_kept(score):
    values, names = {":w": 1}, {"#w": "wins"}
    raw = {
        "FilterExpression": "#w = :w",
        "ExpressionAttributeValues": values,
        "ExpressionAttributeNames": names,
        "Limit": 2,
    }
    query = score.query(user="ann", query_kwargs=raw)
    values[":w"] = 0
    names["#w"] = "losses"
    raw["Limit"] = 1
    assert games(query) == games(query) == ["g1", "g3"]
    assert raw == {**raw, "Limit": 1} and values == {":w": 0}
    chosen = {"IndexName": "by-points", "ScanIndexForward": False}
    reverse = score.query(user="ann", query_kwargs=chosen)
    chosen.clear()
    assert games(reverse) == games(reverse) == list(GAMES[::-1])
    assert reverse.explain().index_name == "by-points"


def test_lists_of_conditions_and_names_are_kept(score):
    conditions, names = [Q(wins=1)], ["wins"]
    lookups = {"points__in": [10, 30]}
    query = score.query(conditions, lookups, user="ann").specific_attributes(names)
    conditions.append(Q(wins=0))
    lookups["points__in"].clear()
    lookups["wins"] = 0
    names[:] = ["losses"]
    assert games(query) == ["g1", "g3"]
    assert [(one.wins, one.losses) for one in query] == [(1, None), (1, None)]


def test_what_explain_and_answers_show_changes_nothing(score):
    query = score.query(user="ann", wins=1).page_size(3)
    explained = query.explain()
    explained.request.payload["ExpressionAttributeValues"].clear()
    explained.request.payload.clear()
    first = next(iter(query))
    query.resp["Items"].clear()
    query.last.clear()
    assert games(query) == ["g1", "g3", "g5"] and first.game == "g1"
    assert query.explain().request.payload["TableName"]


def test_keys_of_a_batch_are_those_given(score):
    keys = [{"user": "ann", "game": "g1"}, ("ann", "g2")]
    single = keys[0]
    found = score.get_batch(keys)
    single["game"] = "g5"
    keys.clear()
    assert sorted(games(found)) == ["g1", "g2"]
    lazy = score.get_batch({"user": "ann", "game": f"g{number}"} for number in (3, 4))
    assert sorted(games(lazy)) == ["g3", "g4"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda query: pickle.loads(pickle.dumps(query))])
def test_queries_can_be_copied_and_pickled_with_everything_in_them(score, copied, monkeypatch):
    monkeypatch.setattr(libraries, score.__name__, score, raising=False)  # where pickle looks for its class
    reached = score.get(user="ann", game="g0")
    for query, expected in (
        (
            score.query(Q(user="ann") & (Q(wins=1) | Attr("points").eq(40)), points__in=range(300)),
            ["g1", "g3", "g4", "g5"],
        ),
        (score.query(user="ann").start({"user": "ann", "game": "g3"}), ["g4", "g5"]),
        (score.query(user="ann").start(reached).limit(1), ["g1"]),
        (score.query(user="ann").only(score.wins, "losses").on_invalid("skip").reverse().limit(1), ["g5"]),
        (score.ByPoints.query(user="ann", points__gte=40), ["g4", "g5"]),
        (
            score.query(user="ann", query_kwargs={"FilterExpression": Attr("wins").eq(0)}).consistent(),
            ["g0", "g2", "g4"],
        ),
        (score.find(user="ann", points__lt=10).hydrate().rate_limit(1e6).read_ahead(), ["g0"]),
        (score.scan(user="ann", wins__in=[]).page_size(3), []),
        (score.scan(score.user == "ann", game="g1").segment(0, 1), ["g1"]),
    ):
        next(iter(query), None)
        twin = copied(query)
        assert twin is not query and (twin.last, twin.resp, twin.scanned) == (None, None, 0)
        assert games(twin) == games(copied(twin)) == games(query) == expected
        assert repr(twin) == repr(query)
        assert twin.explain().request == query.explain().request


def test_queries_are_equal_to_themselves_alone_and_can_stand_in_sets(score):
    query, other = score.query(user="ann"), score.query(user="ann")
    assert query == query and query != other and len({query, other, query}) == 2
    assert query.filter() is not query and query.limit(3) is not query

"""Arguments that reads pass through to boto3."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import InvalidExpression, InvalidKey

from ..libraries import natives
from ..scores import GAMES, filled, games, score_values
from ..traffic import sent_by


def test_kwargs_have_the_form_of_boto3s_resource_and_are_merged_with_ours(score):
    query = score.query(
        user="ann",
        wins=1,
        query_kwargs={
            "KeyConditionExpression": "#g > :g",
            "FilterExpression": "points < :most OR points = :exactly",
            "ExpressionAttributeNames": {"#g": "game"},
            "ExpressionAttributeValues": {":g": "g0", ":most": 20, ":exactly": 50},
        },
    )
    assert games(query) == ["g1", "g5"]
    assert query.count() == 2
    assert games(query.limit(1)) == ["g1"]
    assert games(query.limit(1).again()) == ["g1"]
    scan = score.scan(wins=1, scan_kwargs={"FilterExpression": Attr("points").gt(20) & Attr("user").eq("ben")})
    assert sorted(games(scan)) == ["g3", "g5"]


def test_kwargs_may_use_the_placeholders_that_we_use(score):
    given = {
        "FilterExpression": "#f0 = :f0 AND #k0 <> :k0 AND #_f0 <> :_k0",
        "ExpressionAttributeNames": {"#f0": "points", "#k0": "losses", "#_f0": "losses", "#p0": "meta"},
        "ExpressionAttributeValues": {":f0": 30, ":k0": -1, ":_k0": -2},
        "ProjectionExpression": "#p0",
    }
    before = {name: dict(value) if isinstance(value, dict) else value for name, value in given.items()}
    query = score.query(user="ann", wins=1, query_kwargs=given).only("note")
    assert natives(query.one()) == {"user": "ann", "game": "g3", "note": "odd", "meta": {"level": 3}}
    assert given == before
    scan = score.scan(wins=1, user="ann", scan_kwargs=given)
    assert natives(scan.one()) == {"user": "ann", "game": "g3", "meta": {"level": 3}}


def test_the_whole_key_condition_may_be_given_as_text(score):
    names = {"ExpressionAttributeNames": {"#u": "user"}, "ExpressionAttributeValues": {":u": "ann"}}
    query = score.query(query_kwargs={"KeyConditionExpression": "#u = :u", **names})
    assert games(query) == list(GAMES)
    assert games(query.filter(wins=1)) == ["g1", "g3", "g5"]
    assert games(query.filter(game__gte="g3")) == ["g3", "g4", "g5"]


def test_limit_index_start_and_the_like_in_kwargs_mean_our_own(score):
    limited = score.query(user="ann", query_kwargs={"Limit": 2}).filter(wins=1).page_size(1)
    assert games(limited) == ["g1", "g3"]
    assert games(limited.limit(3)) == ["g1", "g3", "g5"]
    assert games(score.scan(scan_kwargs={"Limit": 3}, user="ann", wins=1)) == ["g1", "g3", "g5"]
    indexed = score.query(nick="ann-1", query_kwargs={"IndexName": "by-nick"})
    assert games(indexed) == ["g1", "g3", "g5"]
    assert indexed.explain().index_name == "by-nick"
    assert all(one.is_partial for one in score.scan(scan_kwargs={"IndexName": "by-note"}))
    with pytest.raises(InvalidKey, match=r"no index 'by-nik'; there are: .*by-nick"):
        score.query(query_kwargs={"IndexName": "by-nik"})
    started = {"ExclusiveStartKey": {"user": "ann", "game": "g3"}}
    assert games(score.query(user="ann", query_kwargs=started)) == ["g4", "g5"]
    assert games(score.query(user="ann", query_kwargs={"ExclusiveStartKey": None})) == list(GAMES)
    backwards = score.query(user="ann", query_kwargs={"ScanIndexForward": False})
    assert games(backwards) == list(GAMES[::-1])
    assert backwards.first(reverse=True).game == "g0"
    assert games(backwards.reverse(False)) == list(GAMES)
    with sent_by(score) as sent:
        score.query(user="ann", query_kwargs={"ConsistentRead": True, "ReturnConsumedCapacity": "INDEXES"}).all()
    assert sent[0].payload["ConsistentRead"] is True
    assert sent[0].payload["ReturnConsumedCapacity"] == "INDEXES"


def test_indexes_take_kwargs_by_position_as_they_did(score):
    model = filled(score)
    assert len(model.ByGame.query({"Limit": 1}, game="g1").all()) == 1
    assert len(model.ByGame.scan({"Limit": 2}).all()) == 2
    assert games(model.ByGame.query({"user": "ann"}, game="g1")) == ["g1"]


def test_select_in_kwargs(score):
    counted = score.query(user="ann", query_kwargs={"Select": "COUNT"})
    assert counted.count() == 6
    with sent_by(score) as sent, pytest.raises(InvalidExpression, match=r"\.count\(\)"):
        list(counted)
    assert sent == []
    whole = score.ByPoints.query(user="ann", query_kwargs={"Select": "ALL_ATTRIBUTES"})
    assert natives(whole.first()) == score_values("ann", 0)
    assert score.ByGame.query(game="g1", query_kwargs={"Select": "ALL_PROJECTED_ATTRIBUTES"}).count() == 2


def test_kwargs_that_the_verb_supplies_itself_are_refused(score):
    with sent_by(score) as sent, pytest.raises(InvalidExpression, match="TableName"):
        score.query(user="ann", query_kwargs={"TableName": "other"}).all()
    with pytest.raises(InvalidExpression, match="3 is no condition"):
        score.query(user="ann", query_kwargs={"FilterExpression": 3}).all()
    assert sent == []

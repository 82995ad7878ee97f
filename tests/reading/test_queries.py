"""Queries and scans of one model, from conditions on keys to what is refused."""

from __future__ import annotations

import pytest

from dynamorm import (
    DynaModel,
    GlobalIndex,
    InvalidExpression,
    InvalidKey,
    InvalidSchemaField,
    LocalIndex,
    NotProjected,
    ProjectAll,
    ProjectInclude,
    Q,
    ValidationError,
)

fields = pytest.importorskip("marshmallow.fields")


class Score(DynaModel):
    class Table:
        name = "scores"
        hash_key = "user"
        range_key = "game"
        billing_mode = "PAY_PER_REQUEST"

    class ByGame(GlobalIndex):
        name = "by-game"
        hash_key = "game"
        range_key = "points"
        projection = ProjectInclude("wins")

    class ByPoints(LocalIndex):
        name = "by-points"
        hash_key = "user"
        range_key = "points"
        projection = ProjectAll()

    class Schema:
        user = fields.String(required=True)
        game = fields.String(required=True)
        points = fields.Integer()
        wins = fields.Integer()
        at = fields.DateTime()
        tags = fields.List(fields.String())
        meta = fields.Dict()
        place = fields.Nested({"city": fields.String(data_key="City"), "zip": fields.String()})


@pytest.fixture
def scores(dynamo_tables):
    dynamo_tables(Score)
    for user in ("ann", "ben"):
        for number in range(6):
            Score.put(
                {
                    "user": user,
                    "game": f"g{number}",
                    "points": number * 10,
                    "wins": number % 2,
                    "at": f"2024-0{number + 1}-01T00:00:00",
                    "tags": ["even"] if number % 2 == 0 else ["odd", "low"],
                    "meta": {"level": number},
                    "place": {"city": "Oslo" if number < 3 else "Rome"},
                }
            )
    return Score


def games(found):
    return [score.game for score in found]


def test_a_query_gives_the_items_of_a_hash_key_in_order(scores):
    assert games(scores.query(user="ann")) == ["g0", "g1", "g2", "g3", "g4", "g5"]
    assert games(scores.query(user="ann", game__gte="g3").reverse()) == ["g5", "g4", "g3"]
    assert games(scores.query(user="ann", game__gte="g1", game__lte="g2")) == ["g1", "g2"]
    assert games(scores.query(user="ann", game__between=["g1", "g3"]).filter(wins=1)) == ["g1", "g3"]
    assert games(scores.query(Q(user="ann") & Q(game__begins_with="g4"))) == ["g4"]
    assert games(scores.ByPoints.query(user="ben", points__lt=20).consistent()) == ["g0", "g1"]


def test_a_query_can_be_kept_refined_and_used_again(scores):
    base = scores.query(user="ann")
    assert base.count() == 6
    assert games(base.filter(wins=0)) == ["g0", "g2", "g4"]
    assert games(base.limit(2)) == ["g0", "g1"]
    assert games(base) == games(base) == ["g0", "g1", "g2", "g3", "g4", "g5"]
    assert base.first().game == "g0"
    assert base.filter(wins=9).first() is None


def test_iteration_goes_on_over_pages_even_those_where_nothing_matched(scores):
    assert games(scores.query(user="ann").page_size(1).filter(points=50)) == ["g5"]
    assert scores.scan(points=50).page_size(1).count() == 2
    assert len(scores.scan().page_size(5).limit(7).all()) == 7


@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({"points": 10}, {"g1"}),
        ({"points__ne": 10}, {"g0", "g2", "g3", "g4", "g5"}),
        ({"points__in": [10, 30]}, {"g1", "g3"}),
        ({"points__is_in": (20,)}, {"g2"}),
        ({"at__gte": "2024-05-01T00:00:00"}, {"g4", "g5"}),
        ({"at__begins_with": "2024-02"}, {"g1"}),
        ({"tags__contains": "odd"}, {"g1", "g3", "g5"}),
        ({"tags__not_contains": "odd"}, {"g0", "g2", "g4"}),
        ({"tags__size": 2}, {"g1", "g3", "g5"}),
        ({"tags__size__lt": 2, "points__gt": 10}, {"g2", "g4"}),
        ({"tags__0": "even"}, {"g0", "g2", "g4"}),
        ({"meta__level": 3}, {"g3"}),
        ({"meta__level__gte": 4}, {"g4", "g5"}),
        ({"place__city": "Rome", "wins": 0}, {"g4"}),
        ({"place__zip__not_exists": True, "wins": 1}, {"g1", "g3", "g5"}),
        ({"place__zip": None, "points": 0}, {"g0"}),
        ({"place__ne": None, "points": 0}, {"g0"}),
        ({"points__type": "N", "wins__exists": True, "points": 0}, {"g0"}),
    ],
)
def test_every_operator_finds_what_it_says(scores, lookups, expected):
    assert set(games(scores.scan(user="ann", **lookups))) == expected


def test_conditions_compose(scores):
    either = Q(points=10) | (Q(wins=0) & ~Q(points__lt=40))
    assert set(games(scores.scan(either, user="ann"))) == {"g1", "g4"}
    assert len(scores.scan(Q()).all()) == 12
    assert len(scores.scan(Q() & Q(user="ann")).all()) == 6
    with pytest.raises(TypeError, match="no truth value"):
        bool(Q(points=1))


def test_a_part_projecting_index_gives_partial_instances_and_refuses_other_filters(scores):
    (score,) = scores.ByGame.query(game="g5", points=50).filter(wins=1).limit(1)
    assert score.wins == 1 and score.at is None
    with pytest.raises(NotProjected, match="does not hold at"):
        scores.ByGame.query(game="g5").filter(at="2024-01-01T00:00:00").all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda s: s.query(game="g1"), InvalidKey, "needs user="),
        (lambda s: s.query(user__begins_with="a"), InvalidKey, "finds by equality alone"),
        (lambda s: s.query(user="a", game__contains="g"), InvalidKey, "scan\\(\\) can"),
        (lambda s: s.query(user="a").filter(Q(game="g") | Q(wins=1)), InvalidKey, "no filter on a key"),
        (lambda s: s.query(user="a", game__gt="g", game__lt="h"), InvalidKey, "one condition on game"),
        (lambda s: s.ByGame.query(game="g").consistent(), InvalidKey, "no consistent reads"),
        (lambda s: s.scan(ponits=1), InvalidSchemaField, "did you mean 'points'"),
        (lambda s: s.scan(points__near=1), InvalidSchemaField, "'near' is nothing of 'points'"),
        (lambda s: s.scan(points="many"), ValidationError, "cannot be converted"),
        (lambda s: s.scan(points__in=5), InvalidExpression, "list of values"),
        (lambda s: s.scan(points__between=[1]), InvalidExpression, "two values"),
        (lambda s: s.scan(points__lt=None), InvalidExpression, "only eq and ne"),
        (lambda s: s.scan(points__exists=False), TypeError, "takes True"),
        (lambda s: s.scan("points > 5"), InvalidExpression, "is no condition"),
    ],
)
def test_what_dynamodb_cannot_do_is_refused_before_anything_is_sent(make, error, message):
    with pytest.raises(error, match=message):
        list(make(Score))

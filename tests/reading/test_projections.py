"""What is read of each item."""

from __future__ import annotations

import pytest

from dynamorm import InvalidSchemaField, ValidationError

from ..libraries import natives
from ..scores import games


def test_only_and_specific_attributes_read_a_part_and_always_the_key(score):
    for query in (
        score.query(user="ann").only("wins", "nick"),
        score.query(user="ann").specific_attributes(["wins", "nick"]),
        score.query(user="ann").only(score.wins, score.nick),
        score.query(user="ann").only("user", "game", "wins", "nick"),
    ):
        found = query[1]
        assert natives(found) == {"user": "ann", "game": "g1", "wins": 1, "nick": "ann-1"}
        assert found.is_partial
    assert natives(score.query(user="ann").only()[1]) == {"user": "ann", "game": "g1"}
    assert natives(score.scan(user="ann", game="g2").only("meta.level").one()) == {
        "user": "ann",
        "game": "g2",
        "meta": {"level": 2},
    }
    indexed = score.ByPoints.query(user="ann").only("wins").limit(2)
    assert natives(indexed[0]) == {"user": "ann", "game": "g0", "points": 0, "wins": 0}
    assert games(indexed) == ["g0", "g1"]
    assert indexed.last == {"user": "ann", "game": "g1", "points": 10}
    with pytest.raises(InvalidSchemaField, match="did you mean 'wins'"):
        list(score.query(user="ann").only("win"))


def test_a_projection_of_ones_own_keeps_the_key_too(score):
    for text, names in (("wins", {}), ("#w, #u", {"#w": "wins", "#u": "user"}), ("wins, game, #p0", {"#p0": "user"})):
        kwargs = {"ProjectionExpression": text}
        if names:
            kwargs["ExpressionAttributeNames"] = names
        query = score.query(user="ann", query_kwargs=kwargs).limit(2)
        found = query.all()
        assert [natives(one) for one in found] == [
            {"user": "ann", "game": "g0", "wins": 0},
            {"user": "ann", "game": "g1", "wins": 1},
        ]
        assert found[0].is_partial
        assert query.last == {"user": "ann", "game": "g1"}


def test_partial_says_whether_what_is_read_may_lack_what_is_required(score):
    score.Table.table.put_item(Item={"user": "eve", "game": "g0"})
    with pytest.raises(ValidationError):
        score.query(user="eve").one()
    found = score.query(user="eve").partial().one()
    assert found.is_partial and found.points is None
    with pytest.raises(ValidationError):
        score.query(user="eve").only("wins").partial(False).one()

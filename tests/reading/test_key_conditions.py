"""Conditions on keys: where they may stand, and what is refused."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr, Key

from dynamorm import F, InvalidExpression, InvalidKey, InvalidSchemaField, NotProjected, Q, ValidationError

from ..scores import games, places, score_model, score_values
from ..traffic import sent_by

GIVEN = {
    "keywords": lambda s: s.query(user="ann", game__gte="g4"),
    "a Q": lambda s: s.query(Q(user="ann", game__gte="g4")),
    "two Qs": lambda s: s.query(Q(game__gte="g4"), Q(user="ann")),
    "nested Qs": lambda s: s.query(Q(wins__exists=True) & (Q(game__gte="g4") & Q(user="ann"))),
    "references": lambda s: s.query(s.user == "ann", s.game >= "g4"),
    "references anded": lambda s: s.query((s.game >= "g4") & (s.user == "ann")),
    "F": lambda s: s.query(F("user") == "ann", F("game") >= "g4"),
    "boto3's": lambda s: s.query(Key("game").gte("g4") & Key("user").eq("ann")),
    "boto3's and ours": lambda s: s.query(Key("user").eq("ann") & Q(game__gte="g4")),
    "boto3's attribute": lambda s: s.query(Attr("user").eq("ann"), game__gte="g4"),
    "filter": lambda s: s.query().filter(user="ann", game__gte="g4"),
    "key": lambda s: s.query().key(user="ann").key(Key("game").gte("g4")),
    "filter and key": lambda s: s.query(game__gte="g4").filter(wins__exists=True).key(user="ann"),
    "query_kwargs": lambda s: s.query(
        query_kwargs={"KeyConditionExpression": Key("user").eq("ann") & Key("game").gte("g4")}
    ),
    "find": lambda s: s.find(user="ann", game__gte="g4"),
    "None is neutral": lambda s: s.query(None, Q(), user="ann", game__gte="g4").filter(None),
}


def test_key_conditions_are_found_in_everything_that_is_given(score):
    for given, make in GIVEN.items():
        query = make(score)
        assert games(query) == ["g4", "g5"], given
        assert "KeyConditionExpression" in query.explain().request.payload
        assert len(query.explain().keys) == 2
        filters = query.explain().filters
        assert not any("user" in repr(part) or "game" in repr(part) for part in filters)


def test_one_condition_on_the_range_key(score):
    for lookups, expected in (
        ({"game": "g3"}, ["g3"]),
        ({"game__eq": "g3"}, ["g3"]),
        ({"game__lt": "g2"}, ["g0", "g1"]),
        ({"game__lte": "g2"}, ["g0", "g1", "g2"]),
        ({"game__gt": "g3"}, ["g4", "g5"]),
        ({"game__gte": "g3"}, ["g3", "g4", "g5"]),
        ({"game__between": ("g1", "g3")}, ["g1", "g2", "g3"]),
        ({"game__begins_with": "g2"}, ["g2"]),
        ({"game__lte": "g3", "game__gte": "g2"}, ["g2", "g3"]),
    ):
        query = score.query(user="ann", **lookups)
        assert games(query) == expected
        assert not query.explain().filters


def test_conditions_on_numbers_of_an_index(score):
    assert games(score.ByPoints.query(user="ann", points__gt=30)) == ["g4", "g5"]
    assert games(score.ByPoints.query(user="ann", points__gte=10, points__lte=20)) == ["g1", "g2"]
    assert games(score.ByPoints.query(user="ann", points__between=[10, 20]).reverse()) == ["g2", "g1"]
    assert places(score.ByGame.query(game="g1", points=10, wins=1)) in (
        [("ann", "g1"), ("ben", "g1")],
        [("ben", "g1"), ("ann", "g1")],
    )
    moments = [score_values("ann", number)["at"] for number in (1, 3)]
    assert games(score.ByNick.query(nick="ann-1", at__between=moments)) == ["g1", "g3"]
    # the key of the table is an ordinary attribute for an index, and so may be filtered on
    assert places(score.ByGame.query(game="g1").filter(user="ben")) == [("ben", "g1")]
    assert games(score.ByPoints.query(user="ann").filter(game__in=["g1", "g4"])) == ["g1", "g4"]


REFUSED = {
    "no hash key": (lambda s: s.query(wins=1), "needs user=.*scan"),
    "nothing at all": (lambda s: s.query(), "needs user="),
    "a hash key of an index": (lambda s: s.query(nick="ann-1"), "index 'by-nick' can be queried"),
    "a hash key of the table": (lambda s: s.ByNick.query(user="ann"), "needs nick=.*the table or index 'by-points'"),
    "begins_with on the hash key": (lambda s: s.query(user__begins_with="a"), "begins_with; scan\\(\\) can"),
    "in on the hash key": (lambda s: s.query(user__in=["ann"]), "not with in; scan\\(\\) can"),
    "the hash key twice": (lambda s: s.query(user="ann").filter(user="ben"), "one value of user"),
    "the hash key or another": (lambda s: s.query(Q(user="ann") | Q(user="ben")), "user"),
    "the hash key negated": (lambda s: s.query(~Q(user="ann")), "user"),
    "the hash key as nothing": (lambda s: s.query(user=None), "user"),
    "the hash key as another attribute": (lambda s: s.query(s.user == s.nick), "user"),
    "the range key as another attribute": (lambda s: s.query(s.game == s.nick, user="ann"), "game"),
    "ne on the range key": (lambda s: s.query(user="ann", game__ne="g1"), "not with ne"),
    "contains on the range key": (lambda s: s.query(user="ann", game__contains="g"), "not with contains"),
    "exists on the range key": (lambda s: s.query(user="ann", game__exists=True), "not with exists"),
    "size of the range key": (lambda s: s.query(user="ann", game__size=2), "not with size"),
    "range key as nothing": (lambda s: s.query(user="ann", game=None), "game"),
    "two bounds of one kind": (lambda s: s.query(user="ann", game__gt="a", game__lte="b"), "one condition on game"),
    "three bounds": (lambda s: s.query(user="ann", game__gte="a", game__lte="b", game="a"), "one condition on game"),
    "range key in a filter": (lambda s: s.query(user="ann").filter(Q(game="g1") | Q(wins=1)), "no filter on a key"),
    "range key of an index": (lambda s: s.ByPoints.query(user="ann", points__in=[1]), "not with in"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_find_items_by_key_is_refused_before_any_request(library, what):
    score = score_model(library)
    make, message = REFUSED[what]
    with sent_by(score) as sent:
        for use in (list, lambda query: query.explain(), lambda query: query.count(), lambda query: query.delete()):
            with pytest.raises(InvalidKey, match=message):
                use(make(score))
    assert sent == []


def test_filters_on_what_an_index_does_not_hold_are_refused_before_any_request(score):
    for read in (
        score.ByGame.query(game="g1", losses=1),
        score.ByGame.query(game="g1").filter(Q(wins=1) | ~Q(at="2024-01-01T00:00:00Z")),
        score.ByNote.query(note="odd", nick="ann-1"),
        score.ByNote.scan(wins=1),
        score.ByGame.query(game="g1").only("losses"),
        score.ByGame.query(game="g1", losses=1).hydrate(),
        score.ByGame.query(game="g1").filter(F("wins") > F("losses")),
    ):
        with sent_by(score) as sent, pytest.raises(NotProjected, match="does not hold"):
            list(read)
        assert sent == []
    assert places(score.ByGame.query(game="g1").filter(nick="ben-1", user="ben", wins=1, points=10)) == [("ben", "g1")]


def test_conditions_are_those_of_the_one_grammar(score):
    either = score.query(user="ann").filter((score.wins == 1) | Q(points__lt=10) | Attr("points").eq(40))
    assert games(either) == ["g0", "g1", "g3", "g4", "g5"]
    assert games(score.query(user="ann", meta__level__gte=4)) == ["g4", "g5"]
    assert games(score.query(score.losses < score.wins, user="ann")) == ["g5"]
    assert games(score.query(user="ann", nick__exists=True, tags__size=2)) == ["g1", "g3", "g5"]
    with pytest.raises(InvalidSchemaField, match="did you mean 'wins'"):
        score.query(user="ann", win=1).explain()
    with pytest.raises(ValidationError):
        score.query(user="ann", wins="many").explain()


def test_bounds_that_exclude_all_find_nothing_without_a_request(score, sent):
    sent.clear()
    for query in (
        score.query(user="ann", game__gte="g5", game__lte="g1"),
        score.query(game__lte="g1", user="ann").filter(game__gte="g5", wins=1),
        score.ByPoints.query(score.points >= 30, score.points <= 20, user="ann"),
        score.find(user="ann", points__gte=10, points__lte=9),
    ):
        for _ in range(2):
            assert list(query) == [] and query.count() == 0 and not query.exists()
    assert sent == []
    assert games(score.query(user="ann", game__gte="g1", game__lte="g1")) == ["g1"]
    assert games(score.ByPoints.query(user="ann", points__gte=9, points__lte=20)) == ["g1", "g2"]
    with pytest.raises(InvalidExpression, match="the lower one first"):
        score.ByPoints.query(user="ann", points__between=[30, 20]).all()
    with pytest.raises(InvalidKey, match="never empty"):
        score.query(user="").all()
    with pytest.raises(InvalidKey, match="never empty"):
        score.query(user="ann", game="").all()
    sent.clear()
    for bounds in ({"begins_with": ""}, {"gt": ""}, {"lte": ""}, {"between": ["", "g"]}, {"gte": "", "lte": "g"}):
        conditions = {f"game__{operator}": value for operator, value in bounds.items()}
        with pytest.raises(InvalidKey, match="game is a key, and keys are never empty"):
            score.query(user="ann", **conditions).all()
    assert sent == []

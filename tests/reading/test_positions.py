"""Limits, and the positions from which a read goes on."""

from __future__ import annotations

import itertools

import pytest

from dynamorm import InvalidExpression, InvalidKey

from ..scores import GAMES, games, places
from ..traffic import sent_by


@pytest.mark.parametrize("size", [None, 1, 2, 4])
def test_limit_counts_items_returned_and_cuts_the_place_to_go_on_from_right_after_them(score, size):
    for filters, limit in itertools.product(({}, {"wins": 1}), (1, 2, 3, 6, 7)):
        read = score.query(user="ann").filter(**filters)
        expected = games(read)
        read = read if size is None else read.page_size(size)
        limited = read.limit(limit)
        assert games(limited) == expected[:limit]
        if limit < len(expected):
            assert limited.last is not None
            assert games(read.start(limited.last)) == expected[limit:]
            assert games(limited.again()) == expected[limit : 2 * limit]
        elif limit > len(expected):
            assert limited.last is None


def test_a_limit_does_not_make_filtered_reads_look_at_items_one_by_one(score):
    with sent_by(score) as sent:
        assert games(score.query(user="ann").filter(points=50).limit(1)) == ["g5"]
        assert games(score.query(user="ann").limit(2)) == ["g0", "g1"]
    assert [request.payload.get("Limit") for request in sent] == [None, 2]


def test_limits_and_page_sizes_are_positive_numbers(score):
    for wrong in (0, -1, "3", 1.5, True, None):
        with pytest.raises(InvalidExpression, match="positive integer"):
            score.query(user="ann").limit(wrong)
        with pytest.raises(InvalidExpression, match="positive integer"):
            score.query(user="ann").page_size(wrong)
        with pytest.raises(InvalidExpression, match="positive integer"):
            score.query(user="ann").page(wrong)


def test_last_is_the_raw_key_after_which_the_latest_iteration_stopped(score):
    query = score.query(user="ann")
    assert query.last is None
    iterator = iter(query)
    for _ in range(3):
        next(iterator)
    assert query.last == {"user": "ann", "game": "g2"}
    list(iterator)
    assert query.last is None
    indexed = score.ByPoints.query(user="ann", points__gte=10)
    for one in indexed:
        if one.game == "g3":
            break
    assert indexed.last == {"user": "ann", "game": "g3", "points": 30}
    assert games(indexed.start(indexed.last)) == ["g4", "g5"]


def test_start_takes_a_raw_key_a_cursor_or_an_instance(score):
    query = score.query(user="ann")
    assert games(query.start({"user": "ann", "game": "g3"})) == ["g4", "g5"]
    assert games(query.start(score.get(user="ann", game="g3"))) == ["g4", "g5"]
    assert games(query.start(score(user="ann", game="g2x"))) == ["g3", "g4", "g5"]
    assert games(query.start(query.page(4).next_cursor)) == ["g4", "g5"]
    assert games(query.start(None)) == list(GAMES)
    assert games(query.reverse().start({"user": "ann", "game": "g3"})) == ["g2", "g1", "g0"]
    reached = score.get(user="ann", game="g3")
    assert games(score.ByPoints.query(user="ann").start(reached)) == ["g4", "g5"]
    assert places(score.ByGame.query(game="g3").start(reached)) in ([], [("ben", "g3")])
    with pytest.raises(InvalidKey, match="points"):
        list(score.ByPoints.query(user="ann").start(score(user="ann", game="g1")))
    for wrong in (3, object(), ("ann", "g1")):
        with pytest.raises(InvalidKey, match="cursor"):
            list(query.start(wrong))


def test_again_goes_on_from_last_else_restarts(score):
    query = score.query(user="ann").limit(4)
    assert games(query) == ["g0", "g1", "g2", "g3"]
    rest = query.again()
    assert games(rest) == ["g4", "g5"]
    assert games(rest.again()) == ["g4", "g5"]
    for one in query:
        if one.game == "g1":
            break
    assert games(query.again()) == ["g2", "g3", "g4", "g5"]
    assert games(score.query(user="ann").start({"user": "ann", "game": "g3"}).again()) == ["g4", "g5"]


def test_scanned_capacity_and_resp_describe_the_latest_iteration(score):
    query = score.query(user="ann").filter(wins=1).page_size(2)
    assert (query.scanned, query.capacity, query.resp) == (0, 0.0, None)
    list(query)
    assert query.scanned >= 6
    assert query.capacity > 0
    iterator = iter(query)
    next(iterator)
    assert query.scanned < 6
    assert query.resp["Count"] == 1
    assert query.resp["Items"][0]["points"] == 10
    assert query.resp["Items"][0]["Nick"] == "ann-1"
    assert query.resp["LastEvaluatedKey"] == {"user": "ann", "game": "g1"}
    next(query)
    assert query.last == {"user": "ann", "game": "g1"}


def test_reverse_gives_descending_order_and_takes_it_back(score):
    query = score.query(user="ann").reverse()
    assert games(query) == list(GAMES[::-1])
    assert games(query.page_size(2)) == list(GAMES[::-1])
    assert games(query.reverse(False)) == list(GAMES)
    with pytest.raises(InvalidExpression, match="no order"):
        score.scan().reverse()

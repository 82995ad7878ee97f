"""Indexes that hold only a part of each item, and reading the whole items through them."""

from __future__ import annotations

import pytest

from dynamorm import PartialInstance
from dynamorm.signals import pre_request

from ..libraries import natives
from ..scores import games, places, score_values
from ..traffic import sent_by


def test_what_comes_from_an_index_that_holds_a_part_is_partial_and_does_not_erase_the_rest(score):
    found = score.ByGame.query(game="g3").filter(user="ann").one()
    assert natives(found) == {"user": "ann", "game": "g3", "points": 30, "wins": 1, "nick": "ann-1"}
    assert found.is_partial
    with pytest.raises(PartialInstance):
        found.save()
    found.wins = 9
    found.save(partial=True)
    assert natives(score.get(user="ann", game="g3")) == {**score_values("ann", 3), "wins": 9}
    assert not score.ByNick.query(nick="ann-1").first().is_partial


@pytest.mark.parametrize("size", [None, 1, 2])
def test_hydrate_gives_whole_instances_in_the_order_of_the_index(score, size):
    query = score.ByNote.query(note="odd").hydrate()
    query = query if size is None else query.page_size(size)
    found = query.all()
    assert len(found) == 6
    assert sorted(places(found)) == [(user, game) for user in ("ann", "ben") for game in ("g1", "g3", "g5")]
    assert places(found) == places(score.ByNote.query(note="odd"))
    assert not any(one.is_partial for one in found)
    for one in found:
        assert natives(one) == score_values(one.user, int(one.game[1]))
    assert games(score.ByNote.query(note="odd").hydrate().limit(2)) == games(found)[:2]
    assert score.ByNote.scan().hydrate().first().at is not None


def test_hydrate_asks_page_by_page(score):
    with sent_by(score) as sent:
        iterator = iter(score.ByNote.query(note="odd").page_size(2).hydrate())
        next(iterator)
        assert [request.operation for request in sent] == ["Query", "BatchGetItem"]
        list(iterator)
    operations = [request.operation for request in sent]
    assert operations[:4] == ["Query", "BatchGetItem", "Query", "BatchGetItem"]
    assert operations.count("BatchGetItem") == 3


def test_hydrated_reads_go_on_from_cursors(score):
    query = score.ByNote.query(note="odd").hydrate()
    expected = places(query)
    found, cursor = [], None
    for _ in range(3):
        page = query.page(2, cursor)
        found += places(page.items)
        cursor = page.next_cursor
    assert (found, cursor) == (expected, None)
    by_game = score.ByGame.query(game="g3", points=30).hydrate()
    first, second = by_game.page(1), by_game.page(1, by_game.page(1).next_cursor)
    assert sorted(places([*first.items, *second.items])) == [("ann", "g3"), ("ben", "g3")]
    assert first.items[0].losses == 2


def test_hydrate_reads_parts_if_only_parts_are_wanted_and_passes_over_what_is_gone(score):
    found = score.ByNote.query(note="odd").hydrate().only("losses")
    assert natives(found[0]).keys() == {"user", "game", "losses"}
    assert found[0].is_partial

    def delete_before_hydration(sender, request):
        if request.operation == "BatchGetItem":
            score.Table.table.delete_item(Key={"user": "ann", "game": "g3"})

    with pre_request.connected_to(delete_before_hydration, sender=score):
        found = score.ByNote.query(note="odd").hydrate().all()
    assert ("ann", "g3") not in places(found) and len(found) == 5


def test_the_place_of_a_hydrated_item_is_the_one_in_the_index(score):
    def move_before_hydration(sender, request):
        if request.operation == "BatchGetItem":
            key = {"user": "ann", "game": "g3"}
            value = {":p": 99}
            score.Table.table.update_item(Key=key, UpdateExpression="SET points = :p", ExpressionAttributeValues=value)

    query = score.ByPoints.query(user="ann", points__gte=30).hydrate().page_size(3)
    with pre_request.connected_to(move_before_hydration, sender=score):
        first = next(query)
    assert (first.game, first.points) == ("g3", 99)
    assert query.last == {"user": "ann", "game": "g3", "points": 30}
    part = score.ByNick.query(nick="ben-1").hydrate().only("losses")
    assert games(part.page(2, part.page(1).next_cursor).items) == ["g3", "g5"]


def test_hydration_is_as_consistent_as_the_read(score):
    with sent_by(score) as sent:
        score.ByPoints.query(user="ann").consistent().hydrate().all()
        score.ByPoints.query(user="ann").hydrate().all()
    asked = [next(iter(r.payload["RequestItems"].values())) for r in sent if r.operation == "BatchGetItem"]
    assert [one.get("ConsistentRead", False) for one in asked] == [True, False]

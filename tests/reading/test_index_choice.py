"""``find`` chooses the table or the index, and ``explain`` tells it."""

from __future__ import annotations

import pytest

from dynamorm import AmbiguousIndex, GlobalIndex, InvalidKey, ProjectAll, ProjectInclude, ProjectKeys

from ..libraries import text
from ..scores import GAMES, games
from ..traffic import sent_by


def test_find_picks_the_table_or_the_index_that_the_keys_lead_to(score):
    for conditions, index, expected in (
        ({"user": "ann"}, None, list(GAMES)),
        ({"user": "ann", "game": "g1"}, None, ["g1"]),
        ({"user": "ann", "points__gte": 40}, "by-points", ["g4", "g5"]),
        ({"nick": "ann-1"}, "by-nick", ["g1", "g3", "g5"]),
        ({"note": "odd", "nick": "ann-1"}, "by-nick", ["g1", "g3", "g5"]),
        ({"game": "g3", "points": 30, "wins": 1}, "by-game", ["g3", "g3"]),
    ):
        found = score.find(**conditions)
        assert found.explain().index_name == index
        assert games(found) == expected
    assert score.find(nick="ann-1").first(reverse=True).game == "g5"
    with pytest.raises(InvalidKey, match="needs a hash key: one of user, game, note, nick"):
        list(score.find(wins=1))
    with pytest.raises(InvalidKey):
        list(score.find(user__begins_with="a"))


def _shelf(library):
    class ByOwner(GlobalIndex):
        name = "by-owner"
        hash_key = "owner"
        range_key = "room"
        projection = ProjectInclude("title")

    class ByOwnerAndTitle(GlobalIndex):
        name = "by-owner-and-title"
        hash_key = "owner"
        range_key = "title"
        projection = ProjectInclude("room")

    class ByOwnerAlone(GlobalIndex):
        name = "by-owner-alone"
        hash_key = "owner"
        projection = ProjectKeys()

    class ByRoom(GlobalIndex):
        name = "by-room"
        hash_key = "room"
        projection = ProjectInclude("title")

    class ByRoomWide(GlobalIndex):
        name = "by-room-wide"
        hash_key = "room"
        projection = ProjectAll()

    indexes = (ByOwner, ByOwnerAndTitle, ByOwnerAlone, ByRoom, ByRoomWide)
    fields = {"code": text(required=True), "owner": text(), "room": text(), "title": text(), "note": text()}
    body = {index.__name__: index for index in indexes}
    return library.model("Shelf", {"name": "shelves", "hash_key": "code"}, fields, **body)


def test_find_breaks_ties_by_the_range_key_then_by_the_wider_projection(library, dynamo_tables):
    (shelf,) = dynamo_tables(_shelf(library))
    shelf.put({"code": "1", "owner": "ann", "room": "hall", "title": "maps"})
    assert shelf.find(owner="ann", room="hall").explain().index_name == "by-owner"
    assert shelf.find(owner="ann", title__begins_with="m").explain().index_name == "by-owner-and-title"
    assert shelf.find(room="hall").explain().index_name == "by-room-wide"
    assert shelf.find(code="1", owner="ann").explain().index_name is None
    assert shelf.find(owner="ann", room="hall").one().code == "1"
    with sent_by(shelf) as sent, pytest.raises(AmbiguousIndex) as caught:
        list(shelf.find(owner="ann"))
    assert "'by-owner'" in str(caught.value) and "'by-owner-and-title'" in str(caught.value)
    assert "by-owner-alone" not in str(caught.value) and "by-room" not in str(caught.value)
    with pytest.raises(AmbiguousIndex):
        shelf.find(owner="ann", room="hall", title="maps").explain()
    assert sent == []
    assert shelf.find(owner="ann", query_kwargs={"IndexName": "by-owner"}).one().code == "1"
    assert shelf.find(owner="ann").on("by-owner-and-title").explain().index_name == "by-owner-and-title"


def test_explain_says_index_key_filters_and_request_without_asking(score):
    with sent_by(score) as sent:
        plan = score.find(user="ann", points__gte=20, wins=1).limit(3).page_size(9).reverse().explain()
        scan = score.scan(wins=1).explain()
    assert sent == []
    assert plan.index_name == "by-points"
    assert len(plan.keys) == 2 and len(plan.filters) == 1
    assert plan.request.operation == "Query"
    assert plan.request.payload["IndexName"] == "by-points"
    assert plan.request.payload["Limit"] == 9
    assert plan.request.payload["ScanIndexForward"] is False
    assert "by-points" in str(plan) and "points" in str(plan) and "wins" in str(plan)
    assert (scan.index_name, scan.keys, scan.request.operation) == (None, (), "Scan")
    client = score.Table.client
    assert client.query(**plan.request.payload)["Count"] == 2

"""Section 6 of the contract: which table or index answers, what is sent, and what becomes of what matched."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr, Key

import dynamorm
from dynamorm import (
    AmbiguousIndex,
    F,
    GlobalIndex,
    InvalidExpression,
    InvalidKey,
    InvalidSchemaField,
    NotProjected,
    PartialInstance,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    Q,
    ScanRefused,
    ValidationError,
)
from dynamorm.signals import pre_request

from .models import natives, text
from .scores import GAMES, filled, games, places, requests_of, score_model, score_values

# Conditions on keys.

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
    with requests_of(score) as sent:
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
    ):
        with requests_of(score) as sent, pytest.raises(NotProjected, match="does not hold"):
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


# Choosing by itself.


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
    with requests_of(shelf) as sent, pytest.raises(AmbiguousIndex) as caught:
        list(shelf.find(owner="ann"))
    assert "'by-owner'" in str(caught.value) and "'by-owner-and-title'" in str(caught.value)
    assert "by-owner-alone" not in str(caught.value) and "by-room" not in str(caught.value)
    with pytest.raises(AmbiguousIndex):
        shelf.find(owner="ann", room="hall", title="maps").explain()
    assert sent == []
    assert shelf.find(owner="ann", query_kwargs={"IndexName": "by-owner"}).one().code == "1"
    assert shelf.find(owner="ann").on("by-owner-and-title").explain().index_name == "by-owner-and-title"


def test_explain_says_index_key_filters_and_request_without_asking(score):
    with requests_of(score) as sent:
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


# Indexes that hold a part.


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
    with requests_of(score) as sent:
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
    with requests_of(score) as sent:
        score.ByPoints.query(user="ann").consistent().hydrate().all()
        score.ByPoints.query(user="ann").hydrate().all()
    asked = [next(iter(r.payload["RequestItems"].values())) for r in sent if r.operation == "BatchGetItem"]
    assert [one.get("ConsistentRead", False) for one in asked] == [True, False]


# Where and when.


def test_a_query_begun_inside_using_and_finished_outside_reads_on_where_it_began(score, library):
    with dynamorm.using(table_prefix="elsewhere-" + score.Table.full_name[5:17]):
        score.Table.create_table()
        filled(score, ("cat",))
        begun = iter(score.scan().page_size(2))
        stepped = score.query(user="cat").page_size(2)
        next(stepped)
        pages = score.scan().page_size(2).pages()
        batch = score.get_batch([("cat", game) for game in GAMES])
        hydrated = iter(score.ByNote.query(note="odd").page_size(1).hydrate())
        lazy = score.query(user="cat")
        next(begun)
    try:
        assert games(begun) == list(GAMES[1:])
        assert games(stepped.again()) == [] and [one.game for one in iter(lambda: next(stepped, None), None)]
        assert [one.user for page in pages for one in page.items] == ["cat"] * 6
        assert sorted(games(batch)) == list(GAMES)
        last = list(hydrated)[-1]
        assert last.user == "cat" and last.at is not None
        assert list(lazy) == []
        last.update(wins=77)
        last.losses = 66
        last.save()
        assert score.query(user="cat").exists() is False
        last.refresh()
        assert (last.wins, last.losses) == (77, 66)
    finally:
        with dynamorm.using(table_prefix="elsewhere-" + score.Table.full_name[5:17]):
            score.Table.delete()


# Arguments of boto3's.


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
    with requests_of(score) as sent:
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
    with requests_of(score) as sent, pytest.raises(InvalidExpression, match=r"\.count\(\)"):
        list(counted)
    assert sent == []
    whole = score.ByPoints.query(user="ann", query_kwargs={"Select": "ALL_ATTRIBUTES"})
    assert natives(whole.first()) == score_values("ann", 0)
    assert score.ByGame.query(game="g1", query_kwargs={"Select": "ALL_PROJECTED_ATTRIBUTES"}).count() == 2


def test_kwargs_that_the_verb_supplies_itself_are_refused(score):
    with requests_of(score) as sent, pytest.raises(InvalidExpression, match="TableName"):
        score.query(user="ann", query_kwargs={"TableName": "other"}).all()
    with pytest.raises(InvalidExpression, match="3 is no condition"):
        score.query(user="ann", query_kwargs={"FilterExpression": 3}).all()
    assert sent == []


# Writing to everything that matches.


def test_delete_of_what_matched_counts(score):
    assert score.query(user="ann", game__gte="g2").filter(wins=1).page_size(1).delete() == 2
    assert games(score.query(user="ann")) == ["g0", "g1", "g2", "g4"]
    assert score.scan(user="ben").limit(2).delete() == 2
    assert score.query(user="ben").count() == 4
    assert score.ByGame.query(game="g4").delete() == 2
    assert score.query(user="nobody").delete() == 0
    assert score.scan().delete() == score.scan().count() + 6


def test_update_of_what_matched_counts(score):
    assert score.query(user="ann").filter(wins=1).page_size(2).update(losses=100, points__plus=1) == 3
    assert [(one.points, one.losses) for one in score.query(user="ann", game__lte="g1")] == [(0, 5), (11, 100)]
    assert score.scan(losses=100).update(score.losses.remove(), nick="gone") == 3
    changed = score.get(user="ann", game="g1")
    assert (changed.losses, changed.nick) == (None, "gone")
    assert score.ByGame.query(game="g5").update(meta__level__plus=1) == 2
    assert score.get(user="ben", game="g5").meta == {"level": 6}
    assert score.query(user="ann").update() == 0
    with pytest.raises(InvalidKey):
        score.query(user="ann").update(game="g9")
    with pytest.raises(ValidationError):
        score.query(user="ann").update(wins="many")


def _change_before(operation, model, **key_and_change):
    """Let somebody else change an item right before the first request of a kind."""
    done = []

    def interfere(sender, request):
        if request.operation == operation and not done:
            done.append(request)
            change = dict(key_and_change)
            key = {"user": change.pop("user"), "game": change.pop("game")}
            if change:
                for name, value in change.items():
                    model.Table.table.update_item(
                        Key=key,
                        UpdateExpression="SET #n = :v",
                        ExpressionAttributeNames={"#n": name},
                        ExpressionAttributeValues={":v": value},
                    )
            else:
                model.Table.table.delete_item(Key=key)

    return pre_request.connected_to(interfere, sender=model)


def test_update_skips_what_no_longer_matches_and_brings_nothing_back(score):
    with _change_before("UpdateItem", score, user="ann", game="g3", wins=0):
        assert score.query(user="ann").filter(wins=1).update(losses=100) == 2
    assert score.get(user="ann", game="g3").losses == 2
    with _change_before("UpdateItem", score, user="ann", game="g4"):
        assert score.query(user="ann", game__gte="g4").update(losses=50) == 1
    assert score.get(user="ann", game="g4") is None


def test_delete_skips_what_no_longer_matches(score):
    with _change_before("DeleteItem", score, user="ann", game="g3", wins=0):
        assert score.query(user="ann").filter(wins=1).delete() == 2
    assert games(score.query(user="ann")) == ["g0", "g2", "g3", "g4"]
    with _change_before("DeleteItem", score, user="ann", game="g2"):
        assert score.query(user="ann").delete() == 3
    with _change_before("DeleteItem", score, user="ben", game="g3", points=31):
        assert score.ByPoints.query(user="ben", points__gte=30, points__lte=30).delete() == 0
    assert score.get(user="ben", game="g3").points == 31


def test_an_update_that_moves_items_within_the_index_that_is_read_changes_each_once(score):
    assert score.ByPoints.query(user="ann", points__gte=0).page_size(1).update(points__plus=1000) == 6
    assert [one.points for one in score.query(user="ann")] == [1000, 1010, 1020, 1030, 1040, 1050]
    assert score.ByPoints.query(user="ann").page_size(1).reverse().limit(2).update(points__minus=2000) == 2
    assert [one.points for one in score.query(user="ann")] == [1000, 1010, 1020, 1030, -960, -950]


def test_update_and_delete_with_conditions_as_text_are_refused(score):
    text = {"FilterExpression": "wins = :one", "ExpressionAttributeValues": {":one": 1}}
    with requests_of(score) as sent:
        for write in (lambda query: query.delete(), lambda query: query.update(wins=2)):
            with pytest.raises(InvalidExpression, match="FilterExpression as text"):
                write(score.query(user="ann", query_kwargs=text))
    assert sent == []
    assert score.query(user="ann", query_kwargs={"FilterExpression": Attr("wins").eq(1)}).delete() == 3


# Scans that are not wanted.


def test_a_table_may_warn_of_scans_or_refuse_them(library, dynamo_tables):
    (warned,) = dynamo_tables(score_model(library, "Warned", {"on_scan": "warn", "name": "warned"}))
    (refused,) = dynamo_tables(score_model(library, "Refused", {"on_scan": "error", "name": "refused"}))
    filled(warned, ("ann",))
    with pytest.warns(UserWarning, match="Warned is scanned") as caught:
        assert len(list(warned.scan())) == 6
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="Warned on index 'by-note' is scanned"):
        assert warned.ByNote.scan().count() == 6
    assert len(warned.query(user="ann").all()) == 6
    with requests_of(refused) as sent:
        for read in (refused.scan(), refused.ByNote.scan(), refused.scan().parallel(2), refused.scan().segment(0, 2)):
            for use in (list, lambda read: read.count(), lambda read: read.first(), lambda read: read.delete()):
                with pytest.raises(ScanRefused, match="on_scan"):
                    use(read)
    assert sent == []
    assert refused.query(user="ann").all() == []

"""Reads of models whose expired items are hidden."""

from __future__ import annotations

import pytest

from dynamorm import GlobalIndex, InvalidSchemaField, LocalIndex, ProjectAll, ProjectInclude, ProjectKeys

from ..libraries import integer, text
from .reads import asking, assert_gives

FIELDS = {
    "user": text(required=True),
    "id": text(required=True),
    "note": text(),
    "rank": integer(),
    "until": integer(),
}


class ByUntil(LocalIndex):
    name = "by-until"
    hash_key = "user"
    range_key = "until"
    projection = ProjectKeys()


class ByNote(GlobalIndex):
    name = "by-note"
    hash_key = "note"
    range_key = "until"
    projection = ProjectAll()


class ByMoment(GlobalIndex):
    name = "by-moment"
    hash_key = "until"
    range_key = "id"
    projection = ProjectKeys()


class ByPlace(GlobalIndex):
    name = "by-place"
    hash_key = "user"
    range_key = "rank"
    projection = ProjectInclude("until")


INDEXES = {"ByUntil": ByUntil, "ByNote": ByNote, "ByMoment": ByMoment, "ByPlace": ByPlace}
TABLE = {"name": "sessions", "hash_key": "user", "range_key": "id", "hide_expired": True, "ttl": "until"}


def filled(model, clock):
    """Store items of which each second one is expired, and return the model."""
    for number in range(8):
        until = clock.second + (number if number % 2 else -number)
        model.put({"user": "ann", "id": str(number), "note": "n", "rank": number // 4, "until": until})
    return model


@pytest.fixture
def session(library, dynamo_tables, clock):
    (model,) = dynamo_tables(library.model("Session", TABLE, FIELDS, **INDEXES))
    return filled(model, clock)


SHOWN = ["1", "3", "5", "7"]


def test_a_query_of_the_table_leaves_expired_items_out(session):
    session.put({"user": "ann", "id": "8", "note": "n"})
    assert_gives(session.query(user="ann").only("note"), [*SHOWN, "8"])
    assert_gives(session.query(user="ann"), [*SHOWN, "8"])
    assert_gives(session.query(user="ann", note="n"), [*SHOWN, "8"])
    assert_gives(session.query(user="ann", note="other"), [])
    assert_gives(session.query(user="ann", id__gte="4"), ["5", "7", "8"])
    assert_gives(session.query(user="ann", query_kwargs={"ProjectionExpression": "note"}), [*SHOWN, "8"])
    assert_gives(session.query(user="ben"), [])


def test_what_expires_now_is_expired(session, clock):
    clock.pass_by(3)
    assert [one.id for one in session.query(user="ann")] == ["5", "7"]
    clock.pass_by(4)
    assert not session.query(user="ann").exists() and session.query(user="ann").count() == 0


def test_scans_of_table_and_indexes_leave_expired_items_out(session):
    assert_gives(session.scan(), SHOWN)
    assert_gives(session.scan(note="n").only("rank"), SHOWN)
    for name in ("by-until", "by-note", "by-moment", "by-place"):
        assert_gives(session.scan().on(name), SHOWN)
    assert sorted(one.id for number in range(3) for one in session.scan().segment(number, 3)) == SHOWN


def test_nothing_hidden_is_transferred_where_dynamodb_can_tell(session, sent):
    reads = [
        session.query(user="ann"),
        session.scan(),
        session.query(user="ann").on("by-place"),
        session.query(user="ann").on("by-until"),
        session.query(note="n").on("by-note"),
        session.scan().on("by-moment"),
    ]
    for read in reads:
        assert len(list(read)) == read.resp["Count"] == read.count() == 4
    assert len(sent) == 2 * len(reads)
    assert all(request.payload["Select"] == "COUNT" for request in sent[1::2])


def test_where_the_time_is_the_range_key_it_is_found_by_the_key(session):
    assert_gives(session.ByUntil.query(user="ann"), SHOWN)
    assert_gives(session.ByNote.query(note="n").only("rank"), SHOWN)
    assert_gives(session.ByNote.query(note="n").hydrate(), SHOWN)
    explained = session.ByUntil.query(user="ann").explain()
    assert [part.path for part in explained.keys] == [("user",), ("until",)] and explained.filters == ()
    assert explained.keys[1].operator == "gt"


def test_where_there_is_a_condition_on_the_time_already_it_is_judged_here(session, clock):
    now = clock.second
    assert_gives(session.ByUntil.query(user="ann", until__gte=now - 4), SHOWN)
    assert_gives(session.ByUntil.query(user="ann", until__between=(now - 6, now + 5)), SHOWN[:3])
    assert_gives(session.ByNote.query(note="n", until__lt=now + 4).only("rank"), SHOWN[:2])
    assert_gives(session.ByUntil.query(user="ann", until=now - 2), [])
    assert_gives(session.ByUntil.query(user="ann", until=now + 3), ["3"])
    projection = {"ProjectionExpression": "note"}
    assert_gives(session.ByNote.query(note="n", until__gt=0, query_kwargs=projection), SHOWN)


def test_where_the_time_is_the_hash_key_it_is_judged_here(session, clock):
    assert_gives(session.ByMoment.query(until=clock.second - 2), [])
    assert_gives(session.ByMoment.query(until=clock.second + 5), ["5"])


class ByRank(GlobalIndex):
    name = "by-rank"
    hash_key = "note"
    range_key = ("rank", "until")
    projection = ProjectKeys()


def test_where_the_time_is_a_later_part_of_the_range_key_it_is_found_by_the_key_if_that_has_no_gap(
    library, on_moto, clock
):
    session = library.model("Session", TABLE, FIELDS, ByRank=ByRank)
    session.Table.create_table()
    filled(session, clock)
    for query, expected, keys in (
        (session.ByRank.query(note="n", rank=1), ["5", "7"], 3),
        (session.ByRank.query(note="n"), SHOWN, 1),
        (session.ByRank.query(note="n", rank__gte=0), SHOWN, 2),
        (session.ByRank.query(note="n", rank=1, until__gt=clock.second - 50), ["5", "7"], 3),
    ):
        assert [one.id for one in query] == expected
        assert query.count() == len(query.page(4).items) == len(expected)
        assert len(query.explain().keys) == keys


def test_a_key_condition_as_text_leaves_the_time_to_be_judged_here(session, clock):
    given = {
        "KeyConditionExpression": "#u = :u AND #t > :t",
        "ExpressionAttributeNames": {"#u": "user", "#t": "until"},
        "ExpressionAttributeValues": {":u": "ann", ":t": clock.second - 50},
    }
    assert_gives(session.ByUntil.query(query_kwargs=given), SHOWN)


def test_whole_items_that_have_expired_meanwhile_are_left_out(session, clock):
    query = session.ByPlace.query(user="ann").hydrate()
    assert_gives(query, SHOWN)
    assert_gives(query.only("note"), SHOWN)

    def expire(request):
        if request.operation == "BatchGetItem":
            session.Table.update(user="ann", id="3", until=1)

    with asking(expire):
        assert [one.id for one in query.only("note")] == ["1", "5", "7"]
    session.update_item(user="ann", id="3", until=clock.second + 3)
    with asking(expire):
        page = query.page(1)
        assert query.page(1, page.next_cursor).items[0].id == "5"


def test_all_pages_of_an_iteration_are_of_one_moment(session, clock, sent):
    reading = iter(session.query(user="ann").page_size(1))
    assert next(reading).id == "1"
    clock.pass_by(6)  # by now 3 and 5 are expired
    assert [one.id for one in reading] == ["3", "5", "7"]
    moments = {str(request.payload["ExpressionAttributeValues"]) for request in sent if request.operation == "Query"}
    assert len(moments) == 1
    assert [one.id for one in session.query(user="ann")] == ["7"]
    kept = session.query(user="ann")
    assert [one.id for one in kept] == ["7"]
    clock.pass_by(1)
    assert list(kept) == []


def let_time_go(clock, monkeypatch):
    """Let a second pass whenever somebody asks for the time."""

    def tick(clock):
        clock.pass_by(1)
        return clock.now

    monkeypatch.setattr(type(clock), "__call__", tick)


READS = {
    "a scan": lambda model: list(model.scan()),
    "a parallel scan": lambda model: list(model.scan().parallel(4)),
    "a query": lambda model: list(model.query(user="ann").page_size(1)),
    "a query read ahead": lambda model: list(model.query(user="ann").page_size(1).read_ahead()),
    "a query by the time": lambda model: list(model.ByUntil.query(user="ann")),
    "a page": lambda model: model.ByUntil.query(user="ann").page(30).items,
    "whole items": lambda model: list(model.ByPlace.query(user="ann").hydrate()),
    "a count": lambda model: range(model.query(user="ann").page_size(1).count()),
    "what matches": lambda model: range(model.scan().delete(dry_run=True)),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_all_that_belongs_to_an_iteration_is_of_one_moment_however_fast_time_goes(
    session, clock, sent, monkeypatch, read
):
    session.put_batch(*({"user": "ann", "id": str(n), "rank": n, "until": clock.second + n} for n in range(20)))
    start = clock.second
    let_time_go(clock, monkeypatch)
    sent.clear()
    found = read(session)
    (moment,) = {
        int(value["N"])
        for request in sent
        for value in request.payload.get("ExpressionAttributeValues", {}).values()
        if "N" in value
    }
    assert len(found) == 19 - (moment - start) > 0


def test_a_page_that_begins_at_an_item_is_of_one_moment_too(session, clock, monkeypatch):
    start = {"user": "ann", "id": "3", "until": clock.second + 3}
    clock.pass_by(1)
    let_time_go(clock, monkeypatch)
    page = session.ByUntil.query(user="ann").start(start).page(1)
    assert page.items[0].id == "5" and page.previous_cursor is None


def test_a_cursor_serves_later(session, clock):
    query = session.query(user="ann")
    page = query.page(1)
    last = query.page(1, query.page(1, page.next_cursor).next_cursor)
    clock.pass_by(4)
    assert [one.id for one in query.page(5, page.next_cursor).items] == ["5", "7"]
    assert [one.id for one in query.page(5, last.previous_cursor).items] == []
    mark = query._read.mark()
    clock.pass_by(50)
    assert query._read.mark() == mark


@pytest.mark.parametrize("reverse", [False, True])
def test_a_cursor_at_an_item_that_has_expired_since_goes_on_where_that_was(session, clock, reverse):
    query = session.ByUntil.query(user="ann").reverse(reverse)
    forwards, backwards = ("next_cursor", "previous_cursor")[:: -1 if reverse else 1]
    early = session.ByUntil.query(user="ann").page(2)  # 1, 3
    late = session.ByUntil.query(user="ann").reverse().page(3)  # 7, 5, 3
    clock.pass_by(4)
    if reverse:
        page = query.page(2, late.next_cursor)  # after 3, and descending: all of that is expired
        assert page.items == [] and page.next_cursor is None
        assert [one.id for one in query.page(5, page.previous_cursor).items] == ["7", "5"]
    else:
        page = query.page(1, early.next_cursor)
        assert [one.id for one in page.items] == ["5"] and page.previous_cursor is None
        assert [one.id for one in query.page(1, page.next_cursor).items] == ["7"]
    assert forwards != backwards


def test_a_way_back_at_an_item_that_has_expired_since_leads_nowhere_and_forwards_again(session, clock):
    query = session.ByUntil.query(user="ann")
    second = query.page(1, query.page(1).next_cursor)  # 3
    clock.pass_by(4)
    page = query.page(1, second.previous_cursor)
    assert page.items == [] and page.previous_cursor is None
    assert [one.id for one in query.page(5, page.next_cursor).items] == ["5", "7"]


def test_updates_and_deletes_of_what_matches_leave_expired_items_alone(session, clock):
    def notes():
        return {item["id"]: item.get("note") for item in session.Table.table.scan()["Items"]}

    assert session.query(user="ann").update(note="m", dry_run=True) == 4
    assert session.query(user="ann").update(note="m") == 4
    assert session.ByUntil.query(user="ann", until__gt=0).update(rank=9) == 4
    assert notes() == {str(number): "m" if number % 2 else "n" for number in range(8)}
    assert session.ByUntil.query(user="ann", until__lt=clock.second + 2).delete() == 1
    assert session.ByUntil.query(user="ann", until__lt=clock.second + 4).delete(recheck=False) == 1
    assert session.scan(note__exists=True).delete() == 2
    assert notes() == {str(number): "n" for number in range(0, 8, 2)}


def test_what_expires_between_reading_and_writing_is_left_alone(session, clock):
    def let_time_pass(progress):
        if (progress.done, progress.failed) == (1, 0):
            clock.pass_by(6)

    assert session.query(user="ann").update(note="m", progress=let_time_pass) == 2
    assert session.get(user="ann", id="7").note == "m"


def test_reads_by_key_of_a_part_leave_expired_items_out(session):
    assert session.get(user="ann", id="2", attrs=["note"]) is None
    assert session.get(user="ann", id="3", attrs=["note"]).note == "n"
    assert session.get(user="ann", id="2", get_item_kwargs={"ProjectionExpression": "note"}) is None
    keys = [("ann", str(number)) for number in range(8)]
    assert sorted(one.id for one in session.get_batch(keys, attrs=["note"])) == SHOWN
    found = session.get_batch(keys, attrs=["note"], ordered=True)
    assert [one and one.id for one in found] == [None, "1", None, "3", None, "5", None, "7"]


def test_the_time_may_be_the_range_key_of_the_table(library, dynamo_tables, clock):
    table = {"name": "events", "hash_key": "user", "range_key": "until", "hide_expired": True, "ttl": "until"}
    (event,) = dynamo_tables(library.model("Event", table, FIELDS))
    for number in range(6):
        event.put({"user": "ann", "id": str(number), "until": clock.second + number - 2})
    assert_gives(event.query(user="ann"), ["3", "4", "5"])
    assert_gives(event.query(user="ann", until__lt=clock.second + 3).only("id"), ["3", "4"])
    assert_gives(event.scan().only("note", "id"), ["3", "4", "5"])
    assert event.get(user="ann", until=clock.second) is None and not event.exists(user="ann", until=clock.second)
    assert event.query(user="ann").delete() == 3


def test_a_filter_as_text_holds_besides(session):
    given = {
        "FilterExpression": "#r = :r",
        "ExpressionAttributeNames": {"#r": "rank"},
        "ExpressionAttributeValues": {":r": 1},
    }
    assert_gives(session.query(user="ann", query_kwargs=given), ["5", "7"])
    assert_gives(session.scan(scan_kwargs=given), ["5", "7"])
    assert_gives(session.ByUntil.query(user="ann", until__gt=0, query_kwargs={"Select": "ALL_ATTRIBUTES"}), SHOWN)


def test_a_model_that_does_not_hide_them_reads_expired_items(library, dynamo_tables, clock):
    table = {"name": "sessions", "hash_key": "user", "range_key": "id", "ttl": "until"}
    (model,) = dynamo_tables(library.model("Session", table, FIELDS))
    model.put({"user": "ann", "id": "1", "until": clock.second - 1})
    assert_gives(model.query(user="ann"), ["1"])
    assert model.query(user="ann").explain().filters == ()


def test_an_index_that_does_not_hold_the_time_is_refused(library):
    table = {"name": "sessions", "hash_key": "user", "hide_expired": True, "ttl": "until"}
    with pytest.raises(InvalidSchemaField, match="until"):
        library.model("Session", table, FIELDS, Some=type("Some", (ByMoment,), {"hash_key": "note", "range_key": "id"}))


def test_raw_reads_may_take_expired_items_in(session):
    from dynamorm.drivers import run
    from dynamorm.reading.iteration import END
    from dynamorm.reading.verbs import stored_items

    iteration = stored_items(session.query(user="ann")._read.replaced(with_expired=True))
    found = []
    while (item := run(iteration.next_item())) is not END:
        found.append(item)
    assert len(found) == 8

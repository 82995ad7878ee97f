"""Rewriting items that are stored in an earlier form: which ones, over what, and from where it goes on."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from contextlib import contextmanager

import pytest

import dynamorm
from dynamorm import (
    BatchError,
    Composite,
    DynamoTableException,
    InvalidCursor,
    InvalidExpression,
    Progress,
    Q,
    drivers,
    upgrade,
)
from dynamorm.signals import post_request, pre_request
from dynamorm.tending import checkpoints, migrating

from ..clocks import Clock
from ..composites.shops import base, model
from ..libraries import binary, integer, text
from .people import SECOND, TABLE, first_form, put_raw, raw, second_form, split

pytestmark = pytest.mark.slow  # long, and alike with all versions of the libraries


@pytest.fixture
def old(library, dynamo_tables):
    (made,) = dynamo_tables(first_form(library))
    return made


@pytest.fixture
def new(library, old):
    return second_form(library)


def fill(old, many=5):
    old.put_batch({"id": str(number), "name": f"Ann {number}", "visits": number} for number in range(many))


def in_second_form(many=5):
    return [{"id": str(n), "first": "Ann", "last": str(n), "visits": n, "_v": 2} for n in range(many)]


def by_id(items):
    return sorted(items, key=lambda item: item["id"])


@contextmanager
def before_the_first(operation, change, model):
    """Let somebody else change something just before a request of a kind is sent for the first time."""
    lock, done = threading.Lock(), []

    def note(sender, request, **more):
        if request.operation == operation:
            with lock:
                is_first = not done
                done.append(request)
            if is_first:
                change()

    with pre_request.connected_to(note, sender=model):
        yield done


# What is rewritten.


def test_every_item_in_an_earlier_form_is_rewritten(old, new):
    fill(old)
    new.put({"id": "new", "first": "Bob", "last": "Bee"})
    assert new.migrate() == (6, 5, 1, 0)
    assert by_id(raw(new)) == [*in_second_form(), {"id": "new", "first": "Bob", "last": "Bee", "_v": 2}]
    assert new.migrate() == (6, 0, 6, 0)


def test_items_in_the_form_that_is_written_are_not_even_read(old, new):
    fill(old, 3)
    new.put({"id": "new", "first": "Bob"})
    counts = []

    def note(sender, request, response=None, **facts):
        if request.operation == "Scan":
            counts.append(response["Count"])

    with post_request.connected_to(note, sender=new):
        new.migrate(segments=2)
    assert sum(counts) == 3


def test_a_model_without_versions_says_what_to_declare(library, operations):
    plain = library.model("Person", TABLE, SECOND)
    with pytest.raises(DynamoTableException, match=r"schema_version = 2 .* @upgrade\(2\)"):
        plain.migrate()
    assert operations == []


def test_newer_items_and_those_between_what_is_written_and_what_is_known_are_left(library, old):
    steps = {"two": upgrade(2)(split), "three": upgrade(3)(lambda item: item.update(three=True))}
    back = dynamorm.downgrade(3)(lambda item: {name: value for name, value in item.items() if name != "three"})
    table = {**TABLE, "schema_version": 3, "write_version": 2}
    third = library.model("Person", table, SECOND, **steps, back=back)
    put_raw(third, *({"id": str(n), "name": "Ann Lee", "_v": n} for n in (1, 2, 3, 4)), {"id": "0", "name": "Bob Bee"})
    assert third.migrate() == (5, 2, 3, 0)
    assert by_id(raw(third)) == [
        {"id": "0", "first": "Bob", "last": "Bee", "_v": 2},
        {"id": "1", "first": "Ann", "last": "Lee", "_v": 2},
        *({"id": str(n), "name": "Ann Lee", "_v": n} for n in (2, 3, 4)),
    ]


def test_where_the_first_form_is_written_there_is_nothing_to_rewrite(library, old, operations):
    assert second_form(library, write_version=1).migrate() == (0, 0, 0, 0)
    assert operations == []


def test_expired_and_hidden_items_are_rewritten(library, dynamo_tables):
    moment = dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)
    words = {"hide_expired": True, "ttl": "visits", "hide": Q(last="x")}
    (new,) = dynamo_tables(second_form(library, **words))
    put_raw(new, {"id": "1", "name": "Ann x", "visits": int(moment.timestamp()) - 1})
    dynamorm.configure(clock=lambda: moment)
    try:
        assert new.get(id="1") is None
        assert new.migrate() == (1, 1, 0, 0)
    finally:
        dynamorm.configure(clock=None)
    assert raw(new) == [{"id": "1", "first": "Ann", "last": "x", "visits": 1893455999, "_v": 2}]


def test_computed_keys_follow_the_upgrade(library, old):
    keyed = library.model(
        "Person", {**TABLE, "schema_version": 2}, SECOND, split=upgrade(2)(split), shown=Composite("{last}#{first}")
    )
    fill(old, 1)
    keyed.migrate()
    assert raw(keyed) == [{**in_second_form(1)[0], "shown": "0#Ann"}]


def test_versions_and_stamps_stay_since_the_content_does(library, dynamo_tables):
    fields = {**SECOND, "rev": integer(), "changed": integer()}
    table = {**TABLE, "schema_version": 2, "version": "rev", "updated": "changed"}
    (new,) = dynamo_tables(library.model("Person", table, fields, split=upgrade(2)(split)))
    put_raw(new, {"id": "1", "name": "Ann Lee", "rev": 7, "changed": 5})
    new.migrate()
    assert raw(new) == [{"id": "1", "first": "Ann", "last": "Lee", "rev": 7, "changed": 5, "_v": 2}]


def test_in_a_shared_table_each_item_is_rewritten_by_its_own_class(library, dynamo_tables):
    def is_shop(item):
        item["name"] = f"shop {item['name']}"

    def is_market(item):
        item["name"] = f"market {item['name']}"

    Place = base()
    keys = {"pk": Composite("P#{id}"), "sk": Composite("-")}
    fields = {"id": text(required=True), "name": text()}
    versioned = {"schema_version": 2}
    Shop = model(library, "Shop", Place, fields, versioned, **keys, step=upgrade(2)(is_shop))
    Market = model(library, "Market", Shop, fields, {"schema_version": 3}, step=upgrade(3)(is_market))
    Other = model(library, "Other", Place, fields, versioned, **keys, step=upgrade(2)(is_shop))
    Plain = model(library, "Plain", Place, fields, **keys)
    dynamo_tables(Shop)
    kinds = ("Shop", "Market", "Other", "Plain")
    stored = [{"pk": f"P#{kind}", "sk": "-", "id": kind, "name": "n", "kind": kind} for kind in kinds]
    put_raw(Shop, *stored, {**stored[1], "pk": "P#2", "id": "2", "_v": 2}, {**stored[3], "pk": "P#x", "kind": "?"})

    def names():
        return {item["pk"].removeprefix("P#"): (item["name"], item.get("_v")) for item in raw(Shop)}

    assert Shop.migrate().rewritten == 3
    before = {"Other": ("n", None), "Plain": ("n", None), "x": ("n", None)}
    assert names() == {
        **before,
        "Shop": ("shop n", 2),
        "Market": ("market shop n", 3),
        "2": ("market n", 3),
    }
    assert Place.migrate().rewritten == 1
    assert names()["Other"] == ("shop n", 2)
    with pytest.raises(DynamoTableException, match="schema_version"):
        Plain.migrate()
    assert (Market.migrate().rewritten, Other.migrate().rewritten) == (0, 0)


def test_a_handle_migrates_the_items_in_its_place(old, new):
    fill(old, 2)
    handle = new.using(table_name=new.Table.full_name)
    with dynamorm.using(table_prefix="elsewhere-"):
        assert handle.migrate() == (2, 2, 0, 0)


# Never over a change.


def test_what_the_upgrade_is_made_of_may_change_meanwhile(old, new):
    fill(old, 1)

    def rename():
        put_raw(new, {"id": "0", "name": "Zoe Roe", "visits": 9})

    with before_the_first("UpdateItem", rename, new) as updates:
        assert new.migrate() == (1, 1, 0, 0)
    assert len(updates) == 2
    assert raw(new) == [{"id": "0", "first": "Zoe", "last": "Roe", "visits": 9, "_v": 2}]


@pytest.mark.parametrize("is_returned", [False, True])
def test_what_the_upgrade_does_not_touch_stays_as_others_leave_it(library, old, is_returned):
    def split_it(item):
        split(item)
        return item if is_returned else None

    new = library.model("Person", {**TABLE, "schema_version": 2}, SECOND, split=upgrade(2)(split_it))
    fill(old, 1)

    def visit():
        new.Table.table.update_item(
            Key={"id": "0"}, UpdateExpression="ADD visits :one", ExpressionAttributeValues={":one": 1}
        )

    with before_the_first("UpdateItem", visit, new) as updates:
        assert new.migrate() == (1, 1, 0, 0)
    assert len(updates) == 1
    assert raw(new) == [{"id": "0", "first": "Ann", "last": "0", "visits": 1, "_v": 2}]


@pytest.mark.parametrize("what", ["deleted", "upgraded", "upgraded beyond"])
def test_what_is_gone_or_upgraded_by_then_is_left(old, new, what):
    fill(old, 1)
    after = [] if what == "deleted" else [{"id": "0", "name": "Bob", "_v": 2 if what == "upgraded" else 7}]

    def change():
        new.Table.table.delete_item(Key={"id": "0"})
        put_raw(new, *after)

    with before_the_first("UpdateItem", change, new) as updates:
        assert new.migrate() == (1, 0, 1, 0)
    assert len(updates) == 1
    assert raw(new) == after


def test_an_item_of_another_model_that_took_the_key_is_left(library, dynamo_tables):
    Place = base()
    keys = {"pk": Composite("P#{id}"), "sk": Composite("-")}
    fields = {"id": text(required=True), "name": text()}
    body = {**keys, "step": upgrade(2)(lambda item: item.update(name=f"shop {item['name']}"))}
    Shop = model(library, "Shop", Place, fields, {"schema_version": 2}, **body)
    model(library, "Plain", Place, fields, **keys)
    dynamo_tables(Shop)
    item = {"pk": "P#1", "sk": "-", "id": "1", "name": "n", "kind": "Shop"}
    put_raw(Shop, item)
    with before_the_first("UpdateItem", lambda: put_raw(Shop, {**item, "kind": "Plain"}), Shop):
        assert Shop.migrate() == (1, 0, 1, 0)
    assert raw(Shop) == [{**item, "kind": "Plain"}]


# Unique values.


def uniques(library, dynamo_tables, **table):
    """Return a model whose first form has names in capitals, and what its items were stored by."""
    fields = {"id": text(required=True), "name": text(), "visits": integer()}
    table = {**TABLE, "unique": ["name"], **table}
    (old,) = dynamo_tables(library.model("Person", {**table, "schema_version": 1}, fields))
    body = {"lower": upgrade(2)(lambda item: item.update(name=item["name"].lower()))}
    return old, library.model("Person", {**table, "schema_version": 2}, fields, **body)


def guards(model):
    return [item for item in raw(model) if "_holder" in item]


def test_guards_of_unique_values_follow_the_upgrade(library, dynamo_tables):
    old, new = uniques(library, dynamo_tables)
    old.put({"id": "1", "name": "ANN"})
    old.put({"id": "2", "name": "bob"})
    (former,) = [guard for guard in guards(old) if guard["_holder"] == {"id": "1"}]
    assert new.migrate().rewritten == 2
    assert len(guards(new)) == 2 and former not in guards(new)
    assert new.verify_unique() == []
    assert new.get_by(name="ann").id == "1"


@pytest.mark.parametrize("way", ["update", "put", "save", "transaction"])
def test_guards_follow_an_upgrade_that_a_write_brings_about(library, dynamo_tables, way):
    old, new = uniques(library, dynamo_tables)
    old.put({"id": "1", "name": "ANN", "visits": 1})
    if way == "update":
        new.update_item(id="1", visits=2)
    elif way == "put":
        new.put({"id": "1", "name": "ann", "visits": 2})
    elif way == "save":
        found = new.get(id="1")
        found.visits = 2
        found.save(partial=True)
    else:
        with dynamorm.Transaction() as tx:
            tx.update(new, id="1", visits=2)
    (item,) = [item for item in raw(new) if "_holder" not in item]
    assert item == {"id": "1", "name": "ann", "visits": 2, "_v": 2}
    assert new.verify_unique() == []


def test_an_item_whose_upgraded_value_is_taken_stays_and_is_told(library, dynamo_tables):
    old, new = uniques(library, dynamo_tables)
    old.put({"id": "1", "name": "ANN"})
    new.put({"id": "2", "name": "ann"})
    before = raw(new)
    with pytest.raises(
        BatchError, match=r"1 of 4 .* \{'id': '1'\}: name would be the same as in the item with"
    ) as caught:
        new.migrate()
    assert "{'id': '2'}" in str(caught.value)
    assert raw(new) == before


@pytest.mark.parametrize("hides", [True, False])
def test_an_expired_item_takes_no_value_by_its_upgrade(library, dynamo_tables, hides):
    old, new = uniques(library, dynamo_tables, ttl="visits", hide_expired=hides)
    old.put({"id": "1", "name": "ANN", "visits": 1_000})
    new.put({"id": "2", "name": "ann"})
    assert new.migrate().rewritten == 1
    assert new.verify_unique() == [] and new.get_by(name="ann").id == "2"


# Items that cannot be upgraded.


def picky(item):
    if item["name"] == "Ann 1":
        raise RuntimeError("no Ann 1")
    split(item)
    if item["last"] == "2":
        item["id"] = "another"


def test_items_that_cannot_be_upgraded_are_told_when_everything_else_is_done(library, old):
    new = library.model("Person", {**TABLE, "schema_version": 2}, SECOND, picky=upgrade(2)(picky))
    fill(old)
    put_raw(old, {"id": "odd", "_v": "two", "name": "x"}, {"id": "newer", "_v": 7, "name": "x"})
    before = {item["id"]: item for item in raw(old)}
    with pytest.raises(BatchError, match="3 of 7 items could not be upgraded") as caught:
        new.migrate()
    error = caught.value
    assert error.report == (7, 3, 1, 3) and error.done == 3
    assert sorted(key["id"] for key in error.missing) == ["1", "2", "odd"]
    for told in ("no Ann 1", "'id', a part of the primary key", "'two' is no version"):
        assert told in str(error)
    after = {item["id"]: item for item in raw(old)}
    for left in ("1", "2", "odd", "newer"):
        assert after[left] == before[left]
    assert {item.get("_v") for name, item in after.items() if name in "034"} == {2}
    assert migrating.SHOWN < 4


def test_only_the_first_of_many_failures_are_told(library, old, monkeypatch):
    monkeypatch.setattr(migrating, "MOST_TOLD", 4)
    new = library.model("Person", {**TABLE, "schema_version": 2}, SECOND, never=upgrade(2)(lambda item: 1 / 0))
    fill(old, 9)
    with pytest.raises(BatchError) as caught:
        new.migrate(segments=3)
    assert caught.value.report.failed == 9 and len(caught.value.missing) == 4
    assert str(caught.value).count("division by zero") == migrating.SHOWN


# A dry run.


def test_a_dry_run_counts_and_writes_nothing(library, old, tmp_path):
    new = library.model("Person", {**TABLE, "schema_version": 2}, SECOND, picky=upgrade(2)(picky))
    path = tmp_path / "people.json"
    path.write_text("of something else")
    fill(old, 6)
    before = raw(old)
    with pytest.raises(BatchError) as caught:
        new.migrate(dry_run=True, checkpoint=path)
    assert caught.value.report == (6, 4, 0, 2)
    assert raw(old) == before and path.read_text() == "of something else"


# Checkpoints.


class Interrupted(Exception):
    pass


def interrupt_after(pages):
    told = []

    def tell(progress):
        told.append(progress)
        if len(told) == pages:
            raise Interrupted

    return tell


def test_a_run_goes_on_from_its_checkpoint_and_deletes_it_at_the_end(old, new, tmp_path, monkeypatch, sent):
    monkeypatch.setattr(migrating, "PAGE", 2)
    path = tmp_path / "people.json"
    fill(old, 40)
    with pytest.raises(Interrupted):
        new.migrate(segments=2, checkpoint=path, progress=interrupt_after(5))
    noted = json.loads(path.read_text())
    del sent[:]
    starts = [segment["id"]["S"] for segment in noted["segments"]]
    outcome = new.migrate(segments=2, checkpoint=path)
    assert outcome.looked_at == 40 and outcome.failed == 0
    assert by_id(raw(new)) == by_id(in_second_form(40))
    assert not list(tmp_path.iterdir())
    first = [next(r for r in sent if r.operation == "Scan" and r.payload["Segment"] == number) for number in (0, 1)]
    assert [request.payload["ExclusiveStartKey"]["id"]["S"] for request in first] == starts


def test_failures_before_an_interruption_are_told_at_the_end(library, old, tmp_path, monkeypatch):
    monkeypatch.setattr(migrating, "PAGE", 1)
    path = tmp_path / "people.json"
    new = library.model("Person", {**TABLE, "schema_version": 2}, SECOND, never=upgrade(2)(lambda item: 1 / 0))
    fill(old, 6)
    with pytest.raises(Interrupted):
        new.migrate(segments=1, checkpoint=path, progress=interrupt_after(4))
    with pytest.raises(BatchError) as caught:
        new.migrate(segments=1, checkpoint=path)
    assert caught.value.report == (6, 0, 0, 6)
    assert sorted(key["id"] for key in caught.value.missing) == list("012345")
    assert not path.exists(), "everything was gone through"


def test_a_run_that_was_killed_before_it_deleted_its_checkpoint_has_nothing_left_to_read(old, new, tmp_path, sent):
    path = tmp_path / "people.json"
    fill(old, 3)
    kept = []
    new.migrate(segments=2, checkpoint=path, progress=lambda progress: kept.append(path.read_text()))
    path.write_text(kept[-1])
    del sent[:]
    assert new.migrate(segments=2, checkpoint=path) == (3, 3, 0, 0)
    assert sent == [] and not path.exists()


def test_a_checkpoint_of_another_run_is_refused(library, old, new, tmp_path, sent):
    path = tmp_path / "people.json"
    fill(old, 3)
    with pytest.raises(Interrupted):
        new.migrate(segments=2, checkpoint=path, progress=interrupt_after(1))
    del sent[:]
    text = path.read_text()
    three = library.model(
        "Person", {**TABLE, "schema_version": 3}, SECOND, a=upgrade(2)(split), b=upgrade(3)(lambda item: None)
    )
    with pytest.raises(InvalidCursor, match="of a run with segments = 2, and this one has 3"):
        new.migrate(segments=3, checkpoint=path)
    with pytest.raises(InvalidCursor, match="with versions"):
        three.migrate(segments=2, checkpoint=path)
    with pytest.raises(InvalidCursor, match=r"with table = '.*people', and this one has 'others'"):
        new.using(table_name="others").migrate(segments=2, checkpoint=path)
    with pytest.raises(InvalidCursor, match="with endpoint"), dynamorm.using(endpoint_url="http://127.0.0.1:1"):
        new.using(table_name=new.Table.full_name, endpoint_url="http://127.0.0.1:1").migrate(2, path)
    assert path.read_text() == text
    for wrong in ("", "[]", "{}", '{"run": {}, "segments": 3, "counts": {}}'):
        path.write_text(wrong)
        with pytest.raises(InvalidCursor, match="checkpoint"):
            new.migrate(segments=2, checkpoint=path)
        assert path.read_text() == wrong
    assert sent == []


def test_positions_of_any_keys_are_kept_exactly(tmp_path):
    keys = [{"id": {"B": b"\x00\xff"}, "n": {"N": "1.50"}}, {"id": {"S": "ü\n"}}, {"id": {"N": "9" * 38}}]
    places = [checkpoints.Position(key) for key in keys]
    places += [checkpoints.Position(), checkpoints.Position(is_finished=True)]
    checkpoint = checkpoints.Checkpoint(tmp_path / "c.json", {"segments": 5})
    assert checkpoint.read() is None
    checkpoint.write(places, {"done": 3})
    assert checkpoint.read() == (places, {"done": 3})


@pytest.mark.parametrize("where", ["while it is written", "before it is renamed"])
def test_whoever_is_killed_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path, monkeypatch, where):
    checkpoint = checkpoints.Checkpoint(tmp_path / "c.json", {})
    checkpoint.write([], {"done": 1})

    def be_killed(*arguments):
        raise KeyboardInterrupt

    name = "fsync" if where == "before it is renamed" else None
    monkeypatch.setattr(*((checkpoints.os, "fsync") if name else (checkpoints.json, "dump")), be_killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.write([], {"done": 2})
    monkeypatch.undo()
    assert checkpoint.read() == ([], {"done": 1})
    checkpoint.write([], {"done": 3})
    assert checkpoint.read() == ([], {"done": 3})
    checkpoint.remove()
    assert not list(tmp_path.iterdir())


# How it is carried out.


def test_progress_is_told_after_each_page(old, new, monkeypatch):
    monkeypatch.setattr(migrating, "PAGE", 2)
    fill(old, 6)
    told = []
    new.migrate(segments=1, progress=told.append)
    assert all(type(one) is Progress and one.total is None and one.seconds >= 0 for one in told)
    assert [one.done for one in told][:3] == [2, 4, 6]


def test_segments_are_gone_through_at_the_same_time(old, new):
    fill(old, 20)
    together = threading.Barrier(4, timeout=30)

    def meet(sender, request, **more):
        if request.operation == "Scan":
            together.wait()

    with pre_request.connected_to(meet, sender=new):
        assert new.migrate(segments=4).rewritten == 20


@pytest.mark.parametrize("segments", [1, 3])
def test_the_rate_is_held_on_average(old, new, monkeypatch, segments):
    clock = Clock()
    monkeypatch.setattr(drivers, "time", clock)
    fill(old, 12)
    began = clock.monotonic()
    new.migrate(segments=segments, rate_limit=2)
    # 12 writes of one unit; threads that sleep at once are added up
    assert clock.monotonic() - began == pytest.approx(6 * segments, rel=0.35 if segments > 1 else 0.01)


def test_what_transactions_consume_counts(library, dynamo_tables, monkeypatch):
    old, new = uniques(library, dynamo_tables)
    clock = Clock()
    old.put({"id": "1", "name": "ANN"})
    monkeypatch.setattr(drivers, "time", clock)
    began = clock.monotonic()
    new.migrate(segments=1, rate_limit=1)
    # an item and two guards, each twice
    assert clock.monotonic() - began == 6


def test_when_one_segment_fails_no_item_of_the_others_is_begun(old, new, monkeypatch):
    fill(old, 30)
    runs, updates, has_begun = [], [], threading.Event()
    make = migrating._Run
    monkeypatch.setattr(migrating, "_Run", lambda *given: runs.append(make(*given)) or runs[0])

    def note(sender, request, **more):
        if request.payload.get("Segment") == 1:
            assert has_begun.wait(30)
            raise dynamorm.ConnectionFailed("the cable is out")
        if request.operation == "UpdateItem":
            updates.append(request)
            has_begun.set()
            while not runs[0]._is_over:
                time.sleep(0.001)

    with pre_request.connected_to(note, sender=new), pytest.raises(dynamorm.ConnectionFailed):
        new.migrate(segments=2)
    assert len(updates) == 1
    assert len([item for item in raw(new) if "_v" in item]) == 1


def test_an_error_of_dynamodb_ends_the_run_and_the_checkpoint_stays(old, new, tmp_path, monkeypatch):
    monkeypatch.setattr(migrating, "PAGE", 1)
    path = tmp_path / "people.json"
    fill(old, 8)
    sent = []

    def break_down(sender, request, **more):
        sent.append(request.operation)
        if sent.count("UpdateItem") == 3:
            raise dynamorm.ConnectionFailed("the cable is out")

    with pre_request.connected_to(break_down, sender=new), pytest.raises(dynamorm.ConnectionFailed):
        new.migrate(segments=1, checkpoint=path)
    assert sent.count("UpdateItem") == 3
    assert json.loads(path.read_text())["counts"]["rewritten"] == 2
    assert new.migrate(segments=1, checkpoint=path) == (8, 8, 0, 0)


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ({"segments": 0}, r"segments\(0\)"),
        ({"segments": True}, r"segments\(True\)"),
        ({"segments": 2_000_000}, "1,000,000"),
        ({"checkpoint": 7}, "checkpoint=7"),
        ({"checkpoint": ""}, "checkpoint=''"),
        ({"checkpoint": "/no/such/folder/c.json"}, "folder that is not there"),
        ({"checkpoint": "/"}, "is a folder"),
        ({"dry_run": "yes"}, "dry_run='yes'"),
        ({"rate_limit": 0}, "capacity units"),
        ({"rate_limit": "fast"}, "capacity units"),
        ({"progress": 3}, "progress=3"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(new, sent, wrong, shown):
    del sent[:]
    with pytest.raises(InvalidExpression, match=shown):
        new.migrate(**wrong)
    assert sent == []


def test_a_checkpoint_that_cannot_be_written_is_refused_before_anything_is_sent(new, sent, tmp_path):
    (tmp_path / "c.json.new").mkdir()
    del sent[:]
    with pytest.raises(InvalidExpression, match="cannot be written"):
        new.migrate(checkpoint=tmp_path / "c.json")
    assert sent == []


def test_keys_of_numbers_and_bytes_are_told_as_they_are(library, dynamo_tables, tmp_path):
    fields = {"id": binary(required=True), "n": integer(required=True)}
    table = {"name": "odd", "hash_key": "id", "range_key": "n", "schema_version": 2}
    (odd,) = dynamo_tables(library.model("Odd", table, fields, never=upgrade(2)(lambda item: 1 / 0)))
    put_raw(odd, {"id": b"\x00", "n": 5})
    with pytest.raises(BatchError) as caught:
        odd.migrate(checkpoint=tmp_path / "c.json")
    assert caught.value.missing == [{"id": b"\x00", "n": 5}]

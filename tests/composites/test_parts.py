"""What parts of keys may be, and what writes make of them: sizes, sparse keys, stamps, versions, kinds of values."""

from __future__ import annotations

import datetime as dt
import enum
import threading
import uuid
from decimal import Decimal

import pytest

import dynamorm
from dynamorm import (
    BatchWriter,
    Composite,
    ConditionFailed,
    GlobalIndex,
    HashKeyExists,
    IncompleteKey,
    InvalidKey,
    NotProjected,
    ProjectAll,
    ProjectKeys,
    Q,
    Transaction,
    TransactionCanceled,
    ValidationError,
)
from dynamorm.connection import Connection

from ..libraries import boolean, day, exact, integer, member, moment, text, unique
from ..traffic import sent_by
from ..writing.write_paths import Clock


def sorted_model(library, fields, hash_key, range_key=None, projection=None, table=None, **body):
    """Return a model with an index whose keys are composites."""
    index = {"name": "sorted", "hash_key": "ihash", "projection": projection or ProjectAll()}
    computed = {"ihash": hash_key}
    if range_key is not None:
        index["range_key"], computed["irange"] = "irange", range_key
    fields = {"id": text(required=True), **fields}
    table = {"name": "things", "hash_key": "id", **(table or {})}
    return library.model("Thing", table, fields, Sorted=type("Sorted", (GlobalIndex,), index), **computed, **body)


def raw(model, key="1"):
    return model.Table.table.get_item(Key={"id": key}, ConsistentRead=True).get("Item")


def keys(model, key="1"):
    item = raw(model, key)
    return item.get("ihash"), item.get("irange")


@pytest.fixture
def thing(library, dynamo_tables):
    fields = {"status": text(), "city": text(), "total": integer(), "note": text()}
    model = sorted_model(library, fields, Composite("{status}#{city}"), Composite("{total:06d}#{city}"))
    dynamo_tables(model)
    model.put({"id": "1", "status": "open", "city": "Oslo", "total": 5})
    return model


class TestTransactions:
    def test_what_is_recorded_has_its_keys(self, thing):
        found = thing.get(id="1")
        with Transaction() as tx:
            tx.update(found, total__plus=2, status="late")
            tx.put(thing, {"id": "2", "status": "open", "city": "Rome", "total": 1})
            tx.update(thing, id="3", status="open", city="Bonn", given={"total": None})
        assert keys(thing) == ("late#Oslo", "000007#Oslo")
        assert keys(thing, "2") == ("open#Rome", "000001#Rome")
        assert keys(thing, "3") == ("open#Bonn", None)
        assert (found.total, found.ihash, found.irange) == (7, "late#Oslo", "000007#Oslo")
        assert not found.is_dirty
        found.update(total__plus=1)  # all of which it knows
        assert keys(thing)[1] == "000008#Oslo"

    def test_a_refusal_says_what_the_update_alone_would_have_said(self, thing):
        found = thing.get(id="1")
        thing.get(id="1").update(city="Rome")
        with pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
            tx.update(found, status="late")
        (reason,) = caught.value.failed
        assert isinstance(reason.error, ConditionFailed) and reason.error.current.city == "Rome"
        assert reason.instance is found and keys(thing) == ("open#Rome", "000005#Rome")
        found.update(status="late")  # alone it is sent again
        assert keys(thing) == ("late#Rome", "000005#Rome")

    def test_what_is_not_known_is_refused_when_it_is_recorded(self, thing):
        with sent_by(thing) as requests, Transaction() as tx, pytest.raises(IncompleteKey, match="city"):
            tx.update(thing, id="1", status="late")
        assert requests == []


class TestQueries:
    @pytest.fixture
    def lean(self, library, dynamo_tables):
        fields = {"status": text(), "city": text(), "total": integer()}

        class ByCity(GlobalIndex):
            name = "by_city"
            hash_key = "city"
            projection = ProjectKeys()

        (model,) = dynamo_tables(
            sorted_model(library, fields, Composite("{status}#{city}"), Composite("{total:06d}"), ByCity=ByCity)
        )
        for number in range(4):
            model.put({"id": str(number), "status": "open", "city": "Oslo", "total": number})
        return model

    def test_an_index_that_lacks_parts_is_refused_before_anything_is_sent(self, lean):
        before = list(map(raw, [lean] * 4, "0123"))
        with sent_by(lean) as requests, pytest.raises(NotProjected, match="status"):
            lean.ByCity.query(city="Oslo").update(city="Rome")
        assert requests == []
        assert list(map(raw, [lean] * 4, "0123")) == before

    def test_what_it_does_not_need_is_no_matter(self, lean):
        assert lean.ByCity.query(city="Oslo").update(total=7) == 4
        assert {keys(lean, key) for key in "0123"} == {("open#Oslo", "000007")}
        assert lean.ByCity.query(city="Oslo").update(status="late", city="Rome") == 4
        assert {keys(lean, key) for key in "0123"} == {("late#Rome", "000007")}

    def test_each_item_gets_its_own(self, lean):
        assert lean.Sorted.query(status="open", city="Oslo").update(total__plus=10, status="late") == 4
        assert [keys(lean, key) for key in "0123"] == [("late#Oslo", f"{10 + n:06d}") for n in range(4)]
        assert lean.scan(total__gte=12).update(status=None) == 2
        assert [keys(lean, key)[0] for key in "0123"] == ["late#Oslo", "late#Oslo", None, None]


def test_sparse_keys_come_and_go(library, dynamo_tables):
    late = Q(status="late") & Q(total__gt=3)
    model = sorted_model(library, {"status": text(), "total": integer()}, Composite("LATE", when=late))
    dynamo_tables(model)
    model.put({"id": "1", "status": "late", "total": 4})
    found = model.get(id="1")

    def is_there():
        return [one.id for one in model.Sorted.query(ihash="LATE")] == ["1"]

    assert is_there()
    for change, expected in (
        ({"total": 3}, False),
        ({"total__plus": 1}, True),
        ({"status": None}, False),
        ({"status": "late", "total": None}, False),
        ({"total": 9}, True),
    ):
        found.update(**change)
        assert is_there() is expected and found.ihash == ("LATE" if expected else None)
    found.status = "open"
    found.save()
    assert not is_there() and "ihash" not in raw(model)
    found.status = "late"
    found.save(partial=True)
    assert is_there()


class TestSizes:
    """2,048 bytes for hash keys and 1,024 for range keys, however many bytes a character takes."""

    @pytest.mark.parametrize(("field", "most"), [("status", 2_048), ("city", 1_024)])
    def test_a_key_of_an_index_that_is_too_long_is_refused(self, library, dynamo_tables, field, most):
        model = sorted_model(
            library, {"status": text(), "city": text()}, Composite("S#{status}"), Composite("C#{city}")
        )
        dynamo_tables(model)
        longest = "é" * ((most - 2) // 2)
        model.put({"id": "1", field: longest})
        before, found = raw(model), model.get(id="1")
        with sent_by(model) as requests:
            for write in (
                lambda: model.put({"id": "1", field: longest + "é"}),
                lambda: model(**{"id": "2", field: longest + "é"}).save(partial=True),
                lambda: model.put_batch({"id": "1", field: longest + "é"}),
                lambda: model.update_item(id="1", **{field: longest + "é"}),
                lambda: found.update(**{field: longest + "é"}),
                lambda: model.upsert(id="1", **{field: longest + "é"}),
                lambda: _in_transaction(model, id="1", **{field: longest + "é"}),
            ):
                with pytest.raises(InvalidKey, match=f"{most + 2:,} bytes, and DynamoDB takes {most:,}"):
                    write()
        assert requests == [] and raw(model) == before

    def test_what_merge_returns_is_measured_too(self, library, dynamo_tables):
        doubled = Composite("city", merge=lambda city: (city or "").encode() * 2, type=bytes)
        (model,) = dynamo_tables(sorted_model(library, {"city": text()}, Composite("ALL"), doubled))
        model.put({"id": "1", "city": "x" * 512})
        with pytest.raises(InvalidKey, match="1,026 bytes, and DynamoDB takes 1,024"):
            model.put({"id": "1", "city": "x" * 513})


def _in_transaction(model, **changes):
    with Transaction() as tx:
        tx.update(model, **changes)


def test_a_merge_that_fails_says_whose_it_is(library, dynamo_tables):
    score = Composite("likes", "replies", merge=lambda likes, replies: 100 // (likes - replies), type=int)
    fields = {"likes": integer(), "replies": integer()}
    (model,) = dynamo_tables(sorted_model(library, fields, Composite("ALL"), score))
    model.put({"id": "1", "likes": 5, "replies": 3})
    assert keys(model) == ("ALL", 50)
    before, found = raw(model), model.get(id="1")
    with sent_by(model) as requests:
        for write in (
            lambda: model.put({"id": "1", "likes": 5, "replies": 5}),
            lambda: found.update(replies=5),
            lambda: model.update_item(id="1", replies=5, given={"likes": 5}),
        ):
            with pytest.raises(ValidationError, match="ZeroDivisionError"):
                write()
    assert requests == [] and raw(model) == before
    found.update(replies=None)  # what it cannot do without
    assert keys(model) == ("ALL", None)


class TestGuards:
    """Versions and stamps, which every write changes by itself, as parts."""

    TABLE = {"version": "rev", "created": "made", "updated": "changed"}

    @pytest.fixture
    def clock(self):
        clock = Clock()
        dynamorm.configure(clock=clock)
        yield clock
        dynamorm.configure(clock=None)

    @pytest.fixture
    def guarded(self, library, dynamo_tables, clock):
        fields = {"kind": text(), "rev": integer(), "made": moment(), "changed": moment()}
        at = "%Y-%m-%dT%H:%M"
        hash_key, range_key = Composite(f"{{kind}}#{{made:{at}}}"), Composite(f"{{changed:{at}}}#{{rev:04d}}")
        (model,) = dynamo_tables(sorted_model(library, fields, hash_key, range_key, table=self.TABLE))
        return model

    def check(self, model, made, changed, rev):
        found = model.get(id="1")
        at = "%Y-%m-%dT%H:%M"
        assert keys(model) == (f"{found.kind}#{made:{at}}", f"{changed:{at}}#{rev:04d}")
        assert keys(model) == (found.ihash, found.irange)
        assert (found.made, found.changed, found.rev) == (made, changed, rev)

    def test_keys_follow_them(self, guarded, clock):
        guarded(id="1", kind="a").save(partial=True)
        made = clock.now
        self.check(guarded, made, clock.now, 1)
        found = guarded.get(id="1")
        found.update(kind="b")
        self.check(guarded, made, clock.now, 2)
        found.kind = "c"
        found.save()
        self.check(guarded, made, clock.now, 3)
        guarded.update_item(id="1", kind="d", if_version=3, given={"made": made})
        self.check(guarded, made, clock.now, 4)
        guarded.query(id="1").update(kind="e")
        self.check(guarded, made, clock.now, 5)
        with pytest.raises(IncompleteKey, match="made, rev"):
            guarded.upsert(id="1", kind="f")
        guarded.upsert(id="1", kind="f", given={"made": made, "rev": 5})
        self.check(guarded, made, clock.now, 6)

    def test_a_write_that_follows_another_of_a_batch_moves_them(self, library, dynamo_tables, monkeypatch):
        fields = {"rev": integer(), "note": text()}
        first = Composite("NEW", when=Q(rev=1))
        (model,) = dynamo_tables(
            sorted_model(library, fields, first, Composite("{note}#{rev:03d}"), table={"version": "rev"})
        )
        call, go_on, begun = Connection.call, threading.Event(), threading.Event()

        def slowly(connection, request, sender=None):
            answer = call(connection, request, sender)
            if request.operation == "PutItem" and not begun.is_set():
                begun.set()
                assert go_on.wait(30)
            return answer

        monkeypatch.setattr(Connection, "call", slowly)
        with BatchWriter(concurrency=2) as writer:
            writer.put(model, {"id": "1", "note": "a"})
            for number in range(25):
                writer.put(model, {"id": f"other {number}"})
            assert begun.wait(30)
            writer.put(model, {"id": "1", "note": "b"})
            go_on.set()
        assert raw(model) == {"id": "1", "note": "b", "rev": 2, "irange": "b#002"}

    def test_atomic_saves_keep_keys_right_and_give_up_at_once(self, thing):
        found, other = thing.get(id="1"), thing.get(id="1")
        found.status = "late"
        found.save(partial=True, atomic=True)
        assert keys(thing) == ("late#Oslo", "000005#Oslo")
        other.total = 6
        with sent_by(thing) as requests:
            for write in (lambda: other.save(partial=True, atomic=True), lambda: other.sync(atomic=True)):
                with pytest.raises(ConditionFailed):
                    write()
        assert len(requests) == 2 and raw(thing)["total"] == 5
        with pytest.raises(HashKeyExists):
            thing(id="1", status="x").save(unique=True)


class TestReplacedVerbs:
    """A model's own ``update`` and ``update_item``, which pass on what they are given."""

    @pytest.fixture
    def own(self, library, dynamo_tables):
        seen = []

        def update(self, *actions, **keywords):
            seen.append("update")
            return super(type(self), self).update(*actions, **keywords)

        def update_item(cls, conditions=None, update_item_kwargs=None, **keywords):
            seen.append("update_item")
            return super(cls, cls).update_item(conditions=conditions, update_item_kwargs=update_item_kwargs, **keywords)

        fields = {"status": text(), "at": moment(), "total": integer()}
        body = {"update": update, "update_item": classmethod(update_item)}
        model = sorted_model(library, fields, Composite("{status}#{at:%Y-%m-%d}"), Composite("{total:06d}"), **body)
        dynamo_tables(model)
        return model, seen

    def test_what_they_pass_on_keeps_keys_right(self, own):
        model, seen = own
        # as another program writes moments
        model.Table.table.put_item(Item={"id": "1", "status": "open", "at": "2030-01-02T00:00:00Z", "total": 1})
        found, other = model.get(id="1"), model.get(id="1")
        found.status = "late"
        found.save(partial=True)
        assert seen == ["update", "update_item"]
        assert keys(model)[0] == "late#2030-01-02"
        other.update(total=5)
        found.incr(total=1)
        found.save(partial=True)  # which is no reason to give up here either
        assert (raw(model)["total"], keys(model)[1], found.total) == (6, "000006", 6)
        new = model(id="2", total=3)
        new.save(partial=True)
        assert keys(model, "2") == (None, "000003")


class TestNames:
    @pytest.mark.parametrize("stored", ["st", "st.atus", "a[0]", "#s"])
    def test_parts_may_be_stored_under_other_names(self, library, dynamo_tables, stored):
        fields = {"status": text(stored=stored), "total": integer(stored="n"), "city": text(stored="c")}
        hash_key = Composite("{status}#{city}", when=Q(total__gt=1))
        (model,) = dynamo_tables(sorted_model(library, fields, hash_key, Composite("status", "total:d", sep="|")))
        model(id="1", status="open", total=2, city="Oslo").save()
        assert keys(model) == ("open#Oslo", "open|2")
        found = model.get(id="1")
        found.update(status="late")
        assert keys(model) == ("late#Oslo", "late|2")
        with pytest.raises(IncompleteKey, match=r"given=\{\"city\": \.\.\., \"total\": \.\.\.\}"):
            model.update_item(id="1", status="done")
        model.update_item(id="1", status="done", given={"total": 2, "city": "Oslo"})
        assert keys(model) == ("done#Oslo", "done|2")
        assert model.query(id="1").update(total=1) == 1
        assert keys(model) == (None, "done|1")
        assert [one.id for one in model.Sorted.query(ihash="x")] == []

    def test_a_part_may_still_be_stored_under_a_former_name(self, dynamo_tables):
        types = pytest.importorskip("schematics.types")

        class Renamed(dynamorm.DynaModel):
            class Table:
                name = "renamed"
                hash_key = "id"
                billing_mode = "PAY_PER_REQUEST"

            class Schema:
                id = types.StringType(required=True)
                status = types.StringType(deserialize_from=["state"])
                total = types.IntType()

            ihash = Composite("{status}#{total:03d}")

            class Sorted(GlobalIndex):
                name = "sorted"
                hash_key = "ihash"
                projection = ProjectAll()

        dynamo_tables(Renamed)
        old = {"id": "1", "state": "open", "total": 1}
        Renamed.Table.table.put_item(Item=old)
        found = Renamed.get(id="1")
        found.update(total=2)
        assert raw(Renamed) == {**old, "total": 2, "ihash": "open#002"}
        assert Renamed.query(id="1").update(total=3) == 1
        assert raw(Renamed) == {**old, "total": 3, "ihash": "open#003"}
        stale = Renamed.get(id="1")
        found.update(status="late")
        assert keys(Renamed)[0] == "late#003"
        stale.update(total=4)
        assert keys(Renamed)[0] == "late#004"
        with pytest.raises(IncompleteKey) as caught:
            Renamed.update_item(id="1", total=5)
        assert "state" not in str(caught.value)
        with pytest.raises(ConditionFailed):
            Renamed.update_item(id="1", total=5, given={"status": None})
        Renamed.update_item(id="1", total=5, given={"status": "late"})
        assert keys(Renamed)[0] == "late#005"
        Renamed.get(id="1").update(status=None)
        assert "ihash" not in raw(Renamed)


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


MOMENT = dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2)))
ID = uuid.UUID(int=7)
VALUES = [
    (boolean, "{part}", True, "true", False, "false"),
    (exact, "{part}", Decimal("1.50"), None, Decimal("2.25"), "2.25"),
    (unique, "{part}", ID, str(ID), uuid.UUID(int=8), str(uuid.UUID(int=8))),
    (day, "{part}", dt.date(2030, 1, 2), "2030-01-02", dt.date(2030, 2, 3), "2030-02-03"),
    (day, "{part:%Y-%m}", dt.date(2030, 1, 2), "2030-01", dt.date(2030, 2, 3), "2030-02"),
    (moment, "{part:%Y%m%dT%H%M}", MOMENT, "20300102T0104", MOMENT + dt.timedelta(hours=1), "20300102T0204"),
    (integer, "{part:04d}", 12, "0012", 13, "0013"),
    (text, "{part!u}", "ab#c", None, "x", "X"),
    (lambda: member(Level), "{part}", Level.LOW, "low", Level.HIGH, "high"),
]


@pytest.mark.parametrize(("kind", "template", "value", "key", "other", "other_key"), VALUES)
def test_values_of_many_kinds_are_parts(library, dynamo_tables, kind, template, value, key, other, other_key):
    fields = {"part": kind(), "note": text()}
    (model,) = dynamo_tables(sorted_model(library, fields, Composite("K#{note}#" + template)))
    model(id="1", part=value, note="n").save()
    first = keys(model)[0]
    if key is not None:
        assert first == f"K#n#{key}"
    found = model.get(id="1")
    assert found.ihash == first
    found.update(note="m")
    assert keys(model)[0] == first.replace("#n#", "#m#")
    found.update(part=other)
    assert keys(model)[0] == f"K#m#{other_key}"
    model.update_item(id="1", note="l", given={"part": other})
    assert keys(model)[0] == f"K#l#{other_key}"
    model.update_item(id="1", part=value, given={"note": "l"})
    assert keys(model)[0] == first.replace("#n#", "#l#")
    assert [one.part for one in model.Sorted.query(note="l", part=value)] == [model.get(id="1").part]

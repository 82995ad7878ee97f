"""Several instances at once, of any models."""

from __future__ import annotations

import pickle
import threading

import pytest

import dynamorm
from dynamorm import (
    BatchError,
    ConditionFailed,
    DoesNotExist,
    DynaModelException,
    InvalidExpression,
    InvalidKey,
    InvalidSchemaField,
    ObjectsNotFound,
    ValidationError,
    VersionConflict,
    using,
)
from dynamorm.many import batches
from dynamorm.signals import post_delete, post_save, post_update, pre_delete, pre_request, pre_save, pre_update
from dynamorm.together.several import SeveralTables

from ..libraries import integer, mapping, text

NOTE = {"id": text(required=True), "title": text(), "views": integer(), "meta": mapping()}
LINE = {"note": text(required=True), "number": integer(required=True), "body": text(stored="Body")}


@pytest.fixture(scope="module")
def classes(library):
    note = library.model("Note", {"name": "notes", "hash_key": "id"}, NOTE)
    line = library.model("Line", {"name": "lines", "hash_key": "note", "range_key": "number"}, LINE)
    return note, line


@pytest.fixture
def note(classes, dynamo_tables):
    dynamo_tables(*classes)
    return classes[0]


@pytest.fixture
def line(note, classes):
    return classes[1]


@pytest.fixture
def filled(note, line):
    """Ten notes, each with a line."""
    note.put_batch({"id": str(number), "title": f"note {number}", "views": number} for number in range(10))
    line.put_batch({"note": str(number), "number": number, "body": f"line {number}"} for number in range(10))


def shells(model, numbers=range(10)):
    """Return instances that know nothing but their keys."""
    if "number" in model.Schema.dynamorm_fields():
        return [model(note=str(number), number=number) for number in numbers]
    return [model(id=str(number)) for number in numbers]


# load


def test_instances_of_several_models_are_filled_by_one_request(note, line, filled, operations):
    notes, lines = shells(note), shells(line)
    operations.clear()
    assert dynamorm.load(notes, iter(lines)) is None
    assert operations == ["BatchGetItem"]
    assert [one.title for one in notes] == [f"note {number}" for number in range(10)]
    assert [one.body for one in lines] == [f"line {number}" for number in range(10)]
    assert not any(one.is_dirty or one.is_partial for one in [*notes, *lines])
    notes[0].update(title="changed")
    assert note.get(id="0").views == 0


def test_what_the_instances_held_is_replaced(note, filled):
    first = note.get(id="1")
    first.title, first.views, first.meta = "mine", None, {"a": 1}
    partial = note.query(id="2").only("views").first()
    note.Table.table.update_item(Key={"id": "1"}, UpdateExpression="SET zzz = id")
    dynamorm.load(first, partial)
    assert (first.title, first.views, first.meta, first.extra) == ("note 1", 1, None, {"zzz": "1"})
    assert partial.title == "note 2" and not partial.is_partial
    partial.save()


def test_more_than_a_hundred_take_several_requests_and_each_key_is_asked_for_once(note, sent):
    note.put_batch({"id": str(number), "views": number} for number in range(150))
    sent.clear()
    some = shells(note, [*range(150), *range(150)])
    dynamorm.load(some[:10], some[10:])
    assert [one.views for one in some] == [*range(150), *range(150)]
    asked = [one.payload["RequestItems"][note.Table.full_name]["Keys"] for one in sent]
    assert [len(keys) for keys in asked] == [100, 50]


def test_what_is_not_there_is_said_when_all_else_is_loaded(note, line, filled):
    there, gone, lost = note(id="1"), note(id="77", title="mine"), line(note="1", number=99)
    with pytest.raises(ObjectsNotFound, match="2 of 3 instances") as caught:
        dynamorm.load(gone, there, lost)
    assert isinstance(caught.value, DoesNotExist)
    assert [one is other for one, other in zip(caught.value.missing, [gone, lost], strict=True)] == [True, True]
    assert there.title == "note 1" and gone.title == "mine"
    assert "id='77'" in str(caught.value)
    with pytest.raises(ObjectsNotFound) as caught:
        dynamorm.load(shells(note, range(100, 200)))
    assert len(caught.value.missing) == 100 and len(str(caught.value)) < 300


def test_the_error_can_be_pickled():
    error = pickle.loads(pickle.dumps(ObjectsNotFound("one is gone", ["it"])))
    assert (type(error), str(error), error.missing) == (ObjectsNotFound, "one is gone", ["it"])


def test_reads_are_consistent_where_that_is_asked_for(note, line, filled, sent):
    sent.clear()
    dynamorm.load(note(id="1"), line(note="1", number=1))
    dynamorm.load(note(id="1"), line(note="1", number=1), consistent=True)
    plain, consistent = ([one.get("ConsistentRead") for one in r.payload["RequestItems"].values()] for r in sent)
    assert (plain, consistent) == ([None, None], [True, True])


def test_an_item_that_its_schema_refuses_is_said_when_all_else_is_loaded(note, filled):
    note.Table.table.put_item(Item={"id": "3", "views": "many"})
    some = shells(note)
    with pytest.raises(ValidationError, match="'id': '3'"):
        dynamorm.load(some)
    assert [one.title for one in some] == [None if number == 3 else f"note {number}" for number in range(10)]


def test_what_is_assigned_while_the_request_is_under_way_stays(note, filled):
    one = note(id="1")

    def assign(sender, request):
        one.title = "mine"

    with pre_request.connected_to(assign):
        dynamorm.load(one)
    assert (one.title, one.views) == ("mine", 1)
    assert set(one.changes) == {"title"}


def test_keys_that_stay_undone_end_in_an_error_of_instances(note, line, filled, monkeypatch):
    monkeypatch.setattr(batches, "jitter", lambda rounds: 0.0)
    read = SeveralTables.read

    def read_no_lines(self, keys):
        notes = [(table, key) for table, key in keys if "id" in key]
        answer = (yield from read(self, notes)) if notes else {}
        left = [key for table, key in keys if "note" in key]
        answer["UnprocessedKeys"] = {line.Table.full_name: {"Keys": left}}
        return answer

    monkeypatch.setattr(SeveralTables, "read", read_no_lines)
    notes, lines = shells(note), shells(line)
    with pytest.raises(BatchError, match="10 of a batch could not be read") as caught:
        dynamorm.load(lines, notes)
    assert [one is other for one, other in zip(caught.value.done, notes, strict=True)] == [True] * 10
    assert [one is other for one, other in zip(caught.value.missing, lines, strict=True)] == [True] * 10
    assert [one.views for one in notes] == list(range(10))


def test_instances_are_loaded_from_where_they_belong(note, filled, operations):
    there = note.using(table_name=f"{note.Table.full_name}-2")
    there.Table.create_table()
    try:
        there.put({"id": "1", "title": "there"})
        with using(transport="boto3"):
            here = note.get(id="1")
        mine, other = note(id="1"), there(id="1")
        operations.clear()
        dynamorm.load(mine, other, here)
        assert operations == ["BatchGetItem", "BatchGetItem"]  # by each connection
        assert (mine.title, other.title, here.title) == ("note 1", "there", "note 1")
    finally:
        there.Table.delete()


# save, delete, sync


def test_each_instance_is_written_as_its_own_verb_does(note, line, operations):
    operations.clear()
    some = [note(id="1", title="a"), line(note="1", number=1, body="b")]
    assert dynamorm.save(some[0], [some[1]], (one for one in [note(id="2")])) is None
    assert operations == ["PutItem"] * 3
    assert not some[0].is_dirty and note.get(id="1").title == "a" and line.get(note="1", number=1).body == "b"
    some[0].title = "c"
    note.update_item(id="1", views=5)
    dynamorm.sync(some)
    assert (some[0].title, some[0].views) == ("c", 5) and note.get(id="1").title == "c"
    dynamorm.delete(note.scan(), line.scan())
    assert note.scan().count() == line.scan().count() == 0
    dynamorm.save(), dynamorm.delete([]), dynamorm.sync(()), dynamorm.load([], [])


@pytest.mark.parametrize("verb", [dynamorm.load, dynamorm.save, dynamorm.delete, dynamorm.sync])
def test_everything_is_seen_to_be_an_instance_before_anything_is_sent(note, filled, sent, verb):
    fine = note.get(id="1")
    fine.title = "changed"
    sent.clear()
    for wrong in (None, "1", {"id": "1"}, note, 5, [fine, {"id": "2"}], [[fine]], note.title == "a"):
        with pytest.raises(DynaModelException, match=f"{verb.__name__}\\(\\) takes instances"):
            verb(fine, wrong)
    assert sent == []


def test_an_error_says_what_was_written_and_what_was_not(note, filled):
    some = shells(note)
    dynamorm.load(some)
    for one in some:
        one.title = "changed"
    with pytest.raises(ConditionFailed) as caught:
        dynamorm.save(some, conditions=note.views != 4)
    assert [one.id for one in caught.value.done] == ["0", "1", "2", "3"]
    assert [one.id for one in caught.value.left] == ["4", "5", "6", "7", "8", "9"]
    assert caught.value.current.title == "note 4"
    assert note.scan(title="changed").count() == 4
    dynamorm.save(caught.value.left)
    assert note.scan(title="changed").count() == 10
    with pytest.raises(ConditionFailed) as caught:
        dynamorm.delete(some[:3], some[3:], conditions={"views__lt": 6})
    assert (len(caught.value.done), len(caught.value.left), note.scan().count()) == (6, 4, 4)


def test_any_error_says_it(note, filled):
    def fail(sender, instance, **rest):
        if instance.id == "2":
            raise OSError("no more room")

    some = list(note.get_batch(["1", "2", "3"], ordered=True))
    with pre_save.connected_to(fail), pytest.raises(OSError, match="no more room") as caught:
        dynamorm.save(some)
    assert [one.id for one in caught.value.done] == ["1"]
    assert [one.id for one in caught.value.left] == ["2", "3"]
    with pytest.raises(ValidationError) as caught:
        some[1].views = "many"
        dynamorm.save(*some)
    assert ([one.id for one in caught.value.done], [one.id for one in caught.value.left]) == (["1"], ["2", "3"])


def test_conditions_that_a_model_cannot_have_are_refused_before_anything_is_sent(note, line, filled, sent):
    some = [note.get(id="1"), line.get(note="1", number=1)]
    sent.clear()
    for verb in (dynamorm.save, dynamorm.delete, dynamorm.sync):
        with pytest.raises(InvalidSchemaField):
            verb(some, conditions={"views": 1})
    assert sent == []
    dynamorm.save(some, conditions=dynamorm.F("zzz").not_exists())


@pytest.mark.parametrize("verb", [dynamorm.save, dynamorm.delete, dynamorm.sync])
@pytest.mark.parametrize("switch", ["atomic", "if_unchanged"])
def test_atomic_writes_are_refused_where_somebody_else_wrote(note, filled, verb, switch):
    some = [note.get(id=str(number)) for number in range(4)]
    for one in some:
        one.title = "mine"
    note.update_item(id="2", views=99)
    with pytest.raises(ConditionFailed) as caught:
        verb(some, **{switch: True})
    assert [one.id for one in caught.value.done] == ["0", "1"]
    assert note.get(id="2").title == "note 2" and note.get(id="3").title == "note 3"
    with pytest.raises(DynaModelException, match=switch):
        verb(some, **{switch: "title"})


def test_of_many_who_save_the_same_atomically_one_gets_through(note, filled):
    many = 8
    everybody = threading.Barrier(many)
    refused, written = [], []

    def contend(number):
        mine = [note.get(id="5"), note.get(id="6")]
        for one in mine:
            one.views = 1_000 + number
        everybody.wait(30)
        try:
            dynamorm.save(mine, atomic=True)
        except ConditionFailed as error:
            refused.append(len(error.done))
        else:
            written.append(number)

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == 1 and refused == [0] * (many - 1)
    assert note.get(id="5").views == note.get(id="6").views == 1_000 + written[0]


def test_versions_are_guarded(library, dynamo_tables):
    fields = {"id": text(required=True), "rev": integer(), "title": text()}
    (model,) = dynamo_tables(library.model("Versioned", {"name": "v", "hash_key": "id", "version": "rev"}, fields))
    some = [model(id="1"), model(id="2")]
    dynamorm.save(some)
    assert [one.rev for one in some] == [1, 1]
    model.update_item(id="2", title="other")
    for verb in (dynamorm.save, dynamorm.sync, dynamorm.delete):
        for one in some:
            one.title = verb.__name__
        with pytest.raises(VersionConflict) as caught:
            verb(some)
        assert (len(caught.value.done), len(caught.value.left)) == (1, 1)


def test_signals_are_those_of_the_single_verbs(note, filled):
    seen = []
    kinds = {pre_save: "pre_save", post_save: "post_save", pre_update: "pre_update", post_update: "post_update"}
    kinds.update({pre_delete: "pre_delete", post_delete: "post_delete"})
    receivers = []
    for signal, name in kinds.items():

        def note_it(sender, instance, _name=name, **rest):
            seen.append((_name, instance.id))

        receivers.append(note_it)
        signal.connect(note_it, sender=note)
    some = [note.get(id="1"), note.get(id="2")]
    dynamorm.save(some)
    some[0].title = "changed"
    dynamorm.sync(some[0])
    dynamorm.delete(some[1])
    assert seen == [
        ("pre_save", "1"),
        ("post_save", "1"),
        ("pre_save", "2"),
        ("post_save", "2"),
        ("pre_update", "1"),
        ("post_update", "1"),
        ("pre_delete", "2"),
        ("post_delete", "2"),
    ]


def test_verbs_that_the_model_replaces_are_called(library, dynamo_tables):
    called = []

    class Own:
        def save(self, *args, **kwargs):
            called.append(("save", self.id, kwargs))
            return super().save(*args, **kwargs)

        def delete(self, *args, **kwargs):
            called.append(("delete", self.id, kwargs))
            return super().delete(*args, **kwargs)

        def sync(self, *args, **kwargs):
            called.append(("sync", self.id, kwargs))
            return super().sync(*args, **kwargs)

    class Younger:
        def reconcile(self, *args, **kwargs):
            called.append(("reconcile", self.id, kwargs))
            return super().reconcile(*args, **kwargs)

    base = library.model("Base", {"name": "own", "hash_key": "id"}, NOTE)
    model, younger = type(base)("Note", (Own, base), {}), type(base)("Younger", (Younger, base), {})
    dynamo_tables(base)
    dynamorm.save(model(id="1"), younger(id="2"))
    some = [model.get(id="1"), younger.get(id="2")]
    dynamorm.sync(some)
    dynamorm.delete(some, conditions={"views": None}, atomic=True)
    assert called == [
        ("save", "1", {}),
        ("sync", "1", {}),
        ("reconcile", "2", {}),
        ("delete", "1", {"conditions": {"views": None}, "atomic": True}),
    ]


def test_what_cannot_be_loaded_is_refused_before_anything_is_sent(note, filled, sent):
    renamed = note.get(id="1")
    renamed.id = "other"
    sent.clear()
    for wrong in (renamed, note(title="no key")):
        with pytest.raises(InvalidKey):
            dynamorm.load(note(id="2"), wrong)
    with pytest.raises(InvalidExpression, match="consistent"):
        dynamorm.load(note(id="2"), consistent="yes")
    assert sent == []

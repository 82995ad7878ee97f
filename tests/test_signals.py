"""Signals: when they are sent, with what, and what a receiver may change."""

from __future__ import annotations

import contextlib
import datetime as dt
import subprocess
import sys
import time

import blinker
import pytest

from dynamorm import ConditionFailed, DoesNotExist, DynaModel, InvalidKey, ValidationError, signals
from dynamorm.signals import pre_save

from .books import KEY, PAGE, book_values
from .budgets.counted import calls_of
from .libraries import moment, natives, text
from .stored import stored_item

OF_INSTANCES = [f"{when}_{verb}" for verb in ("init", "save", "update", "delete") for when in ("pre", "post")]
NAMES = ["model_prepared", *OF_INSTANCES, "pre_request", "post_request"]


@pytest.fixture
def found(book):
    """A stored book, loaded."""
    book.put(book_values())
    return book.get(isbn=KEY)


@contextlib.contextmanager
def heard(model, *names):
    """Collect what is sent, as pairs of a signal's name and its arguments."""
    calls = []

    def listener(name):
        def receive(sender, **arguments):
            assert sender is model
            calls.append((name, arguments))

        return receive

    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(getattr(signals, name).connected_to(listener(name), sender=model))
        yield calls


def on(name, receiver, model):
    return getattr(signals, name).connected_to(receiver, sender=model)


def test_every_signal_is_blinkers_and_named_after_the_package():
    for name in NAMES:
        signal = getattr(signals, name)
        assert isinstance(signal, blinker.NamedSignal)
        assert signal.name == f"dynamorm.{name}"
        assert signal.__doc__


def test_a_model_that_is_complete_is_announced(library):
    prepared = []

    def receive(sender, **arguments):
        prepared.append((sender, sender.Table.name, sorted(sender.Schema.dynamorm_fields()), arguments))

    with signals.model_prepared.connected_to(receiver=receive):
        model = library.model("Page", {"name": "pages", "hash_key": "isbn", "range_key": "number"}, PAGE)
    assert prepared == [(model, "pages", sorted(PAGE), {})]


# Instances come to be.


def test_making_an_instance_tells_what_it_is_given_before_and_what_it_holds_after(book):
    values = []

    def before(sender, instance, **arguments):
        values.append(instance.title)

    def after(sender, instance, **arguments):
        values.append(instance.title)

    with heard(book, "pre_init", "post_init") as calls, on("pre_init", before, book), on("post_init", after, book):
        made = book(isbn="1", title="T", partial=True)
    assert values == [None, "T"]
    arguments = {"instance": made, "partial": True, "raw": {"isbn": "1", "title": "T"}}
    assert calls == [("pre_init", arguments), ("post_init", arguments)]
    assert all(call["instance"] is made for _, call in calls)


def test_what_a_receiver_changes_in_raw_is_what_the_instance_is_made_of(book):
    def receive(sender, raw, **arguments):
        raw["title"] = raw["title"].upper()
        raw["year"] = "1999"

    with on("pre_init", receive, book):
        made = book(isbn="1", title="low")
    assert (made.title, made.year) == ("LOW", 1999)


def test_instances_that_are_read_are_announced_too(book, found):
    reads = {
        "get": lambda: book.get(isbn=KEY),
        "query": lambda: book.query(isbn=KEY).one(),
        "index": lambda: book.ByAuthor.query(author="Mr. Bar").one(),
        "scan": lambda: book.scan().one(),
        "get_batch": lambda: next(iter(book.get_batch([KEY]))),
    }
    for name, read in reads.items():
        with heard(book, "pre_init", "post_init") as calls:
            instance = read()
        assert [name for name, _ in calls] == ["pre_init", "post_init"], name
        assert all(call["instance"] is instance and call["partial"] is False for _, call in calls)
        assert calls[0][1]["raw"]["sub"] == "An account"
        assert natives(instance) == book_values() and not instance.is_dirty
    with heard(book, "pre_init", "post_init") as calls:
        book.get(isbn=KEY, attrs=["title"])
    assert [call["partial"] for _, call in calls] == [True, True]


# Saves.


def test_a_save_is_announced_before_and_after_with_what_is_passed_on(book):
    instance = book(**book_values())
    stored = []

    def look(sender, **arguments):
        stored.append(book.get(isbn=KEY) is not None)

    with heard(book, "pre_save", "post_save") as calls, on("pre_save", look, book), on("post_save", look, book):
        instance.save(ReturnValues="ALL_OLD")
    arguments = {"instance": instance, "put_kwargs": {"ReturnValues": "ALL_OLD"}}
    assert calls == [("pre_save", arguments), ("post_save", arguments)]
    assert stored == [False, True]


@pytest.mark.parametrize("unique", [False, True])
def test_signals_precede_validation_so_that_receivers_can_complete_an_instance(book, unique):
    def complete(sender, instance, **arguments):
        instance.title = "given by a receiver"

    instance = book(isbn="1")
    with on("pre_save", complete, book):
        instance.save(unique=unique)
    assert book.get(isbn="1").title == "given by a receiver"


def test_signals_precede_validation_so_a_receiver_can_make_an_instance_valid(book):
    made = book(isbn="1")

    def finish(sender, instance, put_kwargs):
        instance.title = "from the receiver"

    with pre_save.connected_to(finish, sender=book):
        made.save()
    assert stored_item(book, isbn="1")["title"] == "from the receiver"


def test_what_a_receiver_does_to_put_kwargs_is_what_is_sent(book, found):
    def demand(sender, put_kwargs, **arguments):
        put_kwargs["ConditionExpression"] = book.year == 1

    with on("pre_save", demand, book), pytest.raises(ConditionFailed):
        found.save()


def test_a_receiver_that_breaks_an_instance_gets_it_refused(book, found):
    def spoil(sender, instance, **arguments):
        instance.rank = 6

    with heard(book, "post_save") as calls, on("pre_save", spoil, book), pytest.raises(ValidationError):
        found.save()
    assert calls == []
    assert book.get(isbn=KEY).rank == 2


# Updates.


def test_an_update_is_announced_before_and_after_with_its_parts(book, found):
    conditions, options = {"year": 1999}, {"ReturnConsumedCapacity": "TOTAL"}
    with heard(book, "pre_update", "post_update") as calls:
        found.update(title="x", views__plus=1, conditions=conditions, update_item_kwargs=options)
    assert [name for name, _ in calls] == ["pre_update", "post_update"]
    for _, arguments in calls:
        assert arguments["instance"] is found
        assert arguments["conditions"] == conditions
        assert arguments["update_item_kwargs"]["ReturnConsumedCapacity"] == "TOTAL"
        assert arguments["updates"] == {"isbn": KEY, "title": "x", "views__plus": 1}
        assert sorted(arguments) == ["conditions", "instance", "update_item_kwargs", "updates"]


def test_partial_saves_and_syncs_are_announced_as_updates(book, found):
    found.title = "x"
    with heard(book, *OF_INSTANCES) as calls:
        found.save(partial=True)
        found.incr(views=1)
        found.sync()
    assert [name for name, _ in calls] == ["pre_update", "post_update"] * 2
    assert calls[0][1]["updates"] == {"isbn": KEY, "title": "x"}
    assert calls[2][1]["updates"] == {"isbn": KEY, "views__add": 1}


def test_what_a_receiver_changes_in_the_parts_of_an_update_is_what_is_sent(book, found):
    def stamp(sender, updates, update_item_kwargs, **arguments):
        updates["author"] = "stamped"
        updates.pop("year", None)
        update_item_kwargs["ReturnConsumedCapacity"] = "TOTAL"

    with on("pre_update", stamp, book):
        response = found.update(title="x", year=1)
        found.subtitle = "y"
        found.save(partial=True)
    assert response["ConsumedCapacity"]["CapacityUnits"] > 0
    expected = book_values(title="x", author="stamped", subtitle="y")
    assert natives(found) == natives(book.get(isbn=KEY)) == expected
    assert not found.is_dirty


def test_what_a_receiver_adds_to_conditions_has_to_hold(book, found):
    def demand(sender, conditions, **arguments):
        conditions["rank"] = 1

    with on("pre_update", demand, book), pytest.raises(ConditionFailed):
        found.update(title="x", conditions={"year": 1999})
    assert book.get(isbn=KEY).title == "The Depths"


@pytest.mark.parametrize("verb", ["update", "partial save", "sync"])
def test_what_a_receiver_changes_in_the_instance_before_an_update_is_sent_too(book, found, verb):
    def stamp(sender, instance, **arguments):
        instance.author = "stamped"
        instance.meta["stamp"] = 1
        if verb != "sync":  # which takes everything back
            instance.incr(views=1)

    found.title = "mine"
    found.meta["lang"] = "fi"
    with on("pre_update", stamp, book):
        if verb == "update":
            found.update(year=1)
        elif verb == "sync":
            found.sync()
        else:
            found.save(partial=True)
    stored = book.get(isbn=KEY)
    assert stored.author == "stamped" and stored.meta["stamp"] == 1
    assert stored.title == ("The Depths" if verb == "update" else "mine")
    found.save(partial=True)
    stored = book.get(isbn=KEY)
    assert (stored.title, stored.meta["lang"], stored.views) == ("mine", "fi", 10 if verb == "sync" else 11)


def test_updates_of_nothing_are_announced_as_in_0_11(book, found):
    with heard(book, *OF_INSTANCES) as calls:
        assert found.update() is None
    assert [name for name, _ in calls] == ["pre_update", "post_update"]


def test_class_verbs_have_no_instance_to_announce(book, found):
    with heard(book, *(name for name in OF_INSTANCES if not name.endswith("init"))) as calls:
        book.put(book_values())
        book.update_item(isbn=KEY, title="x")
        book.patch(isbn=KEY, title="y")
        book.delete_item(isbn=KEY)
    assert calls == []


# Deletes.


def test_a_delete_is_announced_before_and_after(book, found):
    there = []

    def look(sender, instance):
        there.append(book.get(isbn=instance.isbn) is not None)

    with heard(book, "pre_delete", "post_delete") as calls, on("pre_delete", look, book), on("post_delete", look, book):
        found.delete()
    assert calls == [("pre_delete", {"instance": found}), ("post_delete", {"instance": found})]
    assert there == [True, False]


# Failures.


@pytest.mark.parametrize("name", ["pre_save", "pre_update", "pre_delete"])
def test_an_exception_of_a_receiver_propagates_and_nothing_is_written(book, found, name):
    class Objection(Exception):
        pass

    def object_to(sender, **arguments):
        raise Objection

    found.title = "x"
    found.incr(views=1)
    with on(name, object_to, book), pytest.raises(Objection):
        {"pre_save": found.save, "pre_update": lambda: found.save(partial=True), "pre_delete": found.delete}[name]()
    assert natives(book.get(isbn=KEY)) == book_values()
    assert sorted(found.changes) == ["title", "views"]
    found.save(partial=True)
    assert natives(book.get(isbn=KEY)) == book_values(title="x", views=11)


@pytest.mark.parametrize("name", ["post_save", "post_update", "post_delete"])
def test_an_exception_of_a_receiver_afterwards_propagates_and_what_was_written_is_known(book, found, name):
    def object_to(sender, **arguments):
        raise RuntimeError("too late")

    found.title = "x"
    found.incr(views=1)
    with on(name, object_to, book), pytest.raises(RuntimeError, match="too late"):
        {"post_save": found.save, "post_update": lambda: found.save(partial=True), "post_delete": found.delete}[name]()
    stored = book.get(isbn=KEY)
    if name == "post_delete":
        assert stored is None
    else:
        assert (stored.title, stored.views) == ("x", 11)
        assert not found.is_dirty


def test_writes_that_were_refused_are_not_announced_as_done(book, found):
    with heard(book, "post_save", "post_update", "post_delete") as calls:
        for write in (
            lambda: found.save(conditions={"year": 1}),
            lambda: found.update(title="x", conditions={"year": 1}),
            lambda: found.delete(conditions={"year": 1}),
        ):
            with pytest.raises(ConditionFailed):
                write()
        book.delete_item(isbn=KEY)
        with pytest.raises(DoesNotExist):
            found.update(title="x")
        found.isbn = "other"
        with pytest.raises(InvalidKey):
            found.update(title="x")
    assert calls == []


# Requests.


def test_every_request_is_announced_with_the_model_and_answered_with_what_it_took(book, found):
    begun = time.perf_counter()
    with heard(book, "pre_request", "post_request") as calls:
        book.get(isbn=KEY)
        found.update(title="x", update_item_kwargs={"ReturnConsumedCapacity": "TOTAL"})
        list(book.query(isbn=KEY))
        list(book.scan())
        book.put_batch(book_values())
        list(book.get_batch([KEY]))
        found.delete()
    elapsed = time.perf_counter() - begun
    operations = ["GetItem", "UpdateItem", "Query", "Scan", "BatchWriteItem", "BatchGetItem", "DeleteItem"]
    assert [call["request"].operation for name, call in calls if name == "pre_request"] == operations
    assert [name for name, _ in calls] == ["pre_request", "post_request"] * len(operations)
    for (_, before), (_, after) in zip(calls[::2], calls[1::2], strict=True):
        assert after["request"] is before["request"]
        assert after["response"]["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert 0 < after["seconds"] < elapsed
        assert after["attempts"] == 1
    assert calls[1][1]["response"]["Item"]["title"] == {"S": "The Depths"}
    assert calls[1][1]["consumed"] is None
    assert calls[3][1]["consumed"]["CapacityUnits"] > 0


def test_a_request_that_failed_is_announced_without_a_response(book, found):
    with heard(book, "post_request") as calls, pytest.raises(ConditionFailed):
        found.update(title="x", conditions={"year": 1})
    ((_, call),) = calls
    assert call["response"] is None and call["seconds"] > 0


def test_signals_go_to_the_receivers_of_their_model_alone(library, dynamo_tables, book, page):
    child = type(book)("Child", (book,), {})
    with heard(page, *OF_INSTANCES) as calls:
        book(isbn="1", title="T").save()
    assert calls == []
    with heard(child, "pre_save") as calls:
        book(isbn="1", title="T").save()
        assert calls == []
        child(isbn="1", title="T").save()
        assert [name for name, _ in calls] == ["pre_save"]


def test_signals_without_receivers_cost_nothing_measurable(book):
    sending = calls_of(lambda: signals.pre_save.send(book, instance=None, put_kwargs={}))
    making = calls_of(lambda: book(isbn="1", title="T"))
    assert 2 * sending < making


def test_the_signals_are_there_without_any_schema_library():
    code = (
        "import sys, dynamorm.signals as signals;"
        "assert not {'marshmallow', 'schematics', 'pydantic', 'boto3'} & set(sys.modules);"
        "assert signals.pre_save.name == 'dynamorm.pre_save'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_receivers_that_stamp_times_work_on_every_kind_of_save(library, dynamo_tables):
    fields = {"id": text(required=True), "title": text(), "changed": moment()}
    (model,) = dynamo_tables(library.model("Stamped", {"name": "stamped", "hash_key": "id"}, fields))
    times = [dt.datetime(2024, 1, day, tzinfo=dt.timezone.utc) for day in (1, 2, 3)]
    pending = iter(times)

    def stamp(sender, instance, **arguments):
        instance.changed = next(pending)

    with on("pre_save", stamp, model), on("pre_update", stamp, model):
        instance = model(id="1", title="a")
        instance.save()
        assert model.get(id="1").changed == times[0]
        instance.title = "b"
        instance.save(partial=True)
        assert model.get(id="1").to_dict(native=True) == {"id": "1", "title": "b", "changed": times[1]}
        instance.update(title="c")
        assert model.get(id="1").to_dict(native=True) == {"id": "1", "title": "c", "changed": times[2]}
    assert not instance.is_dirty


def test_the_signals_of_requests_name_the_model_that_sent_them(dynamo_tables):
    fields = pytest.importorskip("marshmallow.fields")

    class Parent(DynaModel):
        class Table:
            name = "signalled"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema:
            id = fields.String()

    class Child(Parent):
        pass

    dynamo_tables(Parent)
    seen = []

    def receive(sender, request, **facts):
        seen.append((sender, request.operation))

    with signals.post_request.connected_to(receive):
        Parent(id="1").save()
        Child.get(id="1")
        assert len(list(Child.scan())) == 1
    assert seen == [(Parent, "PutItem"), (Child, "GetItem"), (Child, "Scan")]

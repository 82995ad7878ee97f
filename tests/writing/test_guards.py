"""What a table demands of every write, on every way to write."""

from __future__ import annotations

import contextlib
import datetime as dt
import inspect

import pytest

import dynamorm
from dynamorm import (
    ConditionFailed,
    DoesNotExist,
    HashKeyExists,
    IncompleteKey,
    InvalidExpression,
    InvalidKey,
    VersionConflict,
)

from ..libraries import integer, moment, text
from ..traffic import sent_by
from .write_paths import MOVING, NOT_WRITING, PATHS, Clock, account_model, keyed_models, keys_of, verbs

VALUES = {"id": "1", "balance": 1, "tags": ["a"], "meta": {"a": 1}}
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(scope="module")
def account_class(library):
    return account_model(library)


@pytest.fixture(scope="module")
def keyed_classes(library):
    return keyed_models(library)


@pytest.fixture
def account(account_class, dynamo_tables):
    (model,) = dynamo_tables(account_class)
    return model


@pytest.fixture(autouse=True)
def clock():
    clock = Clock()
    dynamorm.configure(clock=clock)
    yield clock
    dynamorm.configure(clock=None)


def raw(model, key="1"):
    return model.Table.table.get_item(Key={"id": key}).get("Item")


def stored(model, key="1"):
    """Return version and stamps as they are stored, read by another instance."""
    found = model.get(id=key)
    return found.rev, found.made, found.changed


def test_every_verb_that_writes_is_among_the_paths():
    known = {path.verb for path in PATHS} | NOT_WRITING | MOVING
    assert verbs() - known == set(), "a verb that is neither among the write paths nor known to write nothing"
    assert known - verbs() == set()


@pytest.mark.parametrize("path", [path for path in PATHS if path.creates], ids=str)
def test_a_new_item_has_its_first_version_and_both_stamps(account, clock, path):
    path.write(account, account(**VALUES))
    rev, made, changed = stored(account)
    assert rev == 1
    assert made == changed == clock.now


@pytest.mark.parametrize("path", [path for path in PATHS if not path.deletes], ids=str)
def test_a_write_of_a_stored_item_advances_its_version_and_stamps_it(account, clock, path):
    account.put(VALUES)
    before = clock.now
    found = account.get(id="1")
    if path.is_unique:
        with pytest.raises(HashKeyExists):
            path.write(account, found)
        assert stored(account) == (1, before, before)
        return
    path.write(account, found)
    if path.checks_only or path.yields or path.name == "partial save of nothing":
        assert stored(account) == (1, before, before)
        return
    rev, made, changed = stored(account)
    assert (rev, changed) == (2, clock.now)
    assert changed > before
    # the values of a dict, and of an instance, come with the moment at which the item was made
    assert made == before


@pytest.mark.parametrize("path", [path for path in PATHS if path.carries and "nothing" not in path.name], ids=str)
def test_a_write_of_what_was_changed_meanwhile_is_refused(account, clock, path):
    account.put(VALUES)
    found = account.get(id="1")
    account.update_item(id="1", kind="other")
    now = stored(account)
    expected = HashKeyExists if path.is_unique else VersionConflict
    with pytest.raises(expected) as caught:
        path.write(account, found)
    assert caught.value.current.kind == "other" and caught.value.current.rev == 2
    assert (found.rev, raw(account)["balance"]) == (1, 1)
    assert stored(account) == now


@pytest.mark.parametrize("path", [path for path in PATHS if path.takes_version], ids=str)
def test_the_version_can_be_said(account, path):
    account.put(VALUES)
    found = account.get(id="1")
    account.update_item(id="1", kind="other")
    before = raw(account)
    with pytest.raises(VersionConflict):
        path.write(account, found, if_version=1)
    with pytest.raises(VersionConflict):
        path.write(account, account.get(id="1"), if_version=None)
    assert raw(account) == ({**before, "zzz": 1} if "unknown" in path.name else before)
    path.write(account, account.get(id="1"), if_version=2)
    assert (
        (raw(account) is None)
        if path.deletes
        else raw(account)["rev"] == (2 if path.checks_only or "nothing" in path.name else 3)
    )


@pytest.mark.parametrize("path", [path for path in PATHS if not path.carries and not path.takes_version], ids=str)
def test_writes_by_key_are_not_held_against_a_version(account, path):
    account.put(VALUES)
    account.update_item(id="1", kind="other")
    path.write(account, account.get(id="1"))
    assert raw(account) is None if path.deletes else raw(account)["rev"] == (2 if path.yields else 3)


@pytest.mark.parametrize("path", [path for path in PATHS if path.carries and not path.deletes], ids=str)
def test_an_instance_knows_its_version_and_stamps_after_a_write(account, path):
    first = account(**VALUES)
    first.save()
    if path.is_unique or path.checks_only or "dict" in path.name or "nothing" in path.name:
        return
    path.write(account, first)
    rev, made, changed = stored(account)
    assert (first.rev, first.made) == (rev, made)
    if path.verb not in ("put", "put_batch"):
        assert first.changed == changed
        assert not first.is_dirty
    path.write(account, first)
    assert first.rev == stored(account)[0] == 3


class TestComputedKeys:
    """Keys that are computed from fields, and what tells items of several models apart, on every way to write."""

    VALUES = {**VALUES, "kind": "private"}
    KEY = {"pk": "ACCOUNT#1", "sk": "ACCOUNT"}

    @pytest.fixture
    def account(self, keyed_classes, dynamo_tables):
        dynamo_tables(keyed_classes[0])
        return keyed_classes[0]

    def raw(self, account):
        return account.Table.table.get_item(Key=self.KEY, ConsistentRead=True).get("Item")

    def write(self, path, account, instance, **given):
        """Write; where what the keys are made of has to be told, first see that nothing is sent without it."""
        if not path.takes_given:
            path.write(account, instance)
            return
        with sent_by(account) as requests, pytest.raises(IncompleteKey, match=r"given=\{"):
            path.write(account, instance)
        assert requests == []
        path.write(account, instance, given=given)

    def test_every_verb_that_takes_what_the_item_holds_is_among_the_paths(self, account):
        writing = verbs() - NOT_WRITING
        taking = {verb for verb in writing if "given" in inspect.signature(getattr(account, verb)).parameters}
        assert taking == {path.verb for path in PATHS if path.takes_given}

    @pytest.mark.parametrize("path", [path for path in PATHS if path.creates], ids=str)
    def test_a_new_item_has_them(self, account, path):
        self.write(path, account, account(**self.VALUES), kind=None, rev=None)
        item = self.raw(account)
        assert item["rev"] == 1
        assert keys_of(item).items() <= item.items()
        assert ("by_kind" in item) == ("kind" in item)
        assert account.query(id="1").one().id == "1"

    @pytest.mark.parametrize("path", PATHS, ids=str)
    def test_a_write_of_a_stored_item_moves_them(self, account, path):
        account.put(self.VALUES)
        before, found = self.raw(account), account.get(id="1")
        if "by keys" in path.name:
            with pytest.raises(InvalidExpression, match="recheck"):
                path.write(account, found)
            assert self.raw(account) == before
            return
        with pytest.raises(HashKeyExists) if path.is_unique else contextlib.nullcontext():
            self.write(path, account, found, kind="private", rev=1)
        after = self.raw(account)
        if path.deletes:
            assert after is None
        elif path.is_unique or path.yields or path.checks_only or path.name == "partial save of nothing":
            assert after == before
        else:
            assert after["rev"] == 2
            assert keys_of(after).items() <= after.items()
            assert {name for name in ("by_kind", "by_balance") if after[name] != before[name]} == (
                {"by_kind", "by_balance"} if after["balance"] != 1 else {"by_balance"}
            )

    @pytest.mark.parametrize("path", PATHS, ids=str)
    def test_a_key_that_is_too_long_is_refused(self, account, path):
        if "unknown" in path.name or "by keys" in path.name:
            pytest.skip("it does something else before")
        account(**{**self.VALUES, "id": "é" * 1_020}).save()
        longer = account(**{**self.VALUES, "id": "é" * 1_021})
        with sent_by(account) as requests, pytest.raises(InvalidKey, match="2,050 bytes, and DynamoDB takes 2,048"):
            path.write(account, longer, **({"given": {"kind": "private", "rev": 1}} if path.takes_given else {}))
        assert requests == []

    @pytest.mark.parametrize("path", PATHS, ids=str)
    def test_an_item_of_another_kind_is_left_alone(self, account, path):
        account.put(self.VALUES)
        found = account.get(id="1")
        theirs = {**self.raw(account), "sort": "deposit"}
        account.Table.table.put_item(Item=theirs)
        if "query" in path.name or path.name == "partial save of nothing":
            with contextlib.suppress(InvalidExpression):
                assert not path.write(account, found)
        else:
            with pytest.raises((ConditionFailed, DoesNotExist)):
                self.write(path, account, found, kind="private", rev=1)
        assert self.raw(account) == (theirs if "unknown" not in path.name else {**theirs, "zzz": 1})
        assert account.get(id="1") is None


def test_a_delete_of_what_is_gone_already_succeeds(account):
    account.put(VALUES)
    found, other = account.get(id="1"), account.get(id="1")
    other.delete()
    found.delete()
    account.delete_item(id="1", if_version=1)


def test_an_item_from_before_there_were_versions_gets_one(account):
    account.Table.table.put_item(Item={"id": "1", "balance": 1})
    account.Table.table.put_item(Item={"id": "2", "balance": 1, "rev": 0})
    for key in ("1", "2"):
        found = account.get(id=key)
        found.update(balance=2)
        assert found.rev == 1
        with pytest.raises(VersionConflict):
            account(id=key, balance=3).save()


def test_a_form_can_carry_the_version_in_a_hidden_field(account):
    account.put(VALUES)
    shown = account.get(id="1")
    form = {"rev": str(shown.rev), "balance": "8"}
    account.update_item(id="1", kind="other")
    for edited in (account.get(id="1"), account.get(id="1")):
        edited.rev, edited.balance = form["rev"], int(form["balance"])
        with pytest.raises(VersionConflict) as caught:
            edited.save(partial=edited.kind is None)
        assert caught.value.current.rev == 2
    assert not any("rev" in one for one in (account.get(id="1").changes,))


def test_an_assigned_version_alone_makes_nothing_dirty(account):
    account.put(VALUES)
    found = account.get(id="1")
    found.rev = 5
    assert not found.is_dirty and found.changes == {}
    assert found.save(partial=True) is None


def test_assigned_stamps_win(account, clock):
    ours = dt.datetime(2001, 2, 3, tzinfo=dt.timezone.utc)
    account.put({**VALUES, "made": ours})
    assert stored(account)[1:] == (ours, clock.now)
    found = account.get(id="1")
    found.changed = ours + MINUTE
    found.save()
    assert stored(account)[1:] == (ours, ours + MINUTE)
    found.changed = ours
    found.save(partial=True)
    assert stored(account)[1:] == (ours, ours)
    found.update(changed=ours + MINUTE)
    assert stored(account)[1:] == (ours, ours + MINUTE)
    account.update_item(id="1", made=ours + MINUTE)
    assert stored(account)[1:] == (ours + MINUTE, clock.now)
    found.refresh()
    found.save()
    assert found.changed == clock.now


def test_the_version_cannot_be_written_by_hand(account):
    account.put(VALUES)
    found = account.get(id="1")
    for write in (
        lambda: found.update(rev=5),
        lambda: account.update_item(id="1", rev__plus=1),
        lambda: account.patch(account.rev.add(1), id="1"),
        lambda: account.query(id="1").update(rev=9),
        lambda: found.incr(rev=1),
    ):
        with pytest.raises(dynamorm.InvalidExpression):
            write()
    assert raw(account)["rev"] == 1


def test_what_cannot_be_a_version_is_refused(account, book_class):
    for wrong in ("1", -1, True, 1.0):
        with pytest.raises(dynamorm.InvalidExpression, match="if_version"):
            account.update_item(id="1", balance=1, if_version=wrong)
    with pytest.raises(dynamorm.InvalidExpression, match="has no version"):
        book_class.update_item(isbn="1", title="x", if_version=1)
    with pytest.raises(dynamorm.InvalidExpression, match="has no version"):
        book_class.put({"isbn": "1", "title": "x"}, if_version=1)


def test_what_was_projected_without_its_version_says_so(account):
    account.put(VALUES)
    (found,) = account.query(id="1").specific_attributes(["balance"])
    found.update(balance=3)  # the version comes with every projection
    assert raw(account)["rev"] == 2
    found.__dict__.pop("rev")
    with pytest.raises(dynamorm.PartialInstance, match="without rev"):
        found.update(balance=4)
    found.update(balance=4, if_version=2)
    assert raw(account)["balance"] == 4


class TestAtomic:
    """``atomic=True`` on a model without a version."""

    @pytest.fixture
    def book(self, book):
        book.put({"isbn": "1", "title": "x", "year": 1999, "tags": ["b", "a"]})
        return book

    @pytest.mark.parametrize("name", ["save", "partial save", "delete", "sync", "reconcile"])
    @pytest.mark.parametrize("option", ["atomic", "if_unchanged"])
    def test_only_what_is_as_it_was_loaded_is_written(self, book, name, option):
        write = {
            "save": lambda one: one.save(**{option: True}),
            "partial save": lambda one: one.save(partial=True, **{option: True}),
            "delete": lambda one: one.delete(**{option: True}),
            "sync": lambda one: one.sync(**{option: True}),
            "reconcile": lambda one: one.reconcile(**{option: True}),
        }[name]
        changes = (
            {"title": "y"},
            {"author": "somebody"},
            {"year__remove": True},
            {"tags__append": "c"},
        )
        for change in changes:
            book.put({"isbn": "1", "title": "x", "year": 1999, "tags": ["b", "a"]})
            found = book.get(isbn="1")
            book.update_item(isbn="1", **change)
            before = book.Table.table.get_item(Key={"isbn": "1"})["Item"]
            found.title = "mine"
            with pytest.raises(ConditionFailed) as caught:
                write(found)
            assert caught.value.current.isbn == "1"
            assert book.Table.table.get_item(Key={"isbn": "1"})["Item"] == before
        found = book.get(isbn="1")
        found.title = "mine"
        write(found)
        assert book.exists(isbn="1") == (name != "delete")
        if name != "delete":
            assert book.get(isbn="1").title == "mine"
            found.title = "mine again"
            write(found)

    def test_a_new_instance_is_written_only_where_there_is_none(self, book):
        for partial in (False, True):
            with pytest.raises(ConditionFailed):
                book(isbn="1", title="z").save(partial=partial, atomic=True)
        book(isbn="2", title="z").save(partial=True, atomic=True)
        book(isbn="3", title="z").save(atomic=True)
        assert book.get(isbn="2").title == book.get(isbn="3").title == "z"

    def test_unknown_attributes_are_compared_too(self, book):
        table = book.Table.table
        table.put_item(Item={"isbn": "1", "title": "x", "zzz": {"a": [1, "2"]}})
        found = book.get(isbn="1")
        found.title = "y"
        table.put_item(Item={"isbn": "1", "title": "x", "zzz": {"a": [1, "3"]}})
        for partial in (True, False):
            with pytest.raises(ConditionFailed):
                found.save(partial=partial, atomic=True)
        table.put_item(Item={"isbn": "1", "title": "x", "zzz": {"a": [1, "2"]}})
        found.save(atomic=True)
        assert table.get_item(Key={"isbn": "1"})["Item"]["zzz"] == {"a": [1, "2"]}

    def test_a_projection_compares_what_it_loaded(self, book):
        (found,) = book.query(isbn="1").specific_attributes(["title"])
        book.update_item(isbn="1", year=2000)
        found.title = "y"
        found.save(partial=True, atomic=True)
        assert book.get(isbn="1").year == 2000
        book.update_item(isbn="1", title="z")
        found.title = "w"
        with pytest.raises(ConditionFailed):
            found.save(partial=True, atomic=True)

    def test_what_is_gone_is_not_as_it_was(self, book):
        found = book.get(isbn="1")
        book.delete_item(isbn="1")
        found.title = "y"
        with pytest.raises(ConditionFailed) as caught:
            found.save(atomic=True)
        assert caught.value.current is None
        with pytest.raises(dynamorm.DoesNotExist):
            found.save(partial=True, atomic=True)
        with pytest.raises(ConditionFailed):
            found.delete(atomic=True)

    def test_no_switch_is_anything_else(self, book):
        with pytest.raises(dynamorm.DynaModelException, match="atomic"):
            book.get(isbn="1").save(atomic="title")


def test_an_atomic_save_of_too_much_names_the_version(library, dynamo_tables):
    fields = {"id": text(required=True), **{f"field_{number}": text() for number in range(310)}}
    (model,) = dynamo_tables(library.model("Wide", {"name": "wide", "hash_key": "id"}, fields))
    model.put({"id": "1", "field_1": "x"})
    found = model.get(id="1")
    found.field_1 = "y"
    with pytest.raises(dynamorm.ExpressionTooLong, match="version"):
        found.save(atomic=True)


def test_a_field_may_be_called_as_the_version_is_stored(library, dynamo_tables):
    fields = {"id": text(required=True), "rev": integer(stored="n"), "n": integer(stored="m")}
    (model,) = dynamo_tables(library.model("Crossed", {"name": "crossed", "hash_key": "id", "version": "rev"}, fields))
    model.put({"id": "1", "n": 5})
    model(id="2", n=6).save()
    assert [raw(model, key) for key in ("1", "2")] == [{"id": "1", "n": 1, "m": 5}, {"id": "2", "n": 1, "m": 6}]
    found = model.get(id="1")
    found.n = 7
    found.save()
    assert (found.rev, raw(model)) == (2, {"id": "1", "n": 2, "m": 7})


def test_stamps_come_before_what_is_required(library, dynamo_tables, clock):
    fields = {"id": text(required=True), "rev": integer(required=True), "at": moment(required=True)}
    table = {"name": "demanding", "hash_key": "id", "version": "rev", "created": "at"}
    (model,) = dynamo_tables(library.model("Demanding", table, fields))
    model.put({"id": "1"})
    model(id="2").save()
    model.update_item(id="3", conditions={"rev__not_exists": True})
    model.upsert(id="4")
    model(id="5").save(partial=True)
    assert [(one.id, one.rev) for one in sorted(model.scan(), key=lambda one: one.id)] == [
        (str(number), 1) for number in range(1, 6) if number != 3
    ]

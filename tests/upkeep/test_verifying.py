"""Unique values and their guards, compared and repaired while others go on writing."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import pytest

import dynamorm
from dynamorm import Composite, DynamoTableException, InvalidExpression, UniqueViolation, upgrade
from dynamorm.signals import post_request, pre_request
from dynamorm.tending.judging import Finding

from ..composites.shops import base, model, table
from ..libraries import integer, text
from .people import put_raw, raw

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)
SECOND = int(NOW.timestamp())
FIELDS = {"id": text(required=True), "email": text(), "tenant": text(), "slug": text(), "until": integer()}
TABLE = {"name": "users", "hash_key": "id", "ttl": "until", "unique": ["email", ("tenant", "slug")]}


pytestmark = pytest.mark.slow  # long, and alike with all versions of the libraries


@pytest.fixture
def clock():
    moments = [NOW]
    dynamorm.configure(clock=lambda: moments[-1])
    yield moments
    dynamorm.configure(clock=None)


@pytest.fixture
def user(library, dynamo_tables, clock):
    (made,) = dynamo_tables(library.model("User", TABLE, FIELDS))
    return made


def guard_of(user, **values):
    """Return the guard of a value, as it is stored, or would be."""
    mapper = user._dynamorm.store.mapper
    unique = mapper.upkeep.unique
    item = {mapper.fields[name].stored: {"S": value} for name, value in values.items()}
    (taken,) = [one for one in unique.taken(item) if set(one.fields) == set(values)]
    return {"id": unique.key_of(taken.name)["id"]["S"]}


def told(findings):
    return sorted(
        (one.kind, one.item and one.item["id"], one.other and one.other["id"], one.repaired) for one in findings
    )


def both(user, *expected):
    """Hold what is found against what is expected, found again by a repair, and nothing by the time after that."""
    before = raw(user)
    found = user.verify_unique()
    assert told(found) == sorted((*one, False) for one in expected)
    assert raw(user) == before
    assert told(user.verify_unique(repair=True)) == sorted((*one, True) for one in expected)
    assert user.verify_unique() == []
    return found


# What is found.


def test_where_guards_and_items_agree_nothing_is_found(user, operations):
    for number in range(5):
        user.put({"id": str(number), "email": f"{number}@x", "tenant": "t", "slug": str(number)})
    user.update_item(id="1", email="one@x")
    user.delete_item(id="2")
    before = raw(user)
    del operations[:]
    assert user.verify_unique() == user.verify_unique(repair=True) == []
    assert operations == ["Scan", "BatchGetItem", "BatchGetItem"] * 2
    assert raw(user) == before


def test_a_value_without_a_guard_is_found_and_gets_one(user):
    put_raw(user, {"id": "1", "email": "a@x", "tenant": "t", "slug": "s"}, {"id": "2", "tenant": "t"})
    found = both(user, ("missing", "1", None), ("missing", "1", None))
    assert {finding.fields for finding in found} == {("email",), ("tenant", "slug")}
    assert found[0] == Finding("missing", found[0].fields, {"id": "1"}, None, found[0].guard)
    with pytest.raises(UniqueViolation) as caught:
        user.put({"id": "3", "email": "a@x"})
    assert caught.value.holder == {"id": "1"}


@pytest.mark.parametrize("holder", ["gone", "changed", "without", "odd", "none"])
def test_a_guard_of_what_nobody_has_is_found_and_deleted(user, holder):
    user.put({"id": "1", "email": "a@x"})
    (guard,) = [item for item in raw(user) if "_holder" in item]
    if holder == "gone":
        user.Table.table.delete_item(Key={"id": "1"})
    elif holder == "without":
        put_raw(user, {"id": "1"})
    elif holder == "changed":
        user.delete_item(id="1")
        user.put({"id": "1", "email": "b@x"})
        put_raw(user, guard)
    else:
        put_raw(user, {"id": "1"}, {**guard, "_holder": {"who": "1"} if holder == "odd" else {}})
    expected = None if holder in ("odd", "none") else "1"
    if holder in ("odd", "none"):
        assert [one.kind for one in user.verify_unique()] == ["orphaned"]
        assert [one.repaired for one in user.verify_unique(repair=True)] == [True]
        assert user.verify_unique() == []
    else:
        found = both(user, ("orphaned", expected, None))
        assert found[0].guard == {"id": guard["id"]} and found[0].fields == ("email",)
    assert guard not in raw(user)


def test_two_items_that_share_a_value_are_told_with_both_keys_and_stay(user):
    user.put({"id": "1", "email": "a@x"})
    put_raw(user, {"id": "2", "email": "a@x"})
    before = raw(user)
    for repair in (False, True):
        assert told(user.verify_unique(repair=repair)) == [("taken", "2", "1", False)]
    assert raw(user) == before


def test_of_two_that_share_a_value_from_before_there_were_guards_one_gets_it(user):
    put_raw(user, {"id": "1", "email": "a@x"}, {"id": "2", "email": "a@x"})
    found = user.verify_unique()
    assert sorted(one.kind for one in found) == ["missing", "taken"]
    assert {found[0].item["id"], found[1].item["id"]} == {"1", "2"}
    (taken,) = [one for one in found if one.kind == "taken"]
    assert taken.other != taken.item
    repaired = user.verify_unique(repair=True)
    assert sorted((one.kind, one.repaired) for one in repaired) == [("missing", True), ("taken", False)]
    assert [one.kind for one in user.verify_unique()] == ["taken"]


def test_a_guard_that_somebody_else_holds_without_the_value_passes_to_who_has_it(user):
    user.put({"id": "1", "email": "a@x"})
    put_raw(user, {"id": "1"}, {"id": "2", "email": "a@x"})
    assert told(user.verify_unique()) == [("missing", "2", "1", False), ("orphaned", "1", None, False)]
    assert any(one.repaired for one in user.verify_unique(repair=True))
    assert user.verify_unique() == []
    assert user.get_by(email="a@x").id == "2"


def test_a_guard_that_expires_at_another_time_than_its_item_is_found(user):
    user.put({"id": "1", "email": "a@x", "until": SECOND + 10})
    user.put({"id": "2", "email": "b@x"})
    for item in raw(user):
        if "_holder" not in item:
            put_raw(user, {**item, "until": SECOND + 20})
    both(user, ("mistimed", "1", None), ("mistimed", "2", None))
    assert {item["until"] for item in raw(user)} == {SECOND + 20}


@pytest.mark.parametrize("hides", [True, False])
def test_what_is_expired_is_no_finding(library, dynamo_tables, clock, hides):
    (user,) = dynamo_tables(library.model("User", {**TABLE, "hide_expired": hides}, FIELDS))
    user.put({"id": "1", "email": "a@x", "until": SECOND - 1})
    assert user.verify_unique() == []
    item, guard = sorted(raw(user), key=lambda item: "_holder" in item)
    user.Table.table.delete_item(Key={"id": guard["id"]})
    assert user.verify_unique(repair=True) == [], "its value is free"
    user.Table.table.delete_item(Key={"id": item["id"]})
    put_raw(user, guard)
    assert user.verify_unique(repair=True) == [], "the guard is about to go"
    put_raw(user, {"id": "2", "email": "a@x"})
    assert told(user.verify_unique(repair=True)) == [("missing", "2", "1", True)]
    assert user.get_by(email="a@x").id == "2"


def test_the_value_of_an_expired_item_is_free_for_another(user):
    user.put({"id": "1", "email": "a@x", "until": SECOND - 1})
    put_raw(user, {"id": "2", "email": "a@x"})
    assert told(user.verify_unique(repair=True)) == [("missing", "2", "1", True)]
    assert user.get_by(email="a@x").id == "2" and user.verify_unique() == []


def test_an_item_that_expires_meanwhile_is_no_finding(user, clock):
    put_raw(user, {"id": "1", "email": "a@x", "until": SECOND + 1})
    with before_each("TransactGetItems", user, lambda: clock.append(NOW + dt.timedelta(seconds=1))):
        assert user.verify_unique(repair=True) == []
    assert len(raw(user)) == 1


@pytest.mark.parametrize("is_migrated", [True, False])
def test_items_in_an_earlier_form_are_judged_by_what_they_are_upgraded_to(library, dynamo_tables, is_migrated):
    (old,) = dynamo_tables(library.model("User", {**TABLE, "schema_version": 1}, FIELDS))
    step = {"lower": upgrade(2)(lambda item: item.update(email=item["email"].lower()))}
    new = library.model("User", {**TABLE, "schema_version": 2}, FIELDS, **step)
    old.put({"id": "1", "email": "A@X"})
    assert told(new.verify_unique(repair=True)) == [("missing", "1", None, True)]
    assert {item["id"] for item in raw(new)} >= {guard_of(new, email=email)["id"] for email in ("A@X", "a@x")}
    assert new.verify_unique() == [], "the guard that the older program knows is in its place, too"
    with pytest.raises(UniqueViolation):
        new.put({"id": "2", "email": "a@x"})
    if is_migrated:
        new.migrate()
    else:
        new.put({"id": "1", "email": "b@x"})
    assert new.verify_unique() == [] and len(raw(new)) == 2


def test_items_that_cannot_be_read_are_told_and_keep_their_guards(library, dynamo_tables):
    def picky(item):
        if item["id"] == "1":
            raise RuntimeError("no")

    (old,) = dynamo_tables(library.model("User", {**TABLE, "schema_version": 1}, FIELDS))
    new = library.model("User", {**TABLE, "schema_version": 2}, FIELDS, picky=upgrade(2)(picky))
    old.put({"id": "1", "email": "a@x"})
    new.put({"id": "2", "email": "b@x"})
    put_raw(new, {**next(item for item in raw(new) if item["id"] == "2"), "_v": 7})
    before = raw(new)
    assert told(new.verify_unique(repair=True)) == [("unreadable", "1", None, False), ("unreadable", "2", None, False)]
    assert raw(new) == before


def test_guards_of_fields_that_are_not_unique_any_more_are_told_and_left(library, user):
    user.put({"id": "1", "email": "a@x", "tenant": "t", "slug": "s"})
    fewer = library.model("User", {**TABLE, "unique": ["email"]}, FIELDS)
    (finding,) = fewer.verify_unique(repair=True)
    assert finding == Finding("unused", ("tenant", "slug"), {"id": "1"}, None, guard_of(user, tenant="t", slug="s"))
    assert user.verify_unique() == []


def test_in_a_shared_table_each_item_is_judged_by_its_own_model(library, dynamo_tables):
    Shop = base()
    keys = {"pk": Composite("U#{id}"), "sk": Composite("-")}
    fields = {"id": text(required=True), "email": text(), "badge": text()}
    User = model(library, "User", Shop, fields, {"unique": ["email"]}, **keys)
    Admin = model(library, "Admin", User, fields, {"unique": ["email", "badge"]})
    Bot = model(library, "Bot", Shop, fields, {"unique": ["email"]}, **keys)
    Plain = model(library, "Plain", Shop, fields, **keys)
    dynamo_tables(User)
    for number, kind in enumerate((User, Admin, Bot, Plain)):
        kind(id=str(number), email="x@x" if kind is not Admin else "y@x", badge="b").save()
    for one in (Shop, User, Admin, Bot):
        assert one.verify_unique(repair=True) == []
    with pytest.raises(DynamoTableException, match="unique"):
        Plain.verify_unique()
    rest = {"sk": "-", "email": "z@x", "badge": "c"}
    kinds = ("User", "Admin", "Bot", "Plain")
    put_raw(User, *({"pk": f"U#{kind}", "id": kind, "kind": kind, **rest} for kind in kinds))
    found = {one: sorted(f.item["pk"] for f in one.verify_unique()) for one in (Shop, User, Admin, Bot)}
    assert found == {
        Shop: ["U#Admin", "U#Admin", "U#Bot", "U#User"],
        User: ["U#Admin", "U#Admin", "U#User"],
        Admin: ["U#Admin", "U#Admin"],
        Bot: ["U#Bot"],
    }
    Bot.verify_unique(repair=True)
    # the key passes to an item of another model, past the models
    put_raw(
        User, {"pk": "U#2", "id": "2", "kind": "Plain", "sk": "-"}, {"pk": "U#0", "id": "0", "kind": "Bot", "sk": "-"}
    )
    assert [(one.kind, one.item["pk"]) for one in Bot.verify_unique(repair=True)] == [("orphaned", "U#2")]
    before = raw(User)
    assert "orphaned" not in {one.kind for one in Admin.verify_unique(repair=True)}, "users may hold their guards"
    assert [item for item in before if item not in raw(User)] == []
    assert ("orphaned", "U#0") in {(one.kind, one.item["pk"]) for one in User.verify_unique(repair=True)}


def test_models_that_are_told_apart_by_their_keys_leave_the_guards_of_others_alone(library, dynamo_tables):
    Shop = base(declared=table(discriminator=None))
    fields = {"id": text(required=True), "email": text(), "slug": text()}

    def made(name, *unique):
        own = type("Table", (Shop.Table,), {"abstract": False, "unique": list(unique)})
        return model(library, name, Shop, fields, Table=own, pk=Composite(f"{name}#{{id}}"), sk=Composite("-"))

    User, Page = made("User", "email"), made("Page", "slug", "email")
    dynamo_tables(User)
    User(id="1", email="a@x").save()
    Page(id="1", email="b@x", slug="s").save()
    assert len(raw(User)) == 5
    assert User.verify_unique(repair=True) == Page.verify_unique(repair=True) == []
    assert len(raw(User)) == 5


def test_it_goes_on_over_all_pages(user, monkeypatch):
    put_raw(user, *({"id": str(number), "email": f"{number}@x"} for number in range(30)))
    pages = []

    def note(sender, request, **facts):
        pages.extend([request] if request.operation == "Scan" else [])

    with post_request.connected_to(note, sender=user), pages_of(monkeypatch, 7):
        assert len(user.verify_unique(repair=True)) == 30
    assert len(pages) > 4
    assert user.verify_unique() == []


@contextmanager
def pages_of(monkeypatch, size):
    from dynamorm.tending import verifying

    build = verifying.build_scan
    with monkeypatch.context() as patch:
        patch.setattr(verifying, "build_scan", lambda *args, **more: build(*args, **more, page_size=size))
        yield


def test_a_handle_verifies_what_is_in_its_place(user):
    put_raw(user, {"id": "1", "email": "a@x"})
    handle = user.using(table_name=user.Table.full_name)
    with dynamorm.using(table_prefix="elsewhere-"):
        assert told(handle.verify_unique()) == [("missing", "1", None, False)]


def test_what_cannot_be_meant_is_refused_before_anything_is_sent(library, operations):
    user = library.model("User", TABLE, FIELDS)
    with pytest.raises(InvalidExpression, match="repair='yes'"):
        user.verify_unique(repair="yes")
    plain = library.model("Plain", {"name": "plain", "hash_key": "id"}, FIELDS)
    with pytest.raises(DynamoTableException, match=r'unique = \["email"\]'):
        plain.verify_unique()
    assert operations == []


# While others go on writing.


@contextmanager
def before_each(operation, model, *changes):
    """Let somebody else change something before each of the first requests of a kind."""
    left = list(changes)

    def note(sender, request, **more):
        if request.operation == operation and left:
            left.pop(0)()

    with pre_request.connected_to(note, sender=model):
        yield
    assert not left


@pytest.fixture
def other(library, user):
    """The same model, as another program has it: what it sends is not this one's."""
    return library.model("User", TABLE, FIELDS)


def test_what_was_changed_between_scan_and_batch_is_no_finding(user, other):
    user.put({"id": "1", "email": "a@x"})
    user.put({"id": "2", "email": "b@x"})

    def change():
        other.update_item(id="1", email="c@x")
        other.delete_item(id="2")

    with before_each("BatchGetItem", user, change):
        assert user.verify_unique(repair=True) == []
    assert user.verify_unique() == []


def test_a_value_that_is_given_up_meanwhile_gets_no_guard(user, other):
    put_raw(user, {"id": "1", "email": "a@x"})
    with before_each("TransactWriteItems", user, lambda: other.update_item(id="1", email="b@x")):
        assert user.verify_unique(repair=True) == []
    assert user.verify_unique() == [] and user.get_by(email="a@x") is None


def test_a_value_that_another_item_takes_meanwhile_stays_with_that_one(user, other):
    put_raw(user, {"id": "1", "email": "a@x"})
    with before_each("TransactWriteItems", user, lambda: other.put({"id": "2", "email": "a@x"})):
        assert told(user.verify_unique(repair=True)) == [("taken", "1", "2", False)]
    assert user.get_by(email="a@x").id == "2"


def test_an_item_that_takes_its_value_back_meanwhile_keeps_its_guard(user, other):
    user.put({"id": "1", "email": "a@x"})
    put_raw(user, {"id": "1"})
    with before_each("TransactWriteItems", user, lambda: other.put({"id": "1", "email": "a@x"})):
        assert user.verify_unique(repair=True) == []
    assert user.verify_unique() == [] and user.get_by(email="a@x").id == "1"


def test_a_guard_that_passes_to_another_item_meanwhile_stays(user, other):
    user.put({"id": "1", "email": "a@x"})
    user.Table.table.delete_item(Key={"id": "1"})
    (guard,) = raw(user)

    def pass_on():
        user.Table.table.delete_item(Key={"id": guard["id"]})
        other.put({"id": "2", "email": "a@x"})

    with before_each("TransactWriteItems", user, pass_on):
        assert user.verify_unique(repair=True) == []
    assert user.get_by(email="a@x").id == "2"


def test_who_has_the_guard_without_the_value_may_take_the_value_meanwhile(user, other):
    user.put({"id": "1", "email": "a@x"})
    put_raw(user, {"id": "1"}, {"id": "2", "email": "a@x"})
    user.Table.table.update_item(
        Key=guard_of(user, email="a@x"), UpdateExpression="REMOVE #f", ExpressionAttributeNames={"#f": "_unique"}
    )
    with before_each("TransactWriteItems", user, lambda: other.put({"id": "1", "email": "a@x"})):
        assert told(user.verify_unique(repair=True)) == [("taken", "2", "1", False)]
    assert user.get_by(email="a@x").id == "1"


def test_a_guard_that_passes_to_an_item_while_it_gives_the_value_up_is_given_up_too(user, other):
    user.put({"id": "2", "email": "a@x"})
    put_raw(user, {"id": "1", "email": "a@x"})

    def pass_on():
        other.delete_item(id="2")
        assert told(other.verify_unique(repair=True)) == [("missing", "1", None, True)]

    # the first attempt shows that the guard is another item's
    with before_each("TransactWriteItems", user, lambda: None, pass_on):
        user.update_item(id="1", email="b@x")
    assert user.verify_unique() == [] and len(raw(user)) == 2


def test_what_is_changed_again_and_again_is_told_and_not_repaired(user, other):
    put_raw(user, {"id": "1", "email": "a@x"})
    times = [lambda n=n: put_raw(user, {"id": "1", "email": "a@x", "until": SECOND + n}) for n in range(1, 21)]
    with before_each("TransactWriteItems", user, *times):
        assert told(user.verify_unique(repair=True)) == [("missing", "1", None, False)]

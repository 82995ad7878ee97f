"""Finding the instance that has unique values, by their guard."""

from __future__ import annotations

import datetime as dt

import pytest

import dynamorm
from dynamorm import AbstractModel, Composite, InvalidKey, InvalidSchemaField, ValidationError, upgrade
from dynamorm.signals import pre_request

from ..composites.shops import base, model
from ..libraries import integer, moment, text
from .people import put_raw, raw

FIELDS = {
    "id": text(required=True),
    "email": text(stored="mail"),
    "tenant": text(),
    "slug": text(),
    "number": integer(),
    "since": moment(),
    "until": integer(),
}
TABLE = {"name": "users", "hash_key": "id", "ttl": "until"}
UNIQUE = ["email", ("tenant", "slug"), "number", "since"]


@pytest.fixture
def user(library, dynamo_tables):
    (made,) = dynamo_tables(library.model("User", {**TABLE, "unique": UNIQUE}, FIELDS))
    return made


def test_the_instance_with_a_unique_value_is_returned(user, sent):
    user.put({"id": "1", "email": "a@x", "tenant": "t", "slug": "s"})
    user.put({"id": "2", "email": "b@x", "tenant": "t", "slug": "r"})
    del sent[:]
    found = user.get_by(email="a@x")
    assert type(found) is user and (found.id, found.email, found.slug) == ("1", "a@x", "s")
    assert [request.operation for request in sent] == ["GetItem", "GetItem"]
    assert all(request.payload["ConsistentRead"] for request in sent)
    assert user.get_by(tenant="t", slug="r").id == "2"
    assert user.get_by(slug="s", tenant="t").id == "1"
    assert user.get_by(mail="b@x").id == "2", "by the stored name, too"
    found.slug = "q"
    found.save()
    assert user.get_by(tenant="t", slug="q") == found


def test_where_nobody_has_the_value_there_is_none(user, operations):
    assert user.get_by(email="a@x") is None
    assert operations == ["GetItem"]
    user.put({"id": "1", "email": "a@x"})
    user.delete_item(id="1")
    assert user.get_by(email="a@x") is None


def test_values_are_converted_as_keys_are(user):
    since = dt.datetime(2030, 1, 2, 3, tzinfo=dt.timezone.utc)
    user.put({"id": "1", "number": 7, "since": since})
    assert user.get_by(number=7).id == user.get_by(number="7").id == "1"
    assert user.get_by(since=since).id == "1"
    assert user.get_by(since=user.get(id="1").to_item()["since"]["S"]).id == "1"
    with pytest.raises(ValidationError):
        user.get_by(number="many")


def test_fields_that_are_not_unique_together_are_refused_with_those_that_are(library, user, operations):
    known = r"email=\.\.\.; tenant=\.\.\., slug=\.\.\.; number=\.\.\."
    for wrong in ({"id": "1"}, {"tenant": "t"}, {"email": "a@x", "tenant": "t"}, {}):
        with pytest.raises(InvalidKey, match=known):
            user.get_by(**wrong)
    with pytest.raises(InvalidSchemaField, match="emial"):
        user.get_by(emial="a@x")
    with pytest.raises(InvalidKey, match="no value for slug"):
        user.get_by(tenant="t", slug=None)
    plain = library.model("Plain", TABLE, FIELDS)
    with pytest.raises(InvalidKey, match=r'unique = \["email"\]'):
        plain.get_by(email="a@x")
    assert operations == []


def test_an_item_that_is_older_than_the_guards_is_not_found(user):
    put_raw(user, {"id": "1", "mail": "a@x"})
    assert user.get_by(email="a@x") is None
    assert [finding.repaired for finding in user.verify_unique(repair=True)] == [True]
    assert user.get_by(email="a@x").id == "1"


def test_a_guard_whose_holder_has_another_value_finds_nothing(user, operations):
    user.put({"id": "1", "email": "a@x"})
    put_raw(user, {"id": "1", "mail": "b@x"})
    del operations[:]
    assert user.get_by(email="a@x") is None
    assert operations == ["GetItem"] * 4, "it is asked once more, since it may just be changing"
    user.Table.table.delete_item(Key={"id": "1"})
    assert user.get_by(email="a@x") is None


def test_a_value_that_passes_from_one_to_another_meanwhile_is_found_with_the_other(user):
    user.put({"id": "1", "email": "a@x"})
    reads = []

    def pass_on(sender, request, **more):
        reads.append(request)
        if len(reads) == 2:
            user.update_item(id="1", email="b@x")
            user.put({"id": "2", "email": "a@x"})

    with pre_request.connected_to(pass_on, sender=user):
        assert user.get_by(email="a@x").id == "2"


@pytest.mark.parametrize("hides", [True, False])
def test_what_is_expired_is_found_only_where_reads_show_it(library, dynamo_tables, hides):
    table = {**TABLE, "unique": ["email"], "hide_expired": hides}
    (user,) = dynamo_tables(library.model("User", table, FIELDS))
    user.put({"id": "1", "email": "a@x", "until": 1_000})
    found = user.get_by(email="a@x")
    assert found is None if hides else found.id == "1"


def test_an_item_in_an_earlier_form_is_found_by_what_it_is_upgraded_to(library, dynamo_tables):
    table = {**TABLE, "unique": ["email"]}
    (old,) = dynamo_tables(library.model("User", {**table, "schema_version": 1}, FIELDS))
    old.put({"id": "1", "email": "a@x", "number": 1})
    step = {"step": upgrade(2)(lambda item: item.update(number=2))}
    new = library.model("User", {**table, "schema_version": 2}, FIELDS, **step)
    assert new.get_by(email="a@x").number == 2


def test_a_handle_finds_what_is_in_its_place(library, dynamo_tables):
    fields = {"tenant": text(required=True), "id": text(required=True), "email": text(), "slug": text()}
    table = {"name": "users", "hash_key": "tenant", "range_key": "id", "unique": ["email", ("tenant", "slug")]}
    (user,) = dynamo_tables(library.model("User", table, fields))
    user.put({"tenant": "acme", "id": "1", "email": "a@x", "slug": "s"})
    user.put({"tenant": "other", "id": "1", "email": "b@x", "slug": "s"})
    acme = user.using(given={"tenant": "acme"})
    assert type(acme.get_by(email="a@x")) is user
    assert acme.get_by(slug="s").tenant == "acme"
    assert acme.get_by(email="b@x") is None, "which is another tenant's"
    with pytest.raises(InvalidKey, match="contradicts the handle"):
        acme.get_by(tenant="other", slug="s")
    elsewhere = user.using(table_name=user.Table.full_name)
    with dynamorm.using(table_prefix="elsewhere-"):
        assert elsewhere.get_by(tenant="other", slug="s").email == "b@x"


def test_instances_are_of_the_class_that_their_kind_says(library, dynamo_tables):
    Shop = base()
    keys = {"pk": Composite("U#{id}"), "sk": Composite("-")}
    fields = {"id": text(required=True), "email": text()}
    unique = {"unique": ["email"]}
    User = model(library, "User", Shop, fields, unique, **keys)
    Admin = model(library, "Admin", User, fields, {**unique, "discriminator_value": "admin"})
    Bot = model(library, "Bot", Shop, fields, unique, **keys)
    dynamo_tables(User)
    User(id="1", email="a@x").save()
    Admin(id="2", email="b@x").save()
    Bot(id="3", email="a@x").save()
    assert len(raw(User)) == 6
    assert type(User.get_by(email="a@x")) is User
    assert type(User.get_by(email="b@x")) is type(Admin.get_by(email="b@x")) is Admin
    assert Admin.get_by(email="a@x") is None, "it is a user's, and no admin's"
    assert type(Bot.get_by(email="a@x")) is Bot
    with pytest.raises(AbstractModel):
        Shop.get_by(email="a@x")

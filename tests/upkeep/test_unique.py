"""Values that no two items of a model share."""

from __future__ import annotations

import pickle

import pytest
from botocore.exceptions import ClientError

import dynamorm
from dynamorm import (
    Composite,
    ConditionFailed,
    DoesNotExist,
    DynaModel,
    HashKeyExists,
    InvalidExpression,
    Transaction,
    TransactionCanceled,
    UniqueViolation,
    VersionConflict,
)

from ..libraries import integer, text
from ..traffic import sent_by

FIELDS = {
    "id": text(required=True),
    "email": text(),
    "tenant": text(),
    "slug": text(),
    "visits": integer(),
    "until": integer(),
}
TABLE = {"name": "users", "hash_key": "id", "unique": ["email", ("tenant", "slug")], "ttl": "until"}


@pytest.fixture
def user(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("User", TABLE, FIELDS))
    return model


def raw(model):
    """Return every item that is stored, guards included."""
    return model.Table.table.scan(ConsistentRead=True)["Items"]


def guards(model):
    """Return what each guard is about, and whose it is."""
    return sorted((item["_unique"], *sorted(item["_holder"].values())) for item in raw(model) if "_holder" in item)


def test_the_error_says_what_is_taken_and_by_whom(user):
    user.put({"id": "1", "email": "a@x", "tenant": "t", "slug": "s"})
    with pytest.raises(UniqueViolation) as caught:
        user.put({"id": "2", "email": "a@x"})
    error = caught.value
    assert (error.fields, error.holder, error.item, error.current) == (("email",), {"id": "1"}, None, None)
    assert isinstance(error, (ConditionFailed, ClientError)) and not isinstance(error, HashKeyExists)
    assert "email" in str(error) and "'id': '1'" in str(error)
    with pytest.raises(UniqueViolation) as caught:
        user.create(id="2", email="b@x", tenant="t", slug="s")
    assert caught.value.fields == ("tenant", "slug")
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.fields, copied.holder) == (("tenant", "slug"), {"id": "1"})
    assert len(raw(user)) == 3


def test_a_value_with_a_missing_part_is_nobodys(user):
    user.put({"id": "1", "tenant": "t"})
    user.put({"id": "2", "tenant": "t"})
    assert guards(user) == []


def test_a_value_is_free_when_its_item_has_another_or_is_gone(user):
    ann = user.create(id="1", email="a@x")
    ann.update(email="b@x")
    bob = user.create(id="2", email="a@x")
    bob.email = None
    bob.save()
    user.create(id="3", email="a@x").delete()
    user.create(id="4", email="a@x")
    assert guards(user) == [(": email", "1"), (": email", "4")]


def test_values_are_swapped_in_a_transaction(user):
    ann, bob = user.create(id="1", email="a@x"), user.create(id="2", email="b@x")
    with Transaction() as tx:
        tx.update(ann, email="b@x")
        tx.update(user, id="2", email="a@x")
    assert (user.get(id="1").email, user.get(id="2").email) == ("b@x", "a@x")
    with pytest.raises(UniqueViolation):
        user.put({"id": "3", "email": "a@x"})
    bob.refresh()
    with Transaction() as tx:
        tx.delete(bob)
        tx.put(user, {"id": "3", "email": "a@x"})
    assert guards(user) == [(": email", "1"), (": email", "3")]


def test_a_transaction_says_which_of_its_actions_takes_what_is_taken(user):
    user.create(id="1", email="a@x")
    with pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
        tx.put(user, {"id": "2", "email": "b@x"})
        tx.put(user, {"id": "3", "email": "a@x"})
    reasons = caught.value.reasons
    assert [reason.code for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert isinstance(reasons[1].error, UniqueViolation) and reasons[1].error.holder == {"id": "1"}
    assert len(raw(user)) == 2
    message = r"has the same email as another one that the transaction writes"
    with pytest.raises(UniqueViolation, match=message), Transaction() as tx:
        tx.put(user, {"id": "2", "email": "b@x"})
        tx.put(user, {"id": "3", "email": "b@x"})
    assert len(raw(user)) == 2


def test_guards_count_among_the_actions_of_a_transaction(user):
    message = r"has 60 actions, and 60 more that see to unique values"
    with pytest.raises(InvalidExpression, match=message), Transaction() as tx:
        for number in range(60):
            tx.put(user, {"id": str(number), "email": f"{number}@x"})
    assert raw(user) == []


def test_a_write_that_cannot_touch_a_unique_value_is_one_request(user):
    ann = user.create(id="1", email="a@x", visits=1)

    with sent_by(user) as requests:
        ann.update(visits=2)
        user.update_item(id="1", visits__add=1)
        user.patch(id="1", visits=4)
        ann.save()  # which knows that the address is the same
    assert [request.operation for request in requests] == ["UpdateItem"] * 3 + ["PutItem"]
    assert guards(user) == [(": email", "1")]


def test_a_save_over_what_somebody_else_changed_gives_up_what_they_took(user):
    ann = user.create(id="1", email="a@x")
    user.patch(id="1", email="b@x")
    ann.visits = 7
    ann.save()
    assert user.get(id="1").email == "a@x"
    assert guards(user) == [(": email", "1")]
    user.create(id="2", email="b@x")


def test_what_an_update_returns_is_what_is_stored(user):
    ann = user.create(id="1", email="a@x", visits=1)
    user.patch(id="1", visits=5)
    ann.update(email="b@x")
    assert (ann.email, ann.visits) == ("b@x", 1)  # as after any update, of which only what it changed comes back
    ann.update(email="c@x", return_all=True)
    assert (ann.email, ann.visits) == ("c@x", 5)
    assert user.upsert(id="1", email="d@x").email == "d@x"
    answer = user.update_item(id="1", email="e@x", update_item_kwargs={"ReturnValues": "UPDATED_NEW"})
    assert answer["Attributes"] == {"email": "e@x"}


def test_conditions_and_versions_hold_beside_guards(library, dynamo_tables):
    (user,) = dynamo_tables(library.model("User", {**TABLE, "version": "visits"}, FIELDS))
    ann = user.create(id="1", email="a@x")
    user.update_item(id="1", email="b@x")
    with pytest.raises(VersionConflict) as caught:
        ann.update(email="c@x")
    assert caught.value.current.email == "b@x"
    with pytest.raises(ConditionFailed):
        user.update_item(id="1", email="c@x", conditions={"email": "z@x"})
    with pytest.raises(DoesNotExist):
        user.patch(id="9", email="c@x")
    assert guards(user) == [(": email", "1")]


def test_guards_expire_with_their_items(user, clock):
    user.create(id="1", email="a@x", until=clock.second + 10)
    (guard,) = [item for item in raw(user) if "_holder" in item]
    assert guard["until"] == clock.second + 10
    user.patch(id="1", until=clock.second + 20)
    (guard,) = [item for item in raw(user) if "_holder" in item]
    assert guard["until"] == clock.second + 20
    with pytest.raises(UniqueViolation):
        user.create(id="2", email="a@x")
    clock.pass_by(21)
    user.create(id="2", email="a@x")
    assert guards(user) == [(": email", "2")]


def test_an_update_expression_is_refused(user):
    raw_update = {"UpdateExpression": "SET email = :e", "ExpressionAttributeValues": {":e": "a@x"}}
    with pytest.raises(InvalidExpression, match=r"UpdateExpression is given as text"):
        user.update_item(id="1", update_item_kwargs=raw_update)
    assert raw(user) == []


def test_numbers_are_one_value_however_they_are_written(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Seat", {"name": "seats", "hash_key": "id", "unique": ["visits"]}, FIELDS))
    model.Table.table.put_item(Item={"id": "0"})
    model.put({"id": "1", "visits": 10})
    mapper = model._dynamorm.store.mapper
    (one,), (other,) = (mapper.upkeep.unique.taken({"visits": {"N": text}}) for text in ("10", "1.0E1"))
    assert one == other


# Several models in one table.


@pytest.fixture
def people(library, dynamo_tables):
    class Base(DynaModel):
        class Table:
            name = "people"
            hash_key = "pk"
            range_key = "sk"
            discriminator = "kind"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

    class Table(Base.Table):
        unique = ("email",)

    keys = {"pk": Composite("USER#{id}"), "sk": Composite("PROFILE")}
    user = library.model("User", Table, FIELDS, bases=(Base,), **keys)

    class Admin(user):
        pass

    guest = library.model("Guest", Table, FIELDS, bases=(Base,), pk=Composite("GUEST#{id}"), sk=Composite("PROFILE"))
    dynamo_tables(user, Admin, guest)
    return Base, user, Admin, guest


def test_a_value_is_one_models_own_and_its_childrens(people):
    _, user, admin, guest = people
    user.put({"id": "1", "email": "a@x"})
    with pytest.raises(UniqueViolation):
        admin.put({"id": "2", "email": "a@x"})
    admin.put({"id": "2", "email": "b@x"})
    with pytest.raises(UniqueViolation):
        user.put({"id": "3", "email": "b@x"})
    guest.put({"id": "1", "email": "a@x"})
    assert guards(user) == [
        ("Guest: email", "GUEST#1", "PROFILE"),
        ("User: email", "PROFILE", "USER#1"),
        ("User: email", "PROFILE", "USER#2"),
    ]


def test_whoever_deletes_an_item_frees_its_values(people):
    base, user, admin, guest = people
    user.put({"id": "1", "email": "a@x"})
    admin.put({"id": "2", "email": "b@x"})
    guest.put({"id": "1", "email": "a@x"})
    base.delete_item(pk="USER#1")
    user.delete_item(id="2")
    base.delete_batch(["GUEST#1"])
    assert raw(user) == []


def test_a_moved_item_takes_its_values_along(people):
    _, user, _, _ = people
    ann = user.create(id="1", email="a@x")
    ann.change_key(id="7")
    assert guards(user) == [("User: email", "PROFILE", "USER#7")]
    dynamorm.delete(ann)
    assert raw(user) == []


def test_the_names_of_guards_are_a_storage_format(user):
    """They are what stored guards are found by, so that nothing may ever change them."""
    unique = user._dynamorm.store.mapper.upkeep.unique
    found = {
        one.fields: one.name
        for item in ({"email": {"S": "ä#\u2028@x"}}, {"tenant": {"S": "t"}, "slug": {"S": ""}})
        for one in unique.taken(item)
    }
    assert found == {
        ("email",): "unique#c30573e040cdab00180157a85c5a4f0d8d69d30a8252ea25389bcbdc37ba5ee8",
        ("tenant", "slug"): "unique#bcbf608041473bc87ec4298f5eb8ad9749eee18fa364d8ec3245ebab7cb1f48a",
    }
    assert unique.key_of("unique#x") == {"id": {"S": "unique#x"}}

"""Items that are expired or hidden, for whoever reads one because of another: relationships, get_or_create and more."""

from __future__ import annotations

import pytest

import dynamorm
from dynamorm import (
    GlobalIndex,
    ManyToOne,
    NotProjected,
    ObjectsNotFound,
    OneToMany,
    OneToOne,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    Q,
    TransactionGet,
    upgrade,
)

from ..libraries import integer, text

WORDS = {"hide_expired": True, "ttl": "until", "hide": Q(gone__exists=True)}


@pytest.fixture
def models(library, dynamo_tables, clock):
    """Users and their profiles, found by key, badges, found by an index, and posts, of which each has many."""

    class ByUser(GlobalIndex):
        name = "by-user"
        hash_key = "user"
        range_key = "id"
        projection = ProjectAll()

    class KeysByUser(GlobalIndex):
        name = "keys-by-user"
        hash_key = "user"
        projection = ProjectInclude("until")

    fields = {"id": text(required=True), "user": text(), "note": text(), "until": integer(), "gone": integer()}
    user = library.model("User", {"name": "users", "hash_key": "id", **WORDS}, fields)
    profile = library.model(
        "Profile",
        {"name": "profiles", "hash_key": "id", **WORDS},
        fields,
        user_of=ManyToOne(user, query=lambda one: {"id": one.user}, back_query=None, back_reference=None),
    )
    badge = library.model(
        "Badge", {"name": "badges", "hash_key": "id", **WORDS}, fields, ByUser=ByUser, KeysByUser=KeysByUser
    )
    post = library.model(
        "Post", {"name": "posts", "hash_key": "id", **WORDS}, fields, ByUser=ByUser, KeysByUser=KeysByUser
    )
    owner = library.model(
        "Owner",
        {"name": "owners", "hash_key": "id"},
        {"id": text(required=True)},
        profile=OneToOne(profile, query=lambda one: {"id": one.id}, back_reference=None, auto_create=False),
        filled=OneToOne(profile, query=lambda one: {"id": one.id}, back_reference=None),
        badge=OneToOne(
            badge, query=lambda one: {"user": one.id}, index="ByUser", back_reference=None, auto_create=False
        ),
        key_badge=OneToOne(
            badge, query=lambda one: {"user": one.id}, index="KeysByUser", back_reference=None, auto_create=False
        ),
        posts=OneToMany(post, query=lambda one: {"user": one.id}, index="ByUser", back_reference=None),
        key_posts=OneToMany(post, query=lambda one: {"user": one.id}, index="KeysByUser", back_reference=None),
    )
    dynamo_tables(user, profile, badge, post, owner)
    return {"user": user, "profile": profile, "badge": badge, "post": post, "owner": owner}


def test_a_partner_that_is_expired_is_not_there(models, clock):
    profile, owner = models["profile"], models["owner"](id="1")
    profile.put({"id": "1", "until": clock.second - 1, "note": "before"})
    assert owner.profile is None
    made = owner.filled
    assert made.note is None
    made.note = "after"
    made.save()
    assert profile.get(id="1").note == "after" and profile.get(id="1").until is None


def test_a_partner_that_is_found_by_its_key_is_read_though_it_is_hidden(models):
    models["profile"].put({"id": "1", "gone": 1})
    assert models["owner"](id="1").profile.gone == 1


def test_a_partner_that_a_query_finds_is_not_a_hidden_one(models, clock):
    badge = models["badge"]
    badge.put_batch(
        {"id": "b1", "user": "1", "gone": 1},
        {"id": "b2", "user": "1", "until": clock.second - 1},
        {"id": "b3", "user": "1", "until": clock.second + 1},
    )
    for name in ("badge", "key_badge"):
        assert getattr(models["owner"](id="1"), name).id == "b3"
    clock.pass_by(2)
    for name in ("badge", "key_badge"):
        assert getattr(models["owner"](id="1"), name) is None


def test_the_many_are_those_that_are_shown(models, clock):
    post = models["post"]
    for number in range(6):
        more = {} if number % 3 == 0 else {"gone": 1} if number % 3 == 1 else {"until": clock.second - 1}
        post.put({"id": str(number), "user": "1", **more})
    owner = models["owner"](id="1")
    assert [one.id for one in owner.posts] == ["0", "3"]
    assert len(owner.posts) == 2 and owner.posts and owner.posts.count() == 2
    assert [one.id for one in owner.posts.with_hidden()] == ["0", "1", "3", "4"]
    with pytest.raises(NotProjected, match=r"\.hydrate\(\)"):
        list(owner.key_posts)
    assert sorted(one.id for one in owner.key_posts.hydrate()) == ["0", "3"]
    assert owner.posts.delete() == 2
    assert not owner.posts and len(owner.posts) == 0


def test_parents_that_are_expired_are_not_prefetched(models, clock):
    user, profile = models["user"], models["profile"]
    user.put_batch({"id": "u1"}, {"id": "u2", "until": clock.second - 1}, {"id": "u3", "gone": 1})
    children = [profile(id=str(number), user=f"u{number}") for number in range(1, 5)]
    profile.user_of.prefetch(children)
    kept = [child._dynamorm_state.related["user_of"].partner for child in children]
    assert [one and one.id for one in kept] == ["u1", None, "u3", None]


def test_get_or_create_makes_an_item_anew_that_is_expired(models, clock):
    user = models["user"]
    user.put({"id": "1", "note": "before", "until": clock.second - 1})
    found, is_new = user.get_or_create(id="1", defaults={"note": "after"})
    assert is_new and found.note == "after"
    assert user.Table.get(id="1") == {"id": "1", "note": "after"}
    assert user.get_or_create(id="1")[1] is False
    user.put({"id": "2", "gone": 1})
    found, is_new = user.get_or_create(id="2")
    assert not is_new and found.gone == 1


def test_a_transaction_reads_no_expired_items(models, clock):
    user = models["user"]
    user.put_batch({"id": "1", "until": clock.second - 1}, {"id": "2", "gone": 1, "note": "n"})
    with TransactionGet() as tx:
        whole = [tx.get(user, id=id) for id in ("1", "2", "3")]
    with TransactionGet() as tx:
        parts = [tx.get(user, id=id, attrs=["note"]) for id in ("1", "2", "3")]
    assert [got.instance and got.instance.note for got in (*whole, *parts)] == [None, "n", None] * 2


def test_an_instance_is_not_loaded_again_once_it_is_expired(models, clock):
    user = models["user"]
    one, two = user(id="1", until=clock.second + 5), user(id="2")
    dynamorm.save(one, two)
    clock.pass_by(6)
    with pytest.raises(ObjectsNotFound) as caught:
        dynamorm.load(one, two)
    assert caught.value.missing == [one]
    with pytest.raises(user.DoesNotExist):
        one.refresh()
    assert user.exists(id="2") and not user.exists(id="1")
    with pytest.raises(user.DoesNotExist):
        user.require(id="1")


def test_partners_in_an_earlier_form_are_upgraded(library, dynamo_tables):
    def rename(item):
        item["name"] = item.pop("title")

    class ByOwner(GlobalIndex):
        name = "by-owner"
        hash_key = "owner"
        projection = ProjectKeys()

    fields = {"id": text(required=True), "owner": text(), "name": text()}
    table = {"name": "pets", "hash_key": "id", "schema_version": 2}
    pet = library.model("Pet", table, fields, ByOwner=ByOwner, rename=upgrade(2)(rename))
    owner = library.model(
        "Keeper",
        {"name": "keepers", "hash_key": "id"},
        {"id": text(required=True)},
        pet=OneToOne(pet, query=lambda one: {"owner": one.id}, index="ByOwner", back_reference=None),
        pets=OneToMany(pet, query=lambda one: {"owner": one.id}, index="ByOwner", back_reference=None),
    )
    dynamo_tables(pet, owner)
    pet.Table.put({"id": "1", "owner": "a", "title": "Rex"})
    assert owner(id="a").pet.name == "Rex" and [one.name for one in owner(id="a").pets] == ["Rex"]

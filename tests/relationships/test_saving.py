"""What is saved together with an owner, and the signals around it."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, DynaModelException, InvalidKey, ManyToOne, ValidationError
from dynamorm.signals import post_delete, post_init, post_save, post_update, pre_delete, pre_init, pre_save, pre_update

from .models import schema, values

SIGNALS = (pre_save, post_save, pre_update, post_update, pre_delete, post_delete)


@pytest.fixture
def signals():
    """The signals that are sent, each with the name of the model that sends it."""
    sent = []

    def receiver_for(signal):
        name = signal.name.partition(".")[2]
        return lambda sender, **_: sent.append((name, sender.__name__))

    receivers = [(signal, receiver_for(signal)) for signal in SIGNALS]
    for signal, receiver in receivers:
        signal.connect(receiver, weak=False)
    yield sent
    for signal, receiver in receivers:
        signal.disconnect(receiver)


@pytest.fixture
def item(catalogue):
    """An item with details, loaded."""
    item = catalogue.Item(id="a", version="1", title="one")
    item.details.description = "long"
    item.details.pages = 3
    item.save()
    return catalogue.Item.get(id="a", version="1")


def stored(catalogue, key="a:1"):
    found = catalogue.Details.get(item_version=key)
    return None if found is None else values(found)


def test_a_new_partner_is_stored_with_its_owner(catalogue, item):
    assert stored(catalogue) == {"item_version": "a:1", "description": "long", "pages": 3}


def test_a_partner_that_changed_is_stored_with_its_owner(catalogue, item, requests):
    item.details.pages = 4
    requests.clear()
    item.save()
    assert requests == ["PutItem", "PutItem"]
    assert stored(catalogue)["pages"] == 4
    assert not item.details.is_dirty


def test_a_partner_that_did_not_change_is_not_stored_again(item, requests):
    assert item.details.pages == 3
    requests.clear()
    item.save()
    assert requests == ["PutItem"]


def test_a_partner_that_was_never_asked_for_is_not_read_to_be_saved(item, requests):
    requests.clear()
    item.save()
    item.title = "two"
    item.save(partial=True)
    assert requests == ["PutItem", "UpdateItem"]


def test_looking_at_a_partner_that_is_not_there_stores_none_and_hinders_no_save(catalogue):
    item = catalogue.Item(id="b", version="1")
    assert item.details.description is None
    item.save()
    item.title = "two"
    item.save(partial=True)
    assert stored(catalogue, "b:1") is None


@pytest.mark.parametrize("save", ["save", "partial save", "update", "sync"])
def test_a_new_partner_overwrites_nothing_that_somebody_else_has_stored_meanwhile(catalogue, save):
    catalogue.Item(id="a", version="1", title="one").save()
    item = catalogue.Item.get(id="a", version="1")
    assert item.details.description is None
    catalogue.Details(item_version="a:1", description="theirs", pages=7).save()
    item.details.description = "ours"
    item.title = "two"
    if save == "update":
        item.update(title="two")
    elif save == "sync":
        item.sync()
    else:
        item.save(partial=save == "partial save")
    expected = {"item_version": "a:1", "description": "ours", "pages": 7}
    assert stored(catalogue) == values(item.details) == expected
    assert not item.details.is_dirty
    item.details.pages = 8
    item.save()
    assert stored(catalogue) == {**expected, "pages": 8}


@pytest.mark.parametrize("partial", [True, False])
def test_increments_of_a_new_partner_are_added_to_what_somebody_else_has_stored_meanwhile(catalogue, partial):
    item = catalogue.Item(id="a", version="1", title="one")
    item.details.description = "ours"
    item.details.incr(pages=2)
    catalogue.Details(item_version="a:1", description="theirs", pages=7).save()
    item.save(partial=partial)
    assert stored(catalogue) == values(item.details) == {"item_version": "a:1", "description": "ours", "pages": 9}


def test_a_partner_that_was_given_replaces_what_is_stored(catalogue):
    catalogue.Details(item_version="a:1", description="theirs", pages=7).save()
    item = catalogue.Item(id="a", version="1")
    item.details = catalogue.Details(description="ours")
    item.save()
    assert stored(catalogue) == {"item_version": "a:1", "description": "ours"}


def test_a_new_partner_passes_the_save_of_its_own_model(catalogue, monkeypatch):
    calls = []

    def save(self, **options):
        calls.append(options)
        return DynaModel.save(self, **options)

    monkeypatch.setattr(catalogue.Details, "save", save)
    item = catalogue.Item(id="a", version="1")
    item.details.description = "ours"
    catalogue.Details.put({"item_version": "a:1", "description": "theirs", "pages": 7})
    item.save()
    assert calls == [{"partial": False, "unique": True}, {"partial": True}]
    assert stored(catalogue) == {"item_version": "a:1", "description": "ours", "pages": 7}


def test_a_partial_save_of_the_owner_saves_the_partner_partially(catalogue, item, requests):
    catalogue.Details.update_item(item_version="a:1", pages=9)
    item.title = "two"
    item.details.description = "short"
    catalogue.Details.update_item(item_version="a:1", pages=10)
    requests.clear()
    item.save(partial=True)
    assert requests == ["UpdateItem", "UpdateItem"]
    assert stored(catalogue) == {"item_version": "a:1", "description": "short", "pages": 10}


def test_a_partial_save_saves_the_partner_where_the_owner_itself_has_not_changed(catalogue, item, requests):
    item.details.pages = 5
    requests.clear()
    assert item.save(partial=True) is None
    assert requests == ["UpdateItem"]
    assert stored(catalogue)["pages"] == 5


def test_update_and_sync_save_a_changed_partner_too(catalogue, item):
    item.details.pages = 5
    item.update(title="two")
    assert stored(catalogue)["pages"] == 5
    item.details.pages = 6
    item.sync()
    assert stored(catalogue)["pages"] == 6
    item.details.pages = 7
    item.update()
    assert stored(catalogue)["pages"] == 7


@pytest.mark.parametrize("partial", [True, False])
def test_a_partner_that_is_not_valid_lets_nothing_be_stored(catalogue, item, requests, partial):
    item.title = "two"
    item.details.description = None
    requests.clear()
    with pytest.raises(ValidationError, match="description"):
        item.save(partial=partial)
    assert requests == []
    assert catalogue.Item.get(id="a", version="1").title == "one"


def test_an_assigned_partner_gets_the_key_of_its_owner_and_is_stored_with_it(catalogue):
    item = catalogue.Item(id="a", version="1")
    details = catalogue.Details(description="long")
    item.details = details
    assert details.item_version == "a:1"
    assert item.details is details
    item.save()
    assert stored(catalogue) == {"item_version": "a:1", "description": "long"}


def test_a_partner_given_to_the_constructor_is_stored_with_its_owner(catalogue):
    catalogue.Item(id="a", version="1", details=catalogue.Details(description="long")).save()
    assert stored(catalogue)["description"] == "long"


def test_a_partner_that_has_its_key_gives_it_to_the_constructor_of_its_owner(catalogue):
    item = catalogue.Item(details=catalogue.Details(item_version="c:7", description="long"))
    assert (item.id, item.version) == ("c", "7")


@pytest.mark.parametrize("how", ["given", "assigned", "made"])
def test_a_partner_that_came_before_the_keys_gets_them_when_they_are_there(catalogue, how):
    if how == "given":
        item = catalogue.Item(details=catalogue.Details(description="long"))
    else:
        item = catalogue.Item()
        if how == "assigned":
            item.details = catalogue.Details()
        item.details.description = "long"
    item.id = "a"
    item.version = "2"
    item.save()
    assert stored(catalogue, "a:2")["description"] == "long"
    assert [details.item_version for details in catalogue.Details.scan()] == ["a:2"]


def test_a_partner_that_was_stored_belongs_to_the_keys_it_was_stored_under(catalogue, item):
    item.details.pages = 4
    item.version = "2"
    assert values(item.details) == {"item_version": "a:2"}
    item.save()
    assert stored(catalogue)["pages"] == 3
    assert stored(catalogue, "a:2") is None


def test_a_partner_moved_from_one_owner_to_another_is_stored_whole_under_the_new_key(catalogue, item):
    other = catalogue.Item(id="b", version="1")
    other.save()
    other.details = item.details
    other.save(partial=True)
    assert stored(catalogue, "b:1") == {"item_version": "b:1", "description": "long", "pages": 3}
    assert stored(catalogue)["pages"] == 3


def test_a_parent_is_never_rewritten_by_saving_a_child(forum, requests):
    forum.User(name="ann", motto="first").save()
    thread = forum.Thread(forum_name="python", subject="first", user_name="ann")
    thread.user.motto = "second"
    requests.clear()
    thread.save()
    thread.views = 1
    thread.save(partial=True)
    thread.update(views=2)
    assert requests == ["PutItem", "UpdateItem", "UpdateItem"]
    assert forum.User.get(name="ann").motto == "first"
    assert thread.user.motto == "second"


def test_a_parent_over_a_back_reference_is_never_rewritten_either(forum, catalogue):
    forum.Thread(forum_name="python", subject="first", user_name="ann", views=1).save()
    reply = forum.Reply(forum_thread="python\nfirst", created="1", user_name="ann")
    reply.thread.views = 2
    reply.save()
    assert forum.Thread.get(forum_name="python", subject="first").views == 1
    catalogue.Item(id="a", version="1", title="one").save()
    details = catalogue.Details(item_version="a:1", description="long")
    details.item.title = "two"
    details.save()
    assert catalogue.Item.get(id="a", version="1").title == "one"


def test_a_child_of_a_new_parent_takes_the_key_that_the_parent_gets_later(forum):
    user = forum.User()
    thread = forum.Thread(forum_name="python", subject="first", user=user)
    assert thread.user is user
    user.name = "ann"
    thread.save()
    assert forum.Thread.get(forum_name="python", subject="first").user_name == "ann"
    assert thread.user is user


def test_a_child_that_is_given_a_parent_without_a_key_leads_to_nobody_meanwhile(forum, requests):
    forum.User(name="ann").save()
    thread = forum.Thread(forum_name="python", subject="first", user_name="ann")
    thread.save()
    user = thread.user = forum.User()
    assert thread.user_name is None
    requests.clear()
    with pytest.raises(ValidationError, match="user_name"):
        thread.save()
    assert requests == []
    user.name = "bob"
    assert thread.user is user
    thread.save(partial=True)
    assert forum.Thread.get(forum_name="python", subject="first").user_name == "bob"


def test_a_parent_without_a_key_is_refused_where_the_child_would_go_on_leading_elsewhere(library, forum):
    class Note(DynaModel):
        class Table:
            name = "notes"
            hash_key = "id"

        Schema = schema(library, id="text!", user_name="text")

        user = ManyToOne(
            forum.User,
            query=lambda note: {"name": note.user_name},
            back_query=lambda user: {"user_name": user.name.lower()},
            back_reference=None,
        )

    note = Note(id="1", user_name="ann")
    with pytest.raises(DynaModelException, match="has no key yet"):
        note.user = forum.User()
    assert note.user_name == "ann"
    note = Note(id="2", user=(user := forum.User()))
    user.name = "BOB"
    assert note.user is user
    assert note.user_name == "bob"


def test_a_child_of_a_parent_without_a_key_cannot_be_saved(forum):
    reply = forum.Reply(thread=forum.Thread(), created="1", user_name="ann")
    with pytest.raises((ValidationError, InvalidKey)):
        reply.save()


def test_a_full_save_signals_the_partner_within_its_owner(catalogue, item, signals):
    item.details.pages = 4
    item.save()
    assert signals == [
        ("pre_save", "Item"),
        ("pre_save", "Details"),
        ("post_save", "Details"),
        ("post_save", "Item"),
    ]


def test_a_partial_save_signals_the_partner_within_its_owner(catalogue, item, signals):
    item.title = "two"
    item.details.pages = 4
    item.save(partial=True)
    assert signals == [
        ("pre_update", "Item"),
        ("pre_update", "Details"),
        ("post_update", "Details"),
        ("post_update", "Item"),
    ]


def test_deleting_a_partner_signals_it(item, signals):
    del item.details
    assert signals == [("pre_delete", "Details"), ("post_delete", "Details")]


def test_a_receiver_may_still_change_the_partner(catalogue, item):
    item.details.pages = 4

    def more(sender, instance, **_):
        instance.details.pages += 1

    with pre_save.connected_to(more, sender=catalogue.Item):
        item.save()
    assert stored(catalogue)["pages"] == 5


def test_making_a_partner_signals_its_beginning(catalogue):
    begun = []
    item = catalogue.Item(id="z", version="1")

    def note(sender, instance, raw, **_):
        begun.append((sender.__name__, dict(raw)))

    with pre_init.connected_to(note), post_init.connected_to(note):
        assert item.details is not None
    assert begun == [("Details", {"item_version": "z:1"})] * 2


def test_receivers_of_a_constructor_see_the_partner_and_then_the_key(forum):
    seen = []
    ann = forum.User(name="ann")

    def before(sender, raw, **_):
        seen.append(dict(raw))

    def after(sender, instance, **_):
        seen.append(instance.user_name)

    with pre_init.connected_to(before, sender=forum.Thread), post_init.connected_to(after, sender=forum.Thread):
        forum.Thread(subject="first", user=ann)
    assert seen == [{"subject": "first", "user": ann}, "ann"]

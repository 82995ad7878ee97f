"""One partner of an instance: read when it is asked for, kept by the instance, assigned and deleted."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, DynaModelException, ManyToOne, OneToOne

from .models import schema, values


def started(models, user_name="ann", subject="first"):
    thread = models.Thread(forum_name="python", subject=subject, user_name=user_name)
    thread.save()
    return models.Thread.get(forum_name="python", subject=subject)


def test_a_parent_is_read_when_it_is_first_asked_for_and_kept(forum, requests):
    forum.User(name="ann", motto="why not").save()
    thread = started(forum)
    requests.clear()
    assert values(thread)["user_name"] == "ann"
    assert requests == []
    assert values(thread.user) == {"name": "ann", "motto": "why not"}
    assert thread.user is thread.user
    assert requests == ["GetItem"]


def test_each_instance_has_a_partner_of_its_own(forum):
    forum.User(name="ann").save()
    forum.User(name="bob").save()
    one, other = started(forum), started(forum, "bob", "second")
    assert (one.user.name, other.user.name, one.user.name) == ("ann", "bob", "ann")


def test_another_instance_of_the_same_item_reads_its_own_partner(forum):
    forum.User(name="ann").save()
    one, other = started(forum), started(forum)
    assert one == other
    assert one.user == other.user
    assert one.user is not other.user


def test_what_was_kept_is_dropped_when_the_key_it_came_by_changes(forum):
    forum.User(name="ann").save()
    forum.User(name="bob", motto="yes").save()
    thread = started(forum)
    former = thread.user
    thread.user_name = "bob"
    assert thread.user.motto == "yes"
    assert values(former) == {"name": "ann"}
    thread.user_name = "ann"
    assert thread.user is not former


def test_what_was_kept_stays_when_anything_else_changes(forum):
    forum.User(name="ann").save()
    thread = started(forum)
    user = thread.user
    thread.views = 3
    thread.save()
    thread.refresh()
    assert thread.user is user


def test_the_class_gives_the_relationship(forum):
    assert isinstance(forum.Thread.user, ManyToOne)
    assert forum.Thread.user is forum.Thread.relationships["user"]
    assert forum.Thread.user.this is forum.Thread
    assert forum.Thread.user.other is forum.User
    assert repr(forum.Thread.user) == "<ManyToOne Thread.user to User>"


def test_a_partner_that_is_not_there_is_made_and_not_stored_by_that(forum, requests):
    thread = started(forum, "nobody")
    requests.clear()
    assert values(thread.user) == {"name": "nobody"}
    assert thread.user is thread.user
    assert requests == ["GetItem"]
    assert forum.User.get(name="nobody") is None


def test_without_auto_create_a_partner_that_is_not_there_is_none(library, forum, requests):
    class Note(DynaModel):
        class Table:
            name = "notes"
            hash_key = "id"

        Schema = schema(library, id="text!", user_name="text")

        user = ManyToOne(forum.User, query=lambda note: {"name": note.user_name}, auto_create=False)

    note = Note(id="1", user_name="late")
    assert note.user is None
    assert requests == ["GetItem"]
    forum.User(name="late").save()
    assert note.user.name == "late"


def test_a_partner_is_made_of_a_model_whose_constructor_takes_other_arguments(library, dynamo_tables):
    class Cover(DynaModel):
        class Table:
            name = "covers"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, id="text!", color="text")

        def __init__(self, color):
            self.color = color

    class Sheet(DynaModel):
        class Table:
            name = "sheets"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, id="text!")

        cover = OneToOne(Cover, query=lambda sheet: {"id": sheet.id})

    dynamo_tables(Cover, Sheet)
    sheet = Sheet(id="1")
    sheet.cover.color = "red"
    sheet.save()
    assert values(Cover.get(id="1")) == {"id": "1", "color": "red"}


def test_a_child_that_names_no_parent_has_none_and_asks_nobody(forum, requests):
    assert forum.Thread(forum_name="python", subject="first").user is None
    assert forum.Reply(created="1").thread is None
    assert requests == []


def test_a_query_that_is_wrong_fails_even_where_values_are_missing(library, forum):
    class Note(DynaModel):
        class Table:
            name = "notes"
            hash_key = "id"

        Schema = schema(library, id="text!", user_name="text")

        user = ManyToOne(forum.User, query=lambda note: {"name": note.user_nmae})

    with pytest.raises(AttributeError, match="user_nmae"):
        _ = Note(id="1").user


def test_assigning_a_parent_stores_its_key_in_the_child_and_leaves_the_parent_alone(forum):
    forum.User(name="ann").save()
    bob = forum.User(name="bob")
    bob.save()
    thread = started(forum)
    assert thread.user.name == "ann"
    thread.user = bob
    assert thread.user is bob
    assert (thread.user_name, bob.name) == ("bob", "bob")
    assert not bob.is_dirty
    thread.save(partial=True)
    assert forum.Thread.get(forum_name="python", subject="first").user_name == "bob"
    assert sorted(user.name for user in forum.User.scan()) == ["ann", "bob"]


def test_assigning_over_a_back_reference_is_no_different(forum):
    thread = forum.Thread(forum_name="python", subject="first", user_name="ann")
    reply = forum.Reply(created="1")
    reply.thread = thread
    assert reply.forum_thread == "python\nfirst"
    assert (thread.forum_name, thread.subject) == ("python", "first")
    assert reply.thread is thread


def test_without_a_way_back_a_key_that_the_query_passes_on_is_stored_all_the_same(library, forum):
    class Note(DynaModel):
        class Table:
            name = "notes"
            hash_key = "id"

        Schema = schema(library, id="text!", user_name="text")

        user = ManyToOne(forum.User, query=lambda note: {"name": note.user_name})

    note = Note(id="1")
    note.user = forum.User(name="ann")
    assert note.user_name == "ann"
    assert Note(id="2", user=forum.User(name="bob")).user_name == "bob"
    assert not hasattr(forum.User, "notes")


def test_a_parent_whose_key_cannot_be_told_is_refused_unless_the_child_has_it_already(library, forum):
    class Note(DynaModel):
        class Table:
            name = "notes"
            hash_key = "id"

        Schema = schema(library, id="text!", user_name="text")

        user = ManyToOne(forum.User, query=lambda note: {"name": note.user_name.lower()})

    note = Note(id="1", user_name="ANN")
    with pytest.raises(DynaModelException, match="declare a back_query"):
        note.user = forum.User(name="bob")
    ann = forum.User(name="ann")
    note.user = ann
    assert note.user is ann
    assert note.user_name == "ANN"


def test_a_child_may_store_the_key_of_its_parent_in_another_form(library, dynamo_tables, requests):
    class Shelf(DynaModel):
        class Table:
            name = "shelves"
            hash_key = "number"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, number="number!")

    class Box(DynaModel):
        class Table:
            name = "boxes"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, id="text!", shelf_number="text")

        shelf = ManyToOne(Shelf, query=lambda box: {"number": box.shelf_number})

    dynamo_tables(Shelf, Box)
    shelf = Shelf(number=7)
    shelf.save()
    assert Box(id="1", shelf=shelf).shelf_number == "7"
    box = Box(id="2")
    box.shelf = shelf
    box.save()
    assert Box.get(id="2").shelf_number == "7"
    assert Box.get(id="2").shelf == shelf
    requests.clear()
    box.shelf_number = "7"
    box.shelf = shelf
    assert box.shelf_number == "7"
    assert box.shelf is shelf
    assert requests == []


@pytest.mark.parametrize("wrong", ["ann", 1, {}, None])
def test_what_is_no_instance_of_the_other_model_cannot_be_assigned(forum, wrong):
    thread = forum.Thread(forum_name="python", subject="first", user_name="ann")
    with pytest.raises(TypeError, match=r"Thread\.user.*an instance of User is meant"):
        thread.user = wrong
    assert thread.user_name == "ann"


def test_an_instance_of_another_model_cannot_be_assigned(forum):
    with pytest.raises(TypeError, match=r"Thread\.user"):
        forum.Thread(forum_name="python", subject="first").user = forum.Forum(name="python")


def test_a_constructor_takes_parents_and_stores_their_keys(forum):
    python, ann = forum.Forum(name="python"), forum.User(name="ann")
    thread = forum.Thread(subject="first", forum=python, user=ann)
    assert (thread.forum_name, thread.user_name) == ("python", "ann")
    assert thread.forum is python
    assert thread.user is ann
    thread.save()
    assert forum.Thread.get(forum_name="python", subject="first").user_name == "ann"


def test_a_constructor_takes_none_for_not_given_and_refuses_what_is_no_instance(forum):
    assert forum.Thread(forum_name="python", subject="first", user=None, user_name="ann").user_name == "ann"
    with pytest.raises(TypeError, match=r"Thread\.user"):
        forum.Thread(forum_name="python", subject="first", user="ann")


def test_to_dict_and_what_is_stored_leave_relationships_out(forum):
    thread = forum.Thread(forum_name="python", subject="first", user=forum.User(name="ann"))
    assert values(thread) == {"forum_name": "python", "subject": "first", "user_name": "ann"}
    assert thread.to_item().keys() == {"forum_name", "subject", "user_name"}


def test_deleting_the_attribute_deletes_the_partner(catalogue):
    item = catalogue.Item(id="a", version="1")
    item.details.description = "long"
    item.save()
    del item.details
    assert catalogue.Details.get(item_version="a:1") is None
    assert values(item.details) == {"item_version": "a:1"}


def test_deleting_reads_the_partner_if_it_must(catalogue, requests):
    catalogue.Details(item_version="a:1", description="long").save()
    item = catalogue.Item(id="a", version="1")
    requests.clear()
    del item.details
    assert requests == ["GetItem", "DeleteItem"]
    assert catalogue.Details.get(item_version="a:1") is None


@pytest.mark.parametrize("looked_at", [True, False])
def test_where_there_is_no_partner_deleting_is_an_attribute_error(catalogue, looked_at):
    item = catalogue.Item(id="a", version="1")
    if looked_at:
        assert item.details is not None
    with pytest.raises(AttributeError, match="no partner"):
        del item.details


def test_deleting_a_parent_deletes_the_parent(forum):
    forum.User(name="ann").save()
    thread = started(forum)
    del thread.user
    assert forum.User.get(name="ann") is None
    assert thread.user_name == "ann"


def test_deleting_what_was_only_assigned_takes_it_away(catalogue):
    item = catalogue.Item(id="a", version="1", details=catalogue.Details(description="long"))
    del item.details
    assert item.details.description is None


def test_a_partner_found_by_an_index_is_whole(library, dynamo_tables):
    from dynamorm import GlobalIndex, ProjectKeys

    class Passport(DynaModel):
        class Table:
            name = "passports"
            hash_key = "number"
            billing_mode = "PAY_PER_REQUEST"

        class ByHolder(GlobalIndex):
            name = "by-holder"
            hash_key = "holder"
            projection = ProjectKeys()

        Schema = schema(library, number="text!", holder="text", country="text")

    class Person(DynaModel):
        class Table:
            name = "persons"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, id="text!")

        by_attribute = OneToOne(Passport, query=lambda person: {"holder": person.id}, index="ByHolder")
        by_name = OneToOne(Passport, query=lambda person: {"holder": person.id}, index="by-holder")
        by_no_index = OneToOne(Passport, query=lambda person: {"holder": person.id}, index="ByOwner")

    dynamo_tables(Passport, Person)
    Passport(number="1", holder="ann", country="IS").save()
    ann = Person(id="ann")
    assert values(ann.by_attribute) == {"number": "1", "holder": "ann", "country": "IS"}
    assert ann.by_name.country == "IS"
    assert not ann.by_name.is_partial
    with pytest.raises(DynaModelException, match="no index 'ByOwner'; there are: ByHolder"):
        _ = ann.by_no_index

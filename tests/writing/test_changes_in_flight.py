"""What is changed in an instance while a request of its is on the way stays there, and is still to be saved."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from dynamorm import ConditionFailed, DynaModel
from dynamorm.signals import post_request, pre_update

from ..books import BOOK, BOOK_TABLE, KEY, book_model, book_values
from ..libraries import natives
from .updated import publisher_of


@contextmanager
def meanwhile(model, change):
    """Make a change before the answer to the model's first request is looked at."""
    left = [change]

    def receive(sender, **details):
        if left:
            left.pop()()

    with post_request.connected_to(receive, sender=model):
        yield
    assert not left


def save(book):
    book.save()


def save_partially(book):
    book.title = "Sent"
    book.save(partial=True)


def save_partially_and_take_all(book):
    book.title = "Sent"
    book.save(partial=True, return_all=True)


def update(book):
    book.update(title="Sent")


def update_and_take_all(book):
    book.update(title="Sent", return_all=True)


def update_an_element(book):
    book.update(tags__0="sent")


def update_by_an_expression(book):
    book.update(update_item_kwargs={"UpdateExpression": "SET author = title"})


def sync(book):
    book.title = "Sent"
    book.sync()


def sync_nothing(book):
    book.sync()


def refresh(book):
    book.refresh()


WRITES = [
    save,
    save_partially,
    save_partially_and_take_all,
    update,
    update_and_take_all,
    update_an_element,
    update_by_an_expression,
    sync,
    sync_nothing,
    refresh,
]


@pytest.mark.parametrize("write", WRITES)
def test_what_is_assigned_stays_and_is_still_to_be_saved(book, found, write):
    def change():
        found.title, found.year, found.price = "Later", 2001, None
        found.meta["shelf"]["row"] = 4
        found.tags.append("later")
        publisher_of(found)("city", "Vaasa")

    with meanwhile(book, change):
        write(found)
    assert (found.title, found.year, found.price, found.tags[-1]) == ("Later", 2001, None, "later")
    assert (found.meta["shelf"], natives(found)["publisher"]["city"]) == ({"row": 4, "side": "left"}, "Vaasa")
    assert sorted(found.changes) == ["meta", "price", "publisher", "tags", "title", "year"]
    found.save(partial=True)
    stored = natives(book.get(isbn=KEY))
    assert stored == natives(found) and not found.is_dirty
    assert (stored["title"], stored["year"], stored.get("price"), stored["tags"][-1]) == ("Later", 2001, None, "later")
    assert (stored["meta"]["shelf"]["row"], stored["publisher"]["city"]) == (4, "Vaasa")


@pytest.mark.parametrize("write", WRITES)
def test_what_is_counted_up_is_still_to_be_sent(book, found, write):
    with meanwhile(book, lambda: found.incr(views=2)):
        write(found)
    book.update_item(isbn=KEY, views__plus=100)
    assert found.views == 12 and list(found.changes) == ["views"]
    found.save(partial=True)
    assert found.views == book.get(isbn=KEY).views == 112 and not found.is_dirty


@pytest.mark.parametrize("write", [save, save_partially, sync])
def test_increments_that_were_sent_are_told_from_those_that_came_later(book, found, write):
    found.incr(views=1)
    with meanwhile(book, lambda: found.incr(views=2)):
        write(found)
    assert found.views == 13 and found.changes == {"views": (11, 13)}
    assert book.get(isbn=KEY).views == 11
    found.save(partial=True)
    assert found.views == book.get(isbn=KEY).views == 13


@pytest.mark.parametrize("write", [save, save_partially, sync])
def test_what_is_assigned_to_a_number_takes_the_place_of_increments_on_their_way(book, found, write):
    def assign():
        found.views = 50

    found.incr(views=1)
    with meanwhile(book, assign):
        write(found)
    assert found.views == 50 and found.changes == {"views": (11, 50)}
    found.save(partial=True)
    assert book.get(isbn=KEY).views == 50


def test_what_is_assigned_stays_where_the_write_is_refused(book, found):
    def assign():
        found.views, found.title = 50, "Later"

    found.incr(views=1)
    with meanwhile(book, assign), pytest.raises(ConditionFailed):
        found.save(partial=True, conditions={"year": 1})
    assert sorted(found.changes) == ["title", "views"]
    found.save(partial=True)
    assert (book.get(isbn=KEY).views, book.get(isbn=KEY).title) == (50, "Later")


def test_increments_on_their_way_and_those_that_came_later_stay_where_the_write_is_refused(book, found):
    def receive(sender, instance, **details):
        instance.incr(views=2)

    found.incr(views=1)
    with pre_update.connected_to(receive, sender=book), pytest.raises(ConditionFailed):
        found.save(partial=True, conditions={"year": 1})
    assert found.views == 13 and found.changes == {"views": (10, 13)}
    found.save(partial=True)
    assert found.views == book.get(isbn=KEY).views == 13


def test_increments_of_a_receiver_are_sent_with_the_next_save(book, found):
    def receive(sender, instance, **details):
        instance.incr(views=2)

    found.incr(views=1)
    with pre_update.connected_to(receive, sender=book):
        found.save(partial=True)
    assert found.views == 13 and found.changes == {"views": (11, 13)}
    found.save(partial=True)
    assert found.views == book.get(isbn=KEY).views == 13


def test_a_value_that_a_receiver_assigns_takes_the_place_of_increments_on_their_way(book, found):
    def receive(sender, instance, **details):
        instance.views = 50

    found.incr(views=1)
    with pre_update.connected_to(receive, sender=book):
        found.save(partial=True)
    assert found.views == book.get(isbn=KEY).views == 50 and not found.is_dirty


@pytest.mark.parametrize("unique", [False, True])
def test_a_new_instance_knows_what_was_sent_of_it(book, unique):
    instance = book(**book_values())

    def change():
        instance.title = "Later"
        instance.tags.append("later")
        instance.copies = 8

    with meanwhile(book, change):
        instance.save(unique=unique)
    assert sorted(instance.changes) == ["copies", "tags", "title"]
    instance.save(partial=True)
    assert natives(book.get(isbn=KEY)) == book_values(title="Later", tags=["sea", "deep", "sea", "later"], copies=8)


def test_a_new_instance_that_is_saved_partially_knows_its_key_and_what_was_sent(book):
    instance = book(isbn=KEY, title="Sent")

    def change():
        instance.title = "Later"
        instance.copies = 8

    with meanwhile(book, change):
        instance.save(partial=True)
    assert instance.changes == {"title": ("Sent", "Later"), "copies": (1, 8)}
    instance.save(partial=True)
    assert natives(book.get(isbn=KEY)) == {"isbn": KEY, "title": "Later", "copies": 8}


def test_a_key_that_is_changed_is_seen_as_changed(book, found):
    def change():
        found.isbn = "other"

    for write in (save, save_partially, refresh):
        with meanwhile(book, change):
            write(found)
        assert found.isbn == "other" and found.key_changed
        found.isbn = KEY
        assert not found.key_changed


def test_other_parts_of_a_map_stay_as_they_were_changed(book, found):
    found.meta["lang"] = "fi"

    def change():
        found.meta["lang"] = "sv"
        found.meta["new"] = 1

    with meanwhile(book, change):
        found.save(partial=True)
    assert book.get(isbn=KEY).meta["lang"] == "fi"
    assert (found.meta["lang"], found.meta["new"]) == ("sv", 1)
    found.save(partial=True)
    assert book.get(isbn=KEY).meta == found.meta == {**book_values()["meta"], "lang": "sv", "new": 1}


def test_changes_stay_where_the_model_has_its_own_update_item(library, dynamo_tables):
    def update_item(cls, *actions, **options):
        return super(model, cls).update_item(*actions, **options)

    model = book_model(library, update_item=classmethod(update_item))
    dynamo_tables(model)
    model.put(book_values())
    found = model.get(isbn=KEY)

    def change():
        found.title = "Later"

    with meanwhile(model, change):
        found.update(title="Sent", year=2001)
    assert found.changes == {"title": ("Sent", "Later")} and found.year == 2001


def test_a_partner_that_is_saved_along_keeps_what_is_changed(library, dynamo_tables):
    from dynamorm import OneToOne

    Details = library.model("Details", {**BOOK_TABLE, "name": "details"}, BOOK)

    class Owner(DynaModel):
        class Table:
            name = "owners"
            hash_key = "isbn"
            billing_mode = "PAY_PER_REQUEST"

        Schema = library.schema({"isbn": BOOK["isbn"]})
        details = OneToOne(Details, query=lambda owner: {"isbn": owner.isbn})

    dynamo_tables(Details, Owner)
    owner = Owner(isbn=KEY)
    owner.details.title = "Sent"

    def change():
        owner.details.title = "Later"

    with meanwhile(Details, change):
        owner.save()
    assert owner.details.changes == {"title": ("Sent", "Later")}
    owner.save()
    assert Details.get(isbn=KEY).title == "Later"

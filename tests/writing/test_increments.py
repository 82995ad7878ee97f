"""Increments: local at once, and added to whatever is stored."""

from __future__ import annotations

import decimal

import pytest

from dynamorm import ConditionFailed, DynaModel, DynamoException, F, ValidationError

from ..books import KEY, book_values
from ..libraries import collection, integer, natives, real, text
from ..traffic import sent_by


def test_increments_change_the_local_value_now_and_are_added_to_whatever_is_stored(book, found):
    found.incr(views=2)
    found.incr(views=3, copies=-1)
    assert (found.views, found.copies) == (15, 2)
    assert found.is_dirty and found.changes == {"views": (10, 15), "copies": (3, 2)}
    assert book.get(isbn=KEY).views == 10
    book.get(isbn=KEY).update(views__plus=100)
    found.save(partial=True)
    assert (book.get(isbn=KEY).views, book.get(isbn=KEY).copies) == (115, 2)
    assert (found.views, found.copies, found.is_dirty) == (115, 2, False)
    assert found.save(partial=True) is None


def test_many_increments_of_stale_instances_never_conflict(book, found):
    instances = [book.get(isbn=KEY) for _ in range(4)]
    for instance in instances * 2:
        instance.incr(views=1)
    for number, instance in enumerate(instances):
        (instance.sync if number % 2 else lambda one=instance: one.save(partial=True))()
    assert book.get(isbn=KEY).views == 18


def test_an_increment_of_what_is_absent_counts_from_0(book):
    book.put({"isbn": "1", "title": "T"})
    instance = book.get(isbn="1")
    instance.incr(views=2)
    assert instance.views == 2
    instance.save(partial=True)
    assert book.get(isbn="1").views == 2


def test_a_default_is_never_sent_for_a_field_with_a_pending_increment(book):
    book.put(book_values(copies=7))
    instance = book(isbn=KEY)
    instance.incr(copies=2)
    instance.save(partial=True)
    assert book.get(isbn=KEY).copies == instance.copies == 9


def test_an_increment_on_top_of_an_assigned_value_is_part_of_that_value(book, found):
    found.views = 50
    found.incr(views=1)
    found.save(partial=True)
    assert book.get(isbn=KEY).views == found.views == 51
    instance = book(isbn="new", title="T", views=4)
    instance.incr(views=1)
    instance.save(partial=True)
    assert book.get(isbn="new").views == instance.views == 5


def test_an_assignment_or_deletion_takes_the_place_of_pending_increments(book, found):
    found.incr(views=5, copies=5)
    found.views = 3
    del found.copies
    found.save(partial=True)
    assert (book.get(isbn=KEY).views, "copies" in book.Table.table.get_item(Key={"isbn": KEY})["Item"]) == (3, False)


def test_pending_increments_stay_to_be_sent_after_a_failure(book, found):
    found.incr(views=1)
    for _ in range(2):
        with pytest.raises(ConditionFailed):
            found.save(partial=True, conditions={"year": 1})
        with pytest.raises(ConditionFailed):
            found.sync({"year": 1})
        with pytest.raises(ConditionFailed):
            found.save(conditions={"year": 1})
    found.rank = 6
    with pytest.raises(ValidationError):
        found.save(partial=True)
    with pytest.raises(ValidationError):
        found.save()
    found.rank = 2
    assert found.views == 11 and list(found.changes) == ["views"]
    book.update_item(isbn=KEY, views__plus=100)
    found.save(partial=True)
    found.save(partial=True)
    assert book.get(isbn=KEY).views == found.views == 111


def test_pending_increments_stay_through_an_update_of_the_same_number(book, found):
    found.incr(views=1)
    found.update(views__plus=10)
    assert found.views == 21 and book.get(isbn=KEY).views == 20
    found.update(title="x")
    found.save(partial=True)
    assert book.get(isbn=KEY).views == 21
    found.incr(views=1)
    found.update(views=5)
    assert found.views == 5 and not found.is_dirty
    found.incr(views=1)
    found.refresh()
    assert found.views == 5 and not found.is_dirty


def test_an_increment_is_sent_once_even_where_the_schema_refuses_what_it_comes_to(book, found):
    found.incr(rank=9)
    found.save(partial=True)
    assert (found.rank, found.is_dirty) == (11, False)
    found.save(partial=True)
    assert book.Table.table.get_item(Key={"isbn": KEY})["Item"]["rank"] == 11
    found.incr(rank=1)
    with pytest.raises(ValidationError):
        found.sync()
    assert not found.is_dirty
    found.save(partial=True)
    assert book.Table.table.get_item(Key={"isbn": KEY})["Item"]["rank"] == 12


def test_increments_are_exact_whatever_the_context_of_decimal_says(library, dynamo_tables):
    fields = {"id": text(required=True), "x": real(), "n": integer()}
    (model,) = dynamo_tables(library.model("Sums", {"name": "sums", "hash_key": "id"}, fields))
    model.put({"id": "1", "x": 0.1, "n": 10**37})
    found = model.get(id="1")
    with decimal.localcontext(decimal.Context(prec=3, traps=[decimal.Inexact])):
        found.incr(x=0.2, n=1)
        found.incr(x=decimal.Decimal("0.4"), n=1)
        assert (found.x, found.n) == (0.7, 10**37 + 2)
        found.save(partial=True)
    stored = model.get(id="1")
    assert (stored.x, stored.n) == (found.x, found.n) == (0.7, 10**37 + 2)


@pytest.mark.parametrize(
    "amounts",
    [{"title": 1}, {"isbn": 1}, {"views": "1"}, {"views": None}, {"views": True}, {"vews": 1}, {"published": 1}],
)
def test_what_cannot_be_counted_up_is_refused_before_anything_changes(book, found, amounts):
    with pytest.raises(DynamoException):
        found.incr(copies=1, **amounts)
    assert natives(found) == book_values() and not found.is_dirty


AMOUNTS = {
    "plus": lambda n: {"n__plus": n},
    "minus": lambda n: {"n__minus": n},
    "add": lambda n: {"n__add": n},
    "sum": lambda n: {"n": F("n") + n},
    "set": lambda n: {"numbers__add": {3, n}},
    "deletion": lambda n: {"numbers__delete": {n}},
}


@pytest.fixture
def counter(library, dynamo_tables):
    fields = {"id": text(required=True), "n": integer(), "x": real(), "numbers": collection(integer())}
    (model,) = dynamo_tables(library.model("Counter", {"name": "counters", "hash_key": "id"}, fields))
    model.put({"id": "1", "n": 1, "x": 1.0, "numbers": {1, 5}})
    return model


@pytest.mark.parametrize("amount", [0.5, decimal.Decimal("0.5"), True, 1.000001, -0.1])
@pytest.mark.parametrize("way", AMOUNTS)
def test_an_amount_that_an_integer_would_change_is_refused_rather_than_rounded(counter, way, amount):
    found = counter.get(id="1")
    for write in (found.update, lambda **updates: counter.update_item(id="1", **updates)):
        with sent_by(counter) as requests, pytest.raises(ValidationError):
            write(**AMOUNTS[way](amount))
        assert requests == []


@pytest.mark.parametrize("amount", [0.5, decimal.Decimal("0.5"), True, 1.000001])
def test_an_increment_that_an_integer_would_change_is_refused(counter, amount):
    found = counter.get(id="1")
    with pytest.raises(DynamoException):
        found.incr(n=amount)
    assert found.n == 1 and not found.is_dirty


@pytest.mark.parametrize("amount", [2.0, decimal.Decimal("2"), decimal.Decimal("2.00"), decimal.Decimal("0.2E1")])
def test_an_amount_in_another_type_is_taken_where_it_is_the_same_number(counter, amount):
    found = counter.get(id="1")
    found.incr(n=amount)
    found.save(partial=True)
    counter.update_item(id="1", n__plus=amount, numbers__add={amount})
    assert (counter.get(id="1").n, counter.get(id="1").numbers) == (5, {1, 2, 5})
    counter.update_item(id="1", x__plus=0.1, n__minus=amount)
    assert (counter.get(id="1").n, counter.get(id="1").x) == (3, 1.1)


def test_an_amount_with_more_digits_than_a_decimal_of_marshmallow_keeps_is_refused(dynamo_tables):
    fields = pytest.importorskip("marshmallow").fields

    class Account(DynaModel):
        class Table:
            name = "accounts"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema:
            id = fields.String(required=True)
            balance = fields.Decimal(places=2)

    dynamo_tables(Account)
    Account.put({"id": "1", "balance": decimal.Decimal("1.10")})
    for amount in (decimal.Decimal("0.005"), 0.005):
        with pytest.raises(ValidationError):
            Account.update_item(id="1", balance__plus=amount)
        with pytest.raises(ValidationError):
            Account.get(id="1").incr(balance=amount)
    Account.update_item(id="1", balance__plus=decimal.Decimal("0.050"))
    assert Account.get(id="1").balance == decimal.Decimal("1.15")

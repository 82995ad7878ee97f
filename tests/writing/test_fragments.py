"""No update stores an item that lacks what the schema requires, and that no read would take."""

from __future__ import annotations

import pytest

from dynamorm import ConditionFailed, DoesNotExist, F, Q

from ..books import KEY, book_model, book_values
from ..libraries import collection, integer, natives, text
from ..stored import stored_item
from ..traffic import sent_by

MISSING = r"no Book with key \{'isbn': 'typo'\}.* title.*upsert"


@pytest.mark.parametrize(
    "write",
    [
        lambda book: book.update_item(isbn="typo", views__plus=1),
        lambda book: book.update_item(isbn="typo", year=1, conditions=Q(year=None)),
        lambda book: book.update_item(isbn="typo", year=1, conditions={"year": 2}),
        lambda book: book.update_item(book.tags.append("x"), isbn="typo"),
        lambda book: book.update_item(isbn="typo", author=None),
        lambda book: book.update_item(isbn="typo", update_item_kwargs={"UpdateExpression": "SET author = isbn"}),
        lambda book: book(isbn="typo").update(year=1),
        lambda book: book(isbn="typo", title="given, but not sent").update(year=1),
        lambda book: book(isbn="typo").save(partial=True),
        lambda book: book(isbn="typo", year=1).save(partial=True, return_all=True),
        lambda book: book(isbn="typo", partial=True).save(partial=True),
        lambda book: book(isbn="typo", year=1).sync(),
    ],
)
def test_an_update_that_would_make_an_item_without_a_required_field_demands_that_there_is_one(book, write):
    with pytest.raises(DoesNotExist, match=MISSING):
        write(book)
    assert book.scan().all() == []


@pytest.mark.parametrize("write", ["update_item", "update", "save", "sync"])
def test_what_is_there_is_updated_without_the_required_fields(book, stored, write):
    if write == "update_item":
        book.update_item(isbn=KEY, year=2001)
    elif write == "update":
        book(isbn=KEY).update(year=2001)
    elif write == "save":
        book(isbn=KEY, year=2001).save(partial=True)
    else:
        book(isbn=KEY, year=2001).sync()
    assert natives(book.get(isbn=KEY)) == book_values(year=2001)


def test_a_condition_that_fails_on_what_is_there_is_told_from_nothing_being_there(book, stored):
    with pytest.raises(ConditionFailed) as caught:
        book.update_item(isbn=KEY, year=2001, conditions={"rank": 1})
    assert caught.value.current.rank == 2
    with pytest.raises(ConditionFailed):
        book(isbn=KEY, year=2001).save(partial=True, conditions={"rank": 1})
    with pytest.raises(DoesNotExist, match=MISSING):
        book.update_item(isbn="typo", year=2001, conditions={"rank": 1})


@pytest.mark.parametrize(
    "write",
    [
        lambda book: book.update_item(isbn="1", title="T"),
        lambda book: book.update_item(isbn="1", title__if_not_exists="T"),
        lambda book: book.update_item(book.title.set("T"), isbn="1"),
        lambda book: book.update_item(F("title").set("T"), isbn="1"),
        lambda book: book.update_item(
            isbn="1",
            update_item_kwargs={
                "UpdateExpression": "SET #t = :t",
                "ExpressionAttributeNames": {"#t": "title"},
                "ExpressionAttributeValues": {":t": "T"},
            },
        ),
        lambda book: book(isbn="1").update(title="T"),
        lambda book: book(isbn="1", title="T", partial=True).save(partial=True),
    ],
)
def test_an_update_that_gives_every_required_field_makes_the_item(book, write):
    write(book)
    assert stored_item(book, isbn="1") == {"isbn": "1", "title": "T"}
    assert natives(book.get(isbn="1"))["title"] == "T"


def test_a_condition_of_the_users_is_all_that_is_demanded_where_nothing_is_missing(book):
    with pytest.raises(ConditionFailed) as caught:
        book.update_item(isbn="1", title="T", conditions=book.isbn.exists())
    assert caught.value.current is None
    book.update_item(isbn="1", title="T", conditions=book.isbn.not_exists())
    with pytest.raises(ConditionFailed):
        book.update_item(isbn="1", title="U", conditions=book.isbn.not_exists())


def test_required_fields_that_reads_fill_in_hinder_nothing(library, dynamo_tables):
    fields = {
        "id": text(required=True),
        "number": integer(required=True),
        "tags": collection(text(), required=True),
        "size": integer(default=3),
        "note": text(),
    }
    table = {"name": "things", "hash_key": "id", "range_key": "number"}
    (model,) = dynamo_tables(library.model("Thing", table, fields))
    model.update_item(id="1", number=1, note="x")
    model(id="1", number=2).update(note="x")
    model(id="1", number=3, partial=True).save(partial=True)
    assert [(thing.number, thing.size, thing.tags) for thing in model.scan()] == [
        (1, 3, set()),
        (2, 3, set()),
        (3, 3, set()),
    ]


def test_defaults_that_marshmallow_gives_on_dumping_count_as_given(dynamo_tables):
    fields = pytest.importorskip("marshmallow").fields
    from dynamorm import DynaModel

    class Thing(DynaModel):
        class Table:
            name = "things"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema:
            id = fields.String(required=True)
            kind = fields.String(required=True, dump_default="plain")
            note = fields.String()

    dynamo_tables(Thing)
    Thing.update_item(id="1", note="x")
    assert Thing.get(id="1").kind == "plain"


def test_a_first_partial_save_of_nothing_but_a_key_stores_the_key(library, dynamo_tables):
    fields = {"id": text(required=True), "note": text()}
    (model,) = dynamo_tables(library.model("Thing", {"name": "things", "hash_key": "id"}, fields))
    instance = model(id="1")
    with sent_by(model) as requests:
        instance.save(partial=True)
        instance.save(partial=True)
    assert [request.operation for request in requests] == ["UpdateItem"]
    assert stored_item(model, id="1") == {"id": "1"} and not instance.is_dirty
    instance.note = "x"
    instance.save(partial=True)
    assert stored_item(model, id="1") == {"id": "1", "note": "x"}
    model.delete_item(id="1")
    instance.note = "y"
    with pytest.raises(DoesNotExist):
        instance.save(partial=True)
    with pytest.raises(ConditionFailed):
        model(id="1").save(partial=True, conditions=model.note.exists())
    model(id="1").save(partial=True, conditions=model.note.not_exists())
    model.put({"id": "2", "note": "kept"})
    model(id="2").save(partial=True)
    assert stored_item(model, id="2") == {"id": "2", "note": "kept"}


def test_an_update_item_of_the_models_own_is_told_too(library, dynamo_tables):
    def update_item(cls, *actions, **options):
        return super(model, cls).update_item(*actions, **options)

    model = book_model(library, update_item=classmethod(update_item))
    dynamo_tables(model)
    for write in (
        lambda: model.update_item(isbn="typo", year=1),
        lambda: model(isbn="typo").update(year=1),
        lambda: model(isbn="typo", year=1).save(partial=True),
    ):
        with pytest.raises(DoesNotExist, match=MISSING):
            write()
    model.put(book_values())
    found = model.get(isbn=KEY)
    model.delete_item(isbn=KEY)
    with pytest.raises(DoesNotExist, match=KEY):
        found.update(year=1)
    assert model.scan().all() == []


def test_increments_stay_to_be_sent_where_there_is_no_item_to_count_in(book):
    instance = book(isbn=KEY)
    instance.incr(views=1)
    with pytest.raises(DoesNotExist):
        instance.save(partial=True)
    book.put(book_values())
    instance.save(partial=True)
    assert book.get(isbn=KEY).views == 11

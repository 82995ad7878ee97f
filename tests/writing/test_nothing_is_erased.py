"""What no save may erase: whatever it has not loaded, or does not know."""

from __future__ import annotations

import pytest

from dynamorm import ConditionFailed, DoesNotExist, PartialInstance

from ..books import BOOK_VALUES, book_values
from ..libraries import natives, text
from ..stored import stored_item
from ..traffic import sent_by

# What was not loaded.


def test_a_save_on_an_instance_from_a_keys_only_index_does_not_erase_the_document(book):
    book.put(book_values())
    before = stored_item(book, isbn=BOOK_VALUES["isbn"])
    (found,) = book.ByTitle.query(title=BOOK_VALUES["title"])
    assert (found.is_partial, found.author) == (True, None)
    for refuse in (found.save, lambda: found.save(unique=True), lambda: book.put(found), lambda: book.put_batch(found)):
        with pytest.raises(PartialInstance):
            refuse()
    assert stored_item(book, isbn=BOOK_VALUES["isbn"]) == before


@pytest.mark.parametrize("way", ["index", "attrs", "only", "batch"])
def test_an_instance_that_was_loaded_in_part_is_updated_partially_saved_refreshed_and_deleted(book, way):
    book.put(book_values())

    def part():
        if way == "index":
            return book.ByTitle.query(title=BOOK_VALUES["title"]).one()
        if way == "attrs":
            return book.get(isbn=BOOK_VALUES["isbn"], attrs=["title"])
        if way == "only":
            return book.query(isbn=BOOK_VALUES["isbn"]).only("title").one()
        return next(iter(book.get_batch([{"isbn": BOOK_VALUES["isbn"]}], attrs=["title"])))

    found = part()
    assert found.is_partial and not found.is_dirty
    with pytest.raises(PartialInstance):
        found.save()
    found.year = 2020
    found.save(partial=True)
    found.update(rank=3)
    assert natives(book.get(isbn=BOOK_VALUES["isbn"])) == {**BOOK_VALUES, "year": 2020, "rank": 3}
    found.refresh()
    assert not found.is_partial
    assert natives(found) == {**BOOK_VALUES, "year": 2020, "rank": 3}
    found.save()
    part().delete()
    assert book.get(isbn=BOOK_VALUES["isbn"]) is None
    with pytest.raises(DoesNotExist):
        found.refresh()


def test_an_instance_from_an_index_that_holds_everything_is_whole(book):
    book.put(book_values())
    (found,) = book.ByAuthor.query(author=BOOK_VALUES["author"])
    assert not found.is_partial
    found.title = "New"
    found.save()
    assert natives(book.get(isbn=BOOK_VALUES["isbn"])) == {**BOOK_VALUES, "title": "New"}


def test_a_save_of_an_instance_from_a_keys_only_index_is_refused_instead_of_erasing_the_rest(book, stored):
    (found,) = book.ByTitle.query(title="The Depths")
    assert found.is_partial and found.author is None
    with sent_by(book) as requests, pytest.raises(PartialInstance):
        found.save()
    with pytest.raises(PartialInstance):
        book.put(found)
    assert requests == []
    found.author = "Mrs. Foo"
    found.save(partial=True)
    found.update(year=2002)
    assert natives(book.get(isbn=stored)) == book_values(author="Mrs. Foo", year=2002)
    found.refresh()
    assert not found.is_partial
    found.save()
    assert natives(book.get(isbn=stored)) == book_values(author="Mrs. Foo", year=2002)


def test_a_partial_instance_can_be_deleted(book, stored):
    (found,) = book.ByTitle.query(title="The Depths")
    found.delete()
    assert book.get(isbn=stored) is None


def test_a_sync_makes_a_partial_instance_whole(book, stored):
    (found,) = book.ByTitle.query(title="The Depths")
    found.year = 2003
    found.sync()
    assert natives(found) == book_values(year=2003)
    assert not found.is_partial
    found.save()


# What the schema does not know.


def test_attributes_that_the_schema_does_not_know_are_not_erased_by_a_save(book, operations):
    raw = book.Table.table
    book.put({"isbn": "1", "title": "T", "year": 5, "author": "a"})
    set_extra = {"Key": {"isbn": "1"}, "UpdateExpression": "SET zzz = :z, #s = :s"}
    set_extra["ExpressionAttributeNames"] = {"#s": "size"}
    raw.update_item(**set_extra, ExpressionAttributeValues={":z": {"x": 1}, ":s": 1})
    found = book.get(isbn="1")
    assert found.extra == {"zzz": {"x": 1}, "size": 1}
    raw.update_item(**set_extra, ExpressionAttributeValues={":z": "newer", ":s": 2})
    raw.update_item(Key={"isbn": "1"}, UpdateExpression="SET weight = :w", ExpressionAttributeValues={":w": 4})
    found.title, found.year = "U", None
    operations.clear()
    found.save()
    assert operations == ["UpdateItem"]
    # as they are now; what is declared and absent from the instance is gone, as it is from a put
    assert stored_item(book, isbn="1") == {
        "isbn": "1",
        "title": "U",
        "author": "a",
        "copies": 1,
        "zzz": "newer",
        "size": 2,
    }
    assert not found.is_dirty
    found.save()
    assert stored_item(book, isbn="1")["zzz"] == "newer"


def test_a_save_without_such_attributes_a_put_and_a_new_instance_store_the_whole_item(book, operations):
    raw = book.Table.table

    def spoil():
        raw.put_item(Item={"isbn": "1", "title": "T", "copies": 1, "zzz": 1})

    book.put({"isbn": "1", "title": "T"})
    found = book.get(isbn="1")
    for write in (found.save, lambda: book.put({"isbn": "1", "title": "T"}), book(isbn="1", title="T").save):
        spoil()
        operations.clear()
        write()
        assert operations == ["PutItem"]
        assert stored_item(book, isbn="1") == {"isbn": "1", "title": "T", "copies": 1}


def test_extra_survives_partial_saves_updates_and_refreshes(book):
    book.Table.table.put_item(Item={"isbn": "1", "title": "T", "zzz": 1})
    found = book.get(isbn="1")
    found.title = "U"
    found.save(partial=True)
    found.update(year=7)
    assert found.extra == {"zzz": 1}
    found.save()
    assert stored_item(book, isbn="1") == {"isbn": "1", "title": "U", "year": 7, "copies": 1, "zzz": 1}
    book.Table.table.update_item(Key={"isbn": "1"}, UpdateExpression="REMOVE zzz")
    found.refresh()
    assert found.extra == {}


def test_a_save_keeps_the_attributes_that_the_schema_does_not_know_as_they_are_by_now(book, stored):
    raw = book.Table.table
    document = {"deep": [1, {"x": None}], "flag": True}
    raw.update_item(Key={"isbn": stored}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": document})
    found = book.get(isbn=stored)
    assert found.extra == {"zzz": document}
    raw.update_item(Key={"isbn": stored}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": "newer"})
    found.year, found.meta = 2010, None
    found.save()
    assert stored_item(book, isbn=stored)["zzz"] == "newer"
    found.year = 2011
    found.save()
    assert stored_item(book, isbn=stored)["zzz"] == "newer"
    assert natives(book.get(isbn=stored)) == book_values(year=2011, meta=None)


def test_a_put_and_a_save_of_a_new_instance_store_the_item_as_it_is_given(book, stored):
    raw = book.Table.table
    raw.update_item(Key={"isbn": stored}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": 1})
    book(isbn=stored, title="x").save()
    assert "zzz" not in stored_item(book, isbn=stored)


# More than one update can say.

WIDE = {"id": text(required=True), **{f"attribute_{number:03}": text() for number in range(300)}}


@pytest.fixture
def wide(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Wide", {"name": "wide", "hash_key": "id"}, WIDE))
    values = {name: "x" for name in WIDE if name != "attribute_007"}
    model.Table.table.put_item(Item={**values, "id": "1", "zzz": {"a": [1, {"x", "y"}]}, "size": 1})
    return model


def change_size(model, size):
    model.Table.table.update_item(
        Key={"id": "1"},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "size"},
        ExpressionAttributeValues={":s": size},
    )


def test_a_save_of_300_fields_keeps_an_attribute_that_the_schema_does_not_know(wide):
    found = wide.get(id="1")
    found.attribute_000, found.attribute_001 = "y", None
    with sent_by(wide) as requests:
        found.save()
    assert [request.operation for request in requests] == ["PutItem"]
    stored = stored_item(wide, id="1")
    assert (stored["zzz"], stored["size"], stored["attribute_000"]) == ({"a": [1, {"x", "y"}]}, 1, "y")
    assert "attribute_001" not in stored and len(stored) == 301
    assert not found.is_dirty and found.extra == {"zzz": {"a": [1, {"x", "y"}]}, "size": 1}
    found.attribute_000 = "z"
    found.save(conditions={"attribute_002": "x"})
    assert stored_item(wide, id="1")["attribute_000"] == "z"


def test_such_a_save_erases_nothing_that_was_changed_meanwhile_and_says_what_to_do(wide):
    found = wide.get(id="1")
    change_size(wide, 2)
    found.attribute_000 = "y"
    with pytest.raises(ConditionFailed, match=r"does not know size.*refresh\(\)") as caught:
        found.save()
    assert caught.value.current.extra["size"] == 2
    assert found.is_dirty and stored_item(wide, id="1")["attribute_000"] == "x"
    found.save(partial=True)
    assert (stored_item(wide, id="1")["attribute_000"], stored_item(wide, id="1")["size"]) == ("y", 2)
    found.refresh()
    found.attribute_000 = "z"
    found.save()
    assert (stored_item(wide, id="1")["attribute_000"], stored_item(wide, id="1")["size"]) == ("z", 2)


def test_a_condition_of_the_users_that_fails_is_told_from_what_was_changed(wide):
    found = wide.get(id="1")
    found.attribute_000 = "y"
    with pytest.raises(ConditionFailed) as caught:
        found.save(conditions={"attribute_002": "other"})
    assert "does not know" not in str(caught.value) and caught.value.current.attribute_002 == "x"
    wide.delete_item(id="1")
    with pytest.raises(ConditionFailed, match="does not know size, zzz") as caught:
        found.save()
    assert caught.value.current is None


def test_deleting_a_field_without_a_value_is_setting_it_to_none(wide):
    found = wide.get(id="1")
    assert found.attribute_007 is None
    del found.attribute_007
    assert not found.is_dirty
    del found.attribute_000
    del found.attribute_000
    assert found.attribute_000 is None and list(found.changes) == ["attribute_000"]
    found.save(partial=True)
    assert "attribute_000" not in stored_item(wide, id="1")
    with pytest.raises(AttributeError):
        del found.no_field_at_all

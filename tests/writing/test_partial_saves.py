"""Partial saves send what differs and nothing else."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

from dynamorm import ConditionFailed, DoesNotExist, PathMissing, Q, ValidationError

from ..books import KEY, book_values
from ..libraries import collection, integer, listing, mapping, moment, natives, nested, real, text
from ..stored import stored_item
from ..traffic import sent_by, update_of, values_in
from .updated import publisher_of

META = book_values()["meta"]


def saved(instance):
    """Save partially; give the one update that was sent, with names in place."""
    with sent_by(type(instance)) as requests:
        instance.save(partial=True)
    (request,) = requests
    return update_of(request)


# What is sent.


def test_a_partial_save_sends_exactly_what_differs(book, found):
    found.title, found.year = "Anew", 1999
    with sent_by(book) as requests:
        response = found.save(partial=True)
    (request,) = requests
    assert update_of(request) == "SET title = :u0"
    assert {"S": "Anew"} in values_in(request)
    assert response["Attributes"] == {"title": "Anew"}
    assert natives(book.get(isbn=KEY)) == book_values(title="Anew")
    assert not found.is_dirty


def test_partial_saves_see_changes_in_place(book, found):
    """0.11 compared with the very objects that had been changed, and sent nothing."""
    found.tags.append("new")
    found.meta["marks"].append(3)
    found.meta["shelf"]["row"] = 4
    found.genres.add("poem")
    publisher_of(found)("city", "Vaasa")
    assert sorted(found.changes) == ["genres", "meta", "publisher", "tags"]
    found.save(partial=True)
    expected = book_values(
        tags=["sea", "deep", "sea", "new"],
        meta={**META, "marks": [1, "two", 3], "shelf": {"row": 4, "side": "left"}},
        genres={"novel", "drama", "poem"},
        publisher={"name": "House", "city": "Vaasa", "founded": 1890},
    )
    assert natives(book.get(isbn=KEY)) == natives(found) == expected
    assert not found.is_dirty


def test_partial_saves_do_not_send_moments_and_other_values_again_that_nobody_changed(book, found):
    """0.11 compared natives with what had been dumped, so that every datetime looked changed."""
    for instance in (found, book(**book_values())):
        instance.save()
        instance.published = book_values()["published"]
        with sent_by(book) as requests:
            assert instance.save(partial=True) is None
        assert requests == []
        instance.title += "!"
        assert saved(instance) == "SET title = :u0"


def test_a_value_assigned_in_serialised_form_is_no_change_where_it_means_the_same(found):
    found.published, found.code, found.price = "1999-05-06T07:08:09.250000+00:00", str(found.code), "19.90"
    found.tags = list(found.tags)
    found.genres = set(found.genres)
    assert not found.is_dirty


def test_an_attribute_set_to_none_or_deleted_is_removed(book, found):
    found.year = None
    del found.meta
    assert saved(found) in ("REMOVE year, meta", "REMOVE meta, year")
    assert natives(book.get(isbn=KEY)) == book_values(year=None, meta=None)
    assert found.year is None and found.meta is None and not found.is_dirty


def test_a_set_that_was_emptied_is_removed(book, found):
    found.genres.clear()
    assert saved(found) == "REMOVE genres"
    assert book.get(isbn=KEY).genres is None


def test_a_required_field_cannot_be_removed(book, found):
    found.title = None
    with sent_by(book) as requests, pytest.raises(ValidationError):
        found.save(partial=True)
    assert requests == []
    assert found.changes == {"title": ("The Depths", None)}


def test_what_a_partial_save_sends_is_validated(book, found):
    found.rank = 6
    with sent_by(book) as requests, pytest.raises(ValidationError):
        found.save(partial=True)
    found.rank, found.meta["bad"] = 2, object()
    with pytest.raises(ValidationError, match="bad"):
        found.save(partial=True)
    assert requests == [] and found.is_dirty
    assert natives(book.get(isbn=KEY)) == book_values()


def test_maps_are_updated_by_path_where_only_a_part_changed(book, found):
    found.meta["lang"] = "fi"
    del found.meta["shelf"]["side"]
    publisher_of(found)("city", "Vaasa")
    text_sent = saved(found)
    assert sorted(text_sent.removeprefix("SET ").split(" REMOVE ")[0].split(", ")) == [
        "meta.lang = :u0",
        "pub.city = :u1",
    ]
    assert text_sent.endswith(" REMOVE meta.shelf.side")


def test_what_others_changed_elsewhere_in_a_map_stays(book, found):
    other = book.get(isbn=KEY)
    other.meta["shelf"]["side"], other.meta["new"] = "right", [1]
    other.save(partial=True)
    found.meta["shelf"]["row"] = 9
    found.save(partial=True)
    assert book.get(isbn=KEY).meta == {**META, "shelf": {"row": 9, "side": "right"}, "new": [1]}
    assert found.meta == {**META, "shelf": {"row": 9, "side": "left"}}
    assert not found.is_dirty


def test_a_changed_list_is_sent_whole(book, found):
    found.meta["marks"][0] = 2
    found.tags[1] = "x"
    assert sorted(saved(found).removeprefix("SET ").split(", ")) == ["meta.marks = :u1", "tags = :u0"]


@pytest.mark.parametrize("key", ["a.b", "a__b", "plus", "remove", "0", "#n", ":v", "size", "lang__plus", "with space"])
def test_keys_of_maps_that_look_like_operators_or_paths_are_sent_as_keys(book, found, key):
    found.meta[key] = {"deep": 1}
    found.save(partial=True)
    assert book.get(isbn=KEY).meta == {**META, key: {"deep": 1}}
    found.meta[key]["deep"] = 2
    found.save(partial=True)
    del found.meta["lang"]
    found.save(partial=True)
    assert book.get(isbn=KEY).meta == {"shelf": META["shelf"], "marks": META["marks"], key: {"deep": 2}}


def test_past_300_operators_a_map_is_sent_whole(book, found):
    found.meta = {f"key{number}": number for number in range(400)}
    found.save(partial=True)
    for number in range(50):
        del found.meta[f"key{number}"]
    assert saved(found).count(",") == 49
    for number in range(50, 355):
        del found.meta[f"key{number}"]
    assert saved(found) == "SET meta = :u0"
    assert book.get(isbn=KEY).meta == {f"key{number}": number for number in range(355, 400)}


def test_past_4_kb_of_expression_a_map_is_sent_whole(book, found):
    deep = {f"key{number}": {"a": {"b": {"c": {"d": {"e": {"f": number}}}}}} for number in range(200)}
    found.meta = deep
    found.save(partial=True)
    for number in range(200):
        found.meta[f"key{number}"]["a"]["b"]["c"]["d"]["e"]["f"] = -number
    assert saved(found) == "SET meta = :u0"
    assert book.get(isbn=KEY).meta == found.meta


def test_a_map_that_is_gone_is_sent_whole(book, found):
    book.update_item(isbn=KEY, meta=None)
    found.meta["lang"] = "fi"
    found.title = "x"
    found.save(partial=True)
    assert natives(book.get(isbn=KEY)) == book_values(title="x", meta={**META, "lang": "fi"})
    assert not found.is_dirty


def test_where_one_map_is_gone_the_changes_of_others_in_the_maps_that_are_there_stay(book, found):
    book.update_item(isbn=KEY, meta__shelf=None, meta__new=1, publisher__name="Other")
    found.meta["shelf"]["row"], found.meta["lang"] = 5, "fi"
    publisher_of(found)("city", "Vaasa")
    found.incr(views=1)
    found.save(partial=True)
    stored = natives(book.get(isbn=KEY))
    assert stored["meta"] == {**META, "lang": "fi", "shelf": {"row": 5, "side": "left"}, "new": 1}
    assert stored["publisher"] == {"name": "Other", "city": "Vaasa", "founded": 1890}
    assert stored["views"] == 11
    assert not found.is_dirty


def test_an_update_in_a_map_that_is_gone_says_so(book, found):
    book.update_item(isbn=KEY, meta=None)
    with pytest.raises(PathMissing, match="meta"):
        found.update(meta__lang="fi")
    with pytest.raises(PathMissing):
        book.update_item(isbn=KEY, meta__lang="fi")
    assert book.get(isbn=KEY).meta is None
    assert found.meta == META and not found.is_dirty


# Nothing to send.


def test_where_nothing_changed_conditions_and_existence_are_checked_all_the_same(book, found):
    assert found.save(partial=True, conditions={"year": 1999}) is None
    with pytest.raises(ConditionFailed) as caught:
        found.save(partial=True, conditions={"year": 1})
    assert caught.value.current.year == 1999
    book.delete_item(isbn=KEY)
    with pytest.raises(DoesNotExist):
        found.save(partial=True, conditions=Q(year=None))
    assert book.get(isbn=KEY) is None
    with sent_by(book) as requests:
        assert found.save(partial=True) is None
    assert requests == []


# Items that are gone, and instances that were never loaded.


def test_updates_of_deleted_items_do_not_bring_them_back_as_fragments(book, found):
    book.delete_item(isbn=KEY)
    found.title = "x"
    found.incr(views=1)
    before = sorted(found.changes)
    for write in (
        lambda: found.save(partial=True),
        lambda: found.update(year=1),
        lambda: found.update(conditions={"year": 1999}, year=1),
        lambda: found.sync(),
        lambda: found.refresh(),
    ):
        with pytest.raises(DoesNotExist, match=KEY):
            write()
    assert book.get(isbn=KEY) is None
    assert sorted(found.changes) == before == ["title", "views"]


def test_partial_saves_of_never_loaded_instances_send_what_was_given_and_defaults_only_where_nothing_is(book):
    book.put(book_values(copies=7))
    instance = book(isbn=KEY, title="x")
    instance.year = 2001
    assert instance.copies == 1
    instance.save(partial=True)
    assert natives(book.get(isbn=KEY)) == book_values(copies=7, title="x", year=2001)
    assert (instance.copies, instance.author, instance.is_dirty) == (7, None, False)


def test_a_partial_save_of_a_never_loaded_instance_creates_the_item_with_its_defaults(book):
    instance = book(isbn="new", title="x")
    instance.save(partial=True)
    assert natives(book.get(isbn="new")) == {"isbn": "new", "title": "x", "copies": 1}
    instance.year = 5
    instance.save(partial=True)
    assert natives(book.get(isbn="new")) == {"isbn": "new", "title": "x", "copies": 1, "year": 5}


def test_a_default_that_was_touched_is_a_value_like_any_other(library, dynamo_tables):
    fields = {"id": text(required=True), "tags": listing(text(), default=list), "n": integer(default=3)}
    (model,) = dynamo_tables(library.model("Item", {"name": "items", "hash_key": "id"}, fields))
    model.put({"id": "1", "tags": ["a"], "n": 9})
    instance = model(id="1")
    instance.tags.append("b")
    instance.n = 3
    instance.save(partial=True)
    assert model.get(id="1").to_dict(native=True) == {"id": "1", "tags": ["b"], "n": 3}
    instance = model(id="2")
    del instance.tags
    instance.n = None
    instance.save(partial=True)
    assert stored_item(model, id="2") == {"id": "2"}


def test_a_default_shown_for_an_absent_attribute_is_no_change(book):
    book.Table.table.put_item(Item={"isbn": "1", "title": "T"})
    instance = book.get(isbn="1")
    assert instance.copies == 1 and not instance.is_dirty and instance.changes == {}
    instance.year = 5
    instance.save(partial=True)
    assert book.Table.table.get_item(Key={"isbn": "1"})["Item"] == {"isbn": "1", "title": "T", "year": 5}
    instance.copies = 2
    assert instance.changes == {"copies": (None, 2)}


# Whatever way the writer formatted things.


@pytest.fixture
def odd(library, dynamo_tables):
    fields = {
        "id": text(required=True),
        "at": moment(),
        "n": integer(),
        "x": real(),
        "tags": collection(text()),
        "numbers": collection(integer()),
        "free": mapping(),
        "rows": listing(nested({"at": moment(), "n": integer()})),
        "title": text(),
    }
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    return model


def put_wire(model, **item):
    model.Table.client.put_item(TableName=model.Table.full_name, Item={"id": {"S": "1"}, **item})


@pytest.mark.parametrize(
    ("name", "wire", "native"),
    [
        ("at", {"S": "2024-05-06T07:08:09Z"}, dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc)),
        ("at", {"S": "2024-05-06T07:08:09.000+00:00"}, dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc)),
        ("n", {"N": "1.0"}, 1),
        ("n", {"N": "1E2"}, 100),
        ("x", {"N": "1.50"}, 1.5),
        ("x", {"N": "1E2"}, 100.0),
        ("tags", {"SS": ["c", "a", "b"]}, {"a", "b", "c"}),
        ("numbers", {"NS": ["30", "2.0", "1E1"]}, {2, 10, 30}),
        ("free", {"M": {"n": {"N": "1.0"}, "s": {"SS": ["b", "a"]}, "l": {"L": [{"N": "1E2"}]}}}, None),
        ("rows", {"L": [{"M": {"at": {"S": "2024-05-06T07:08:09Z"}, "n": {"N": "1.0"}}}]}, None),
    ],
)
def test_stored_z_and_1_0_and_1e2_and_unsorted_sets_do_not_look_dirty(odd, name, wire, native):
    put_wire(odd, **{name: wire})
    for instance in (odd.get(id="1"), next(iter(odd.scan())), next(iter(odd.get_batch(["1"])))):
        assert not instance.is_dirty and instance.changes == {}
        if native is not None:
            assert getattr(instance, name) == native
        with sent_by(odd) as requests:
            instance.save(partial=True)
            instance.refresh()
            assert not instance.is_dirty
        assert [request.operation for request in requests] == ["GetItem"]
        instance.title = "x"
        assert saved(instance) == "SET title = :u0"
        odd.update_item(id="1", title=None)


def test_stored_nulls_are_neither_changes_nor_lost_by_a_partial_save(odd):
    nulls = {name: {"NULL": True} for name in ("at", "n", "tags", "rows", "title")}
    free = {"M": {"gone": {"NULL": True}, "kept": {"S": "a"}, "list": {"L": [{"NULL": True}]}}}
    put_wire(odd, **nulls, free=free)
    instance = odd.get(id="1")
    assert instance.n is None and instance.title is None and not instance.is_dirty
    instance.free["kept"] = "b"
    instance.x = 2.0
    instance.save(partial=True)
    stored = odd.Table.client.get_item(TableName=odd.Table.full_name, Key={"id": {"S": "1"}})["Item"]
    expected = {**free["M"], "kept": {"S": "b"}}
    assert stored == {"id": {"S": "1"}, **nulls, "x": {"N": "2"}, "free": {"M": expected}}
    assert not instance.is_dirty
    instance.n = 5
    instance.save(partial=True)
    assert odd.get(id="1").n == 5


# What is handed on, and what comes back.


def test_the_kwargs_of_a_partial_save_are_those_of_boto3s_update_item(book, found):
    found.title = "x"
    response = found.save(partial=True, ReturnConsumedCapacity="TOTAL")
    assert response["ConsumedCapacity"]["CapacityUnits"] > 0
    found.title = "y"
    with pytest.raises(ConditionFailed):
        found.save(
            partial=True,
            ConditionExpression="#y = :y",
            ExpressionAttributeNames={"#y": "year"},
            ExpressionAttributeValues={":y": 1},
        )
    assert found.changes == {"title": ("x", "y")}


def test_return_all_takes_every_attribute_over(book, found):
    book.update_item(isbn=KEY, author="other", meta__new=1, price=None)
    found.title = "x"
    found.save(partial=True)
    assert (found.author, found.price) == ("Mr. Bar", decimal.Decimal("19.90"))
    found.title = "y"
    response = found.save(partial=True, return_all=True)
    assert response["Attributes"]["author"] == "other"
    assert natives(found) == book_values(title="y", author="other", meta={**META, "new": 1}, price=None)
    assert not found.is_dirty

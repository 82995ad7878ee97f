"""What ``hide`` of a table leaves out of queries and scans, and ``with_hidden()`` brings back."""

from __future__ import annotations

import pickle
import sys

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import (
    Composite,
    DynaModel,
    F,
    GlobalIndex,
    InvalidCursor,
    InvalidSchemaField,
    LocalIndex,
    NotProjected,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    Q,
)

from ..libraries import integer, mapping, text
from .reads import asking, assert_gives

FIELDS = {
    "shelf": text(required=True),
    "id": text(required=True),
    "state": text(),
    "rank": integer(),
    "gone": integer(stored="deleted_at"),
    "meta": mapping(),
}


class ByState(LocalIndex):
    name = "by-state"
    hash_key = "shelf"
    range_key = "state"
    projection = ProjectAll()


class ByRank(GlobalIndex):
    name = "by-rank"
    hash_key = "shelf"
    range_key = "rank"
    projection = ProjectInclude("gone")


class ByRankKeys(GlobalIndex):
    name = "by-rank-keys"
    hash_key = "shelf"
    range_key = "rank"
    projection = ProjectKeys()


INDEXES = {"ByState": ByState, "ByRank": ByRank, "ByRankKeys": ByRankKeys}
TABLE = {"name": "books", "hash_key": "shelf", "range_key": "id"}
ALL = [str(number) for number in range(6)]
SHOWN = ["0", "2", "4"]


def book_model(library, hide, **table):
    return library.model("Book", {**TABLE, "hide": hide, **table}, FIELDS, **INDEXES)


def filled(model):
    for number in range(6):
        gone = {"gone": 100 + number} if number % 2 else {}
        state = "old" if number % 2 else "new"
        meta = {"a": 1, "b": number % 2}
        model.put({"shelf": "a", "id": str(number), "state": state, "rank": number, "meta": meta, **gone})
    return model


@pytest.fixture
def book(library, dynamo_tables):
    (model,) = dynamo_tables(book_model(library, Q(gone__exists=True)))
    return filled(model)


def test_queries_and_scans_leave_hidden_items_out(book, sent):
    assert_gives(book.query(shelf="a"), SHOWN)
    assert_gives(book.query(shelf="a", rank__gte=1).only("state"), ["2", "4"])
    assert_gives(book.scan(), SHOWN)
    assert_gives(book.scan().only("rank"), SHOWN)
    assert_gives(book.scan(gone__exists=True), [])
    assert_gives(book.ByState.query(shelf="a", state="new"), SHOWN)
    assert_gives(book.ByRank.query(shelf="a"), SHOWN)
    assert_gives(book.ByRank.scan().hydrate(), SHOWN)
    assert_gives(book.find(shelf="a"), SHOWN)
    sent.clear()
    assert len(list(book.scan())) == 3
    assert len(sent) == 1 and "attribute_exists" in sent[0].payload["FilterExpression"]


def test_with_hidden_brings_them_back(book):
    assert_gives(book.query(shelf="a").with_hidden(), ALL)
    assert_gives(book.scan().with_hidden(), ALL)
    assert_gives(book.scan(gone__exists=True).with_hidden(), ["1", "3", "5"])
    assert_gives(book.ByRank.query(shelf="a").with_hidden().only("rank"), ALL)
    assert_gives(book.ByRankKeys.query(shelf="a").with_hidden(), ALL)
    assert_gives(book.query(shelf="a").with_hidden().with_hidden(False), SHOWN)


def test_reads_by_key_see_hidden_items(book):
    assert book.get(shelf="a", id="1").gone == 101
    assert book.get(shelf="a", id="1", attrs=["state"]).state == "old"
    assert book.exists(shelf="a", id="1")
    assert len(list(book.get_batch([("a", "1"), ("a", "2")]))) == 2
    found = book.get(shelf="a", id="3")
    found.refresh()
    found.update(rank=9)
    assert book.get(shelf="a", id="3").rank == 9


def test_explain_shows_what_is_added(book):
    explained = book.query(shelf="a", rank=1).explain()
    assert [repr(part) for part in explained.filters] == ["rank eq 1", "~(deleted_at exists)"]
    assert len(book.query(shelf="a").with_hidden().explain().filters) == 0


CONDITIONS = {
    "a lookup": lambda model: Q(gone__exists=True),
    "the name that is stored": lambda model: Q(deleted_at__exists=True),
    "several": lambda model: Q(gone__gt=0, meta__b=1),
    "either": lambda model: Q(state="odd") | ~Q(gone__not_exists=True),
    "a reference": lambda model: F("deleted_at") >= 1,
    "boto3's": lambda model: Attr("deleted_at").exists(),
    "of what is inside": lambda model: Q(meta__b=1),
    "of a key": lambda model: Q(id__in=["1", "3", "5"]),
    "of another attribute": lambda model: Q(gone__gt=F("rank")),
    "of nothing": lambda model: Q(gone__ne=None),
    "of a size": lambda model: Q(state__size=3, gone__exists=True),
}


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
def test_any_condition_hides(library, dynamo_tables, condition):
    (model,) = dynamo_tables(book_model(library, condition(None)))
    filled(model)
    for read in (
        model.query(shelf="a"),
        model.query(shelf="a", id__gte="0").only("rank"),
        model.query(shelf="a", query_kwargs={"ProjectionExpression": "meta.a"}),
        model.scan(),
        model.scan().only("meta.a"),
        model.ByRankKeys.query(shelf="a").hydrate(),
        model.ByRankKeys.query(shelf="a").only("meta.a").hydrate(),
        model.ByRankKeys.scan().hydrate(),
    ):
        assert_gives(read, SHOWN)


def test_where_the_key_says_what_is_hidden_it_is_judged_here(library, dynamo_tables):
    (model,) = dynamo_tables(book_model(library, Q(state__begins_with="o")))
    filled(model)
    assert_gives(model.ByState.query(shelf="a"), SHOWN)
    assert_gives(model.ByState.query(shelf="a", state__gt="a").only("rank"), SHOWN)
    assert_gives(model.ByState.query(shelf="a", state="old"), [])
    assert_gives(model.ByState.query(shelf="a").with_hidden().only("rank"), [*SHOWN, "1", "3", "5"])
    assert model.ByState.query(shelf="a").explain().filters == ()
    assert_gives(model.ByState.scan(), SHOWN)
    assert len(model.ByState.scan().explain().filters) == 1


def test_what_is_judged_here_is_fetched_whatever_is_asked_for(library, dynamo_tables):
    (model,) = dynamo_tables(book_model(library, Q(state="old", meta__b=1)))
    filled(model)
    query = model.ByState.query(shelf="a")
    assert_gives(query, SHOWN)
    assert_gives(query.only("rank"), SHOWN)
    assert_gives(query.only("meta.a"), SHOWN)
    kwargs = {"ProjectionExpression": "#m.a", "ExpressionAttributeNames": {"#m": "meta"}}
    assert_gives(model.ByState.query(shelf="a", query_kwargs=kwargs), SHOWN)


def test_an_index_that_does_not_hold_what_hides_is_refused_with_a_remedy(book, sent):
    for read in (book.ByRankKeys.query(shelf="a"), book.ByRankKeys.scan(), book.ByRankKeys.query(shelf="a").only("id")):
        for ask in (list, lambda read: read.count(), lambda read: read.exists(), lambda read: read.page(1)):
            with pytest.raises(NotProjected, match=r"'by-rank-keys'.* deleted_at.*\.with_hidden\(\).*\.hydrate\(\)"):
                ask(read)
        with pytest.raises(NotProjected):
            read.explain()
        with pytest.raises(NotProjected):
            read.update(state="x")
    assert {request.operation for request in sent} <= {"PutItem"} and book.scan().with_hidden().count() == 6


def test_whole_items_say_what_is_hidden_where_the_index_does_not(book, operations):
    operations.clear()
    assert_gives(book.ByRankKeys.query(shelf="a").hydrate(), SHOWN)
    operations.clear()
    assert book.ByRankKeys.query(shelf="a").hydrate().count() == 3
    assert operations == ["Query", "BatchGetItem"]
    assert book.ByRankKeys.query(shelf="a").hydrate().delete(dry_run=True) == 3
    assert book.ByRankKeys.query(shelf="a").hydrate().update(state="x") == 3
    assert book.ByRankKeys.query(shelf="a", rank__lt=2).hydrate().delete(recheck=False) == 1
    assert_gives(book.scan().with_hidden(), ALL[1:])


def test_what_is_hidden_by_now_is_left_out_of_whole_items(book):
    def hide(request):
        if request.operation == "BatchGetItem":
            book.Table.update(shelf="a", id="2", deleted_at=5)

    with asking(hide):
        assert [one.id for one in book.ByRank.query(shelf="a").hydrate()] == ["0", "4"]


def test_updates_and_deletes_leave_hidden_items_alone(book):
    assert book.query(shelf="a").update(state="x") == 3
    assert {one.id for one in book.scan(state="x").with_hidden()} == set(SHOWN)
    assert book.query(shelf="a", id__lte="2").delete() == 2
    assert book.scan().delete() == 1
    assert_gives(book.scan().with_hidden(), ["1", "3", "5"])
    assert book.scan().with_hidden().update(F("deleted_at").remove()) == 3
    assert_gives(book.scan(), ["1", "3", "5"])


def test_what_is_hidden_between_reading_and_writing_is_left_alone(book):
    def hide(progress):
        book.Table.update(shelf="a", id="4", deleted_at=9)

    assert book.query(shelf="a").update(state="x", progress=hide) == 2
    assert book.query(shelf="a").with_hidden().update(state="y", progress=hide) == 6
    book.Table.update(F("deleted_at").remove(), shelf="a", id="4")
    assert book.query(shelf="a").delete(progress=hide) == 2
    assert_gives(book.scan().with_hidden(), ["1", "3", "4", "5"])


def test_a_model_can_be_soft_deleted_by_a_query(book):
    assert book.query(shelf="a").update(gone=7) == 3
    assert not book.query(shelf="a").exists()


def test_a_cursor_belongs_to_the_query_with_or_without_what_is_hidden(book):
    cursor = book.query(shelf="a").page(1).next_cursor
    assert [one.id for one in book.query(shelf="a").page(5, cursor).items] == ["2", "4"]
    with pytest.raises(InvalidCursor):
        book.query(shelf="a").with_hidden().page(5, cursor)
    cursor = book.query(shelf="a").with_hidden().page(2).next_cursor
    assert [one.id for one in book.query(shelf="a").with_hidden().page(5, cursor).items] == ALL[2:]
    with pytest.raises(InvalidCursor):
        book.query(shelf="a").page(5, cursor)


def test_a_cursor_serves_after_hide_has_changed(library, dynamo_tables, book):
    cursor = book.query(shelf="a").page(1).next_cursor
    other = book_model(library, Q(gone__gt=102))
    assert [one.id for one in other.query(shelf="a").page(5, cursor).items] == ["1", "2", "4"]


def test_queries_are_pickled_with_what_they_take_in(book, monkeypatch):
    monkeypatch.setattr(sys.modules[book.__module__], "Book", book, raising=False)
    assert pickle.loads(pickle.dumps(book.scan().with_hidden())).count() == 6
    assert pickle.loads(pickle.dumps(book.scan())).count() == 3


def test_an_unknown_field_is_refused_when_the_model_is_defined(library):
    with pytest.raises(
        InvalidSchemaField, match=r"Book\.Table: hide = Q\(lost__exists=True\): Book has no field 'lost'"
    ):
        book_model(library, Q(lost__exists=True))


def test_what_hides_nothing_hides_nothing(library, dynamo_tables):
    (model,) = dynamo_tables(book_model(library, Q()))
    assert_gives(filled(model).query(shelf="a"), ALL)


def test_a_model_inherits_what_hides(library, dynamo_tables, book):
    class Novel(book):
        class Table(book.Table):
            on_read = "trust"

    assert_gives(Novel.query(shelf="a"), SHOWN)

    class Everything(book):
        class Table(book.Table):
            hide = None

    assert_gives(Everything.query(shelf="a"), ALL)


def test_a_model_that_inherits_from_a_complete_one_needs_the_field(library, book):
    with pytest.raises(InvalidSchemaField, match="Novel has no field 'gone'"):

        class Novel(book):
            Schema = library.schema({name: field for name, field in FIELDS.items() if name != "gone"})
            ByRank = None


def test_a_handle_leaves_hidden_items_out(book):
    handle = book.using(given={"shelf": "a"})
    assert_gives(handle.query(), SHOWN)
    assert_gives(handle.query().with_hidden(), ALL)


def test_a_hidden_item_is_passed_over_by_a_limit(book, sent):
    sent.clear()
    assert [one.id for one in book.query(shelf="a").limit(2)] == ["0", "2"]
    assert [request.payload.get("Limit") for request in sent] == [2, 2]


def test_keywords_of_other_libraries_lead_to_the_method(book):
    with pytest.raises(InvalidSchemaField, match=r"\.with_hidden\(\)"):
        book.query(shelf="a", with_hidden=True).all()


def test_a_computed_key_may_hide(library, dynamo_tables):
    class Note(DynaModel):
        pk = Composite("NOTE#{state}")

        class Table:
            name = "notes"
            hash_key = "pk"
            range_key = "id"
            billing_mode = "PAY_PER_REQUEST"
            hide = Q(pk__begins_with="NOTE#old")

        Schema = library.schema({"id": text(required=True), "state": text(required=True)})

    dynamo_tables(Note)
    Note.put_batch({"id": "1", "state": "new"}, {"id": "2", "state": "older"}, {"id": "3", "state": "old"})
    assert_gives(Note.scan(), ["1"])
    assert_gives(Note.query(state="new"), ["1"])
    assert_gives(Note.query(state="old"), [])
    assert_gives(Note.query(state="old").with_hidden(), ["3"])

"""Instances, and putting, getting, updating and deleting them on a real engine."""

from __future__ import annotations

import copy
import datetime
import decimal
import pickle
import uuid

import pytest
from botocore.exceptions import ClientError

from dynamorm import (
    ConditionFailed,
    DoesNotExist,
    DynaModel,
    DynaModelException,
    F,
    GlobalIndex,
    HashKeyExists,
    InvalidKey,
    InvalidSchemaField,
    PartialInstance,
    ProjectAll,
    ProjectKeys,
    Q,
    ValidationError,
)

fields = pytest.importorskip("marshmallow.fields")
from marshmallow import validate  # noqa: E402


class Book(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"
        read = 1
        write = 1

    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        range_key = "year"
        read = 1
        write = 1
        projection = ProjectAll()

    class ByPublisher(GlobalIndex):
        name = "by-publisher"
        hash_key = "publisher"
        read = 1
        write = 1
        projection = ProjectKeys()

    class Schema:
        isbn = fields.String(required=True, validate=validate.Length(min=3))
        title = fields.String(required=True)
        author = fields.String()
        publisher = fields.String()
        year = fields.Integer(validate=validate.Range(max=3000))
        price = fields.Decimal()
        weight = fields.Float(data_key="Weight")
        added = fields.DateTime()
        tags = fields.List(fields.String(), load_default=list)
        meta = fields.Dict()
        size = fields.Nested({"w": fields.Integer(data_key="W"), "h": fields.Integer()})


@pytest.fixture
def books(dynamo_tables):
    dynamo_tables(Book)
    return Book


def test_a_put_dict_comes_back_as_an_instance_with_the_types_of_the_schema(books):
    added = datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.timezone.utc)
    books.put(
        {
            "isbn": "111",
            "title": "T",
            "year": "1999",
            "price": "0.1",
            "weight": 19.99,
            "added": added,
            "meta": {"a": [1]},
        }
    )
    book = books.get(isbn="111")
    assert book.to_dict(native=True) == {
        "isbn": "111",
        "title": "T",
        "year": 1999,
        "price": decimal.Decimal("0.1"),
        "weight": 19.99,
        "added": added,
        "tags": [],
        "meta": {"a": [1]},
    }
    assert type(book.year) is int and type(book.weight) is float
    assert book.to_dict()["Weight"] == 19.99
    assert book.author is None


def test_what_is_not_there_is_none(books):
    assert books.get(isbn="nothing") is None


def test_an_instance_is_saved_and_found_consistently(books):
    book = books()
    book.isbn, book.title, book.added = "222", "Assigned", "2024-01-02T03:04:05"
    book.save()
    found = books.get(isbn="222", consistent=True)
    assert found == book
    assert found.added == datetime.datetime(2024, 1, 2, 3, 4, 5)


def test_a_bad_value_is_refused_at_once_and_a_missing_one_on_saving(books):
    with pytest.raises(ValidationError) as caught:
        books(isbn="1")
    assert caught.value.errors == {"isbn": ["Shorter than minimum length 3."]}
    assert str(caught.value).startswith("Validation failed for schema BookSchema. Errors: ")
    book = books(isbn="333")
    with pytest.raises(ValidationError) as caught:
        book.save()
    assert caught.value.errors == {"title": ["Missing data for required field."]}
    with pytest.raises(ValidationError):
        book.validate()
    assert books.get(isbn="333") is None


def test_a_value_without_a_dynamodb_form_is_refused_with_its_path(books):
    with pytest.raises(ValidationError) as caught:
        books.put({"isbn": "444", "title": "T", "meta": {"a": [{"b": object()}]}})
    assert list(caught.value.errors) == ["meta.a[0].b"]
    with pytest.raises(ValidationError, match="nan"):
        books(isbn="444", title="T", meta={"x": float("nan")}).save()


def test_a_unique_put_refuses_what_is_there(books):
    books.put_unique({"isbn": "555", "title": "first"})
    with pytest.raises(HashKeyExists) as caught:
        books.put_unique({"isbn": "555", "title": "second"})
    assert isinstance(caught.value, ConditionFailed) and isinstance(caught.value, ClientError)
    assert isinstance(caught.value.args[0], ClientError)
    assert books.get(isbn="555").title == "first"
    with pytest.raises(HashKeyExists):
        books(isbn="555", title="third").save(unique=True)
    assert pickle.loads(pickle.dumps(caught.value)).code == "ConditionalCheckFailedException"


def test_conditions_guard_every_write(books):
    books.put({"isbn": "666", "title": "T", "year": 1999})
    book = books.get(isbn="666")
    for write in (
        lambda: books.put({"isbn": "666", "title": "x"}, conditions={"year": 1}),
        lambda: book.save(conditions=Q(year__gt=2000)),
        lambda: book.update(title="x", conditions=[Q(year=1999), ~Q(title="T")]),
        lambda: book.delete(conditions={"title": "y"}),
    ):
        with pytest.raises(ConditionFailed):
            write()
    assert books.get(isbn="666").title == "T"
    book.update(title="x", conditions=Q(year=1999) & Q(price=None))
    book.delete(conditions={"title": "x"})
    assert books.get(isbn="666") is None


def test_an_update_changes_the_item_and_the_instance(books):
    book = books(isbn="777", title="T", year=1, tags=["a"], meta={"n": 1, "m": 2}, size={"w": 1, "h": 2})
    book.save()
    response = book.update(
        title="U", year__plus=2, tags__append="b", meta__n=5, size__w=7, price=decimal.Decimal("1.5")
    )
    assert response["Attributes"]["title"] == "U"
    expected = {
        "isbn": "777",
        "title": "U",
        "year": 3,
        "tags": ["a", "b"],
        "meta": {"n": 5, "m": 2},
        "size": {"w": 7, "h": 2},
        "price": decimal.Decimal("1.5"),
    }
    assert book.to_dict(native=True) == expected
    assert books.get(isbn="777").to_dict(native=True) == expected
    book.update(F("meta.m").remove(), price=None)
    assert book.price is None
    assert books.get(isbn="777").meta == {"n": 5}
    assert book.update() is None


def test_an_update_of_an_item_that_is_gone_does_not_bring_a_fragment_back(books):
    books.put({"isbn": "888", "title": "T"})
    book = books.get(isbn="888")
    books.get(isbn="888").delete()
    with pytest.raises(DoesNotExist, match="888"):
        book.update(title="U")
    assert books.get(isbn="888") is None


@pytest.mark.parametrize(
    ("updates", "error"),
    [
        ({"isbn": "1"}, InvalidKey),
        ({"titel": "x"}, InvalidSchemaField),
        ({"title": None}, ValidationError),
        ({"year": 4000}, ValidationError),
        ({"year": "many"}, ValidationError),
    ],
)
def test_a_bad_update_is_refused_before_anything_is_sent(books, updates, error):
    book = books(isbn="999", title="T")
    with pytest.raises(error):
        book.update(**updates)
    assert books.get(isbn="999") is None


@pytest.mark.parametrize("keys", [{}, {"isbn": None}, {"isbn": ""}, {"isbn": "1", "title": "x"}])
def test_a_key_that_is_not_the_whole_key_is_refused(books, keys):
    with pytest.raises(InvalidKey):
        books.get(**keys)


def test_an_unknown_name_in_a_key_is_answered_with_the_nearest(books):
    with pytest.raises(InvalidSchemaField, match="did you mean 'isbn'"):
        books.get(isnb="1")


def test_attributes_that_the_schema_does_not_know_survive_a_save(books):
    books.put({"isbn": "aaa", "title": "T", "year": 5})
    raw = books.Table.table
    raw.update_item(Key={"isbn": "aaa"}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": {"x": 1}})
    book = books.get(isbn="aaa")
    raw.update_item(Key={"isbn": "aaa"}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": "newer"})
    book.title, book.year = "U", None
    book.save()
    stored = raw.get_item(Key={"isbn": "aaa"})["Item"]
    assert (stored["zzz"], stored["title"]) == ("newer", "U")
    assert "year" not in stored


def test_an_instance_from_a_keys_only_index_refuses_a_full_save(books):
    books.put({"isbn": "bbb", "title": "T", "publisher": "P"})
    (book,) = books.ByPublisher.query(publisher="P")
    assert book.title is None
    with pytest.raises(PartialInstance):
        book.save()
    assert books.get(isbn="bbb").title == "T"


def test_a_stored_item_that_the_schema_refuses_names_its_key(books):
    books.Table.table.put_item(Item={"isbn": "ccc", "title": "T", "price": "cheap"})
    with pytest.raises(ValidationError, match=r"stored Book with key \{'isbn': 'ccc'\}"):
        books.get(isbn="ccc")


def test_a_trusting_table_converts_and_does_not_judge(books, monkeypatch):
    books.Table.table.put_item(Item={"isbn": "ddd", "year": 4000})
    with pytest.raises(ValidationError):
        books.get(isbn="ddd")
    monkeypatch.setattr(books.Table, "on_read", "trust")
    assert books.get(isbn="ddd").year == 4000


def test_a_stored_null_is_absent_where_the_field_takes_no_none(books):
    books.Table.table.put_item(Item={"isbn": "eee", "title": "T", "price": None})
    assert books.get(isbn="eee").price is None


def test_typed_json_goes_both_ways():
    book = Book(isbn="fff", title="T", weight=0.5)
    item = Book.to_item(book)
    assert item == {"isbn": {"S": "fff"}, "title": {"S": "T"}, "Weight": {"N": "0.5"}, "tags": {"L": []}}
    assert Book.from_item({**item, "other": {"N": "1"}}).to_dict(native=True) == book.to_dict(native=True)


def test_instances_compare_by_model_and_complete_key_and_pickle():
    one, two = Book(isbn="111", title="a"), Book(isbn="111", title="b")
    assert one == two and hash(one) == hash(two)
    assert Book() != Book()
    with pytest.raises(TypeError):
        hash(Book())
    for twin in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):
        assert twin.to_dict(native=True) == one.to_dict(native=True)
    assert repr(one) == "<Book isbn='111'>"


def test_new_from_raw_takes_plain_values_and_none():
    assert Book.new_from_raw(None) is None
    assert Book.new_from_raw({"isbn": "111", "Weight": 1.5}).weight == 1.5
    assert Book.new_from_raw({"isbn": "111"}, partial=True).tags is None


def test_a_put_takes_instances_of_the_model_alone(books):
    class Other(DynaModel):
        class Table:
            name = "others"
            hash_key = "id"

        class Schema:
            id = fields.UUID()

    with pytest.raises(DynaModelException):
        books.put(Other(id=uuid.uuid4()))
    with pytest.raises(DynaModelException):
        books.put(["isbn"])


def test_an_init_of_the_models_own_is_used_on_reads_where_it_takes_any_keywords(dynamo_tables):
    calls = []

    class Open(DynaModel):
        class Table:
            name = "opened"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema:
            id = fields.String()
            on = fields.Date()

        def __init__(self, **values):
            calls.append(values)
            super().__init__(**values)

    class Closed(Open):
        class Table(Open.Table):
            name = "closed"

        def __init__(self, id, on):
            self.id, self.on = id, on

    dynamo_tables(Open, Closed)
    Open(id="1", on="2024-01-02").save()
    Closed("1", datetime.date(2024, 1, 2)).save()
    calls.clear()
    assert Open.get(id="1").on == datetime.date(2024, 1, 2)
    assert calls == [{"partial": False, "id": "1", "on": datetime.date(2024, 1, 2)}]
    assert Closed.get(id="1").on == datetime.date(2024, 1, 2)
    assert len(calls) == 1

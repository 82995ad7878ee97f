"""Inner index classes: keys, projections, and what they know."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, GlobalIndex, InvalidSchemaField, LocalIndex, ProjectAll, ProjectInclude, ProjectKeys
from dynamorm.table import DynamoGlobalIndex3, DynamoIndex3, DynamoLocalIndex3

from ..books import BOOK_TABLE, page_model
from ..libraries import integer, natives, text
from .shop import FIELDS, described, shop_model


def test_an_index_is_an_instance_that_knows_model_and_table(library, dynamo_tables):
    (book,) = dynamo_tables(shop_model(library))
    assert isinstance(book.ByAuthor, GlobalIndex)
    assert book.ByAuthor.model is book
    assert book.ByAuthor.index is book.Table.indexes["by-author"]
    assert isinstance(book.ByAuthor.index, DynamoGlobalIndex3) and isinstance(book.ByAuthor.index, DynamoIndex3)
    assert book.ByAuthor.index.key_schema == [
        {"AttributeName": "author", "KeyType": "HASH"},
        {"AttributeName": "year", "KeyType": "RANGE"},
    ]
    assert book.ByAuthor.index.provisioned_throughput == {"ReadCapacityUnits": 25, "WriteCapacityUnits": 5}
    book.put({"isbn": "1", "author": "a", "year": 1})
    book.put({"isbn": "2", "author": "a", "year": 2})
    book.put({"isbn": "3"})
    assert [found.isbn for found in book.ByAuthor.query(author="a", year__gt=1)] == ["2"]
    assert sorted(found.isbn for found in book.ByAuthor.scan()) == ["1", "2"]


def test_a_global_index_may_have_up_to_four_attributes_in_each_part_of_its_key(library, dynamo_tables):
    class ByAll(GlobalIndex):
        name = "by-all"
        hash_key = ("a", "b", "c", "d")
        range_key = ["e", "f", "g", "h"]
        projection = ProjectKeys()

    class ByThree(GlobalIndex):
        name = "by-three"
        hash_key = ("c", "a", "b")
        projection = ProjectAll()

    fields = {"id": text(required=True), **{name: text(stored=name.upper()) for name in "abcd"}}
    fields = {**fields, **{name: integer() for name in "efgh"}}
    table = {"name": "things", "hash_key": "id"}
    (thing,) = dynamo_tables(library.model("Thing", table, fields, ByAll=ByAll, ByThree=ByThree))
    found = described(thing.Table)
    indexes = {index["IndexName"]: index["KeySchema"] for index in found["GlobalSecondaryIndexes"]}
    assert [(part["AttributeName"], part["KeyType"]) for part in indexes["by-all"]] == [
        *((name, "HASH") for name in "ABCD"),
        *((name, "RANGE") for name in "efgh"),
    ]
    assert [(part["AttributeName"], part["KeyType"]) for part in indexes["by-three"]] == [
        (name, "HASH") for name in "CAB"
    ]
    assert thing.ByAll.index.key_schema == indexes["by-all"]
    assert {one["AttributeName"]: one["AttributeType"] for one in found["AttributeDefinitions"]} == {
        "id": "S",
        **dict.fromkeys("ABCD", "S"),
        **dict.fromkeys("efgh", "N"),
    }
    thing.Table.validate(strict=True)
    assert thing.Table.plan() == ()
    thing(id="1", a="x", e=5).save()  # no key of the indexes is whole
    assert natives(thing.get(id="1")) == {"id": "1", "a": "x", "e": 5}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"hash_key": ("author", "titel")}, "hash_key = 'titel' is no field of BookSchema; did you mean 'title'"),
        ({"hash_key": ("author", "author")}, "name 'author' 2 times"),
        ({"hash_key": "author", "range_key": ("year", "author")}, "name 'author' 2 times"),
        ({"hash_key": ()}, r"hash_key = \(\) names no fields; DynamoDB takes from 1 to 4"),
        ({"hash_key": ("isbn", "title", "author", "year", "isbn")}, "names 5 fields; DynamoDB takes from 1 to 4"),
    ],
)
def test_a_key_of_several_fields_that_cannot_be_is_refused(library, keys, message):
    index = type("ByAuthor", (GlobalIndex,), {"name": "by-author", "projection": ProjectAll(), **keys})
    with pytest.raises(InvalidSchemaField, match=rf"Book\.ByAuthor: .*{message}"):
        library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=index)


def test_tables_and_local_indexes_have_one_field_in_each_part_of_the_key(library):
    with pytest.raises(
        InvalidSchemaField, match=r"Book\.Table: hash_key = \('isbn', 'title'\): only the key of a Global"
    ):
        library.model("Book", {"name": "books", "hash_key": ("isbn", "title")}, FIELDS)
    declared = {"name": "by-year", "hash_key": "isbn", "range_key": ("author", "year"), "projection": ProjectAll()}
    with pytest.raises(InvalidSchemaField, match=r"Book\.ByYear: range_key = .*: only the key of a GlobalIndex"):
        library.model(
            "Book", {**BOOK_TABLE, "range_key": "title"}, FIELDS, ByYear=type("ByYear", (LocalIndex,), declared)
        )


def test_a_child_may_have_another_key_for_an_index_of_its_parent(library):
    parent = shop_model(library)

    class Child(parent):
        class ByAuthor(parent.ByAuthor):
            hash_key = ("author", "title")

    assert Child.ByAuthor.index.key.hash_names == ("author", "title")
    assert Child.ByAuthor.index.key.range_names == ("year",)
    assert parent.ByAuthor.index.key.hash_names == ("author",)


def test_a_local_index_has_the_tables_hash_key_and_another_range_key(library, dynamo_tables):
    class ByBody(LocalIndex):
        name = "by-body"
        hash_key = "isbn"
        range_key = "body"
        projection = ProjectInclude("words")

    (page,) = dynamo_tables(page_model(library, ByBody=ByBody))
    assert isinstance(page.ByBody.index, DynamoLocalIndex3)
    (index,) = described(page.Table)["LocalSecondaryIndexes"]
    assert index["KeySchema"][1] == {"AttributeName": "Body", "KeyType": "RANGE"}
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["words"]}
    page.put({"isbn": "1", "number": 1, "body": "zz"})
    page.put({"isbn": "1", "number": 2, "body": "aa"})
    assert [found.number for found in page.ByBody.query(isbn="1")] == [2, 1]


def test_a_local_index_with_another_hash_key_gets_that_of_the_table_and_a_warning(library, dynamo_tables):
    declared = {"name": "by-body", "hash_key": "words", "range_key": "body", "projection": ProjectAll()}
    with pytest.warns(UserWarning, match=r"Page\.ByBody: hash_key = 'words' is not .* 'isbn' is taken") as caught:
        model = page_model(library, ByBody=type("ByBody", (LocalIndex,), declared))
    assert caught[0].filename.endswith("libraries.py")  # where the class is made
    (page,) = dynamo_tables(model)
    assert page.ByBody.index.hash_key == "isbn"
    (index,) = described(page.Table)["LocalSecondaryIndexes"]
    assert [part["AttributeName"] for part in index["KeySchema"]] == ["isbn", "Body"]
    page.put({"isbn": "1", "number": 1, "body": "zz"})
    assert [found.number for found in page.ByBody.query(isbn="1")] == [1]


def test_an_index_knows_the_schema_of_the_model(library):
    model = shop_model(library)
    assert model.ByAuthor.index.schema is model.Schema
    assert model.ByAuthor.index.table is model.Table


def test_projections_are_declared_as_instances_or_classes(library, dynamo_tables):
    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        projection = ProjectKeys

    class ByYear(GlobalIndex):
        name = "by-year"
        hash_key = "year"
        projection = ProjectAll

    (book,) = dynamo_tables(library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=ByAuthor, ByYear=ByYear))
    found = {index["IndexName"]: index["Projection"] for index in described(book.Table)["GlobalSecondaryIndexes"]}
    assert found == {
        "by-author": {"ProjectionType": "KEYS_ONLY"},
        "by-year": {"ProjectionType": "ALL"},
    }


def test_inner_table_and_index_classes_keep_their_methods_and_bases(library):
    class Loud:
        def shout(self):
            return self.name.upper()

    class Book(DynaModel):
        class Table(Loud):
            name = "books"
            hash_key = "isbn"

            @property
            def short(self):
                return self.name[:2]

        class ByAuthor(Loud, GlobalIndex):
            name = "by-author"
            hash_key = "author"
            projection = ProjectAll()

            def of(self, author):
                return self.query(author=author)

        Schema = library.schema(FIELDS)

    assert isinstance(Book.Table, Loud) and isinstance(Book.ByAuthor, Loud)
    assert (Book.Table.shout(), Book.Table.short, Book.ByAuthor.shout()) == ("BOOKS", "bo", "BY-AUTHOR")
    assert Book.ByAuthor.of("a").explain().index_name == "by-author"

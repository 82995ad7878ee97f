"""The words of inner Table and index classes: those that are not known are refused."""

from __future__ import annotations

import dataclasses

import pytest

from dynamorm import (
    DynaModel,
    DynaModelException,
    DynamoTableException,
    GlobalIndex,
    LocalIndex,
    MissingTableAttribute,
    ProjectAll,
)

from ..books import BOOK_TABLE
from .shop import FIELDS, shop_model

INDEX = {"name": "by-author", "hash_key": "author", "projection": ProjectAll()}
LATER = ["unknown", "kind"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [("range", "range_key"), ("hashkey", "hash_key"), ("Read", "read"), ("sesion_kwargs", "session_kwargs")],
)
def test_a_word_that_table_does_not_have_is_refused_with_the_nearest(library, word, meant):
    with pytest.raises(DynamoTableException, match=rf"Book\.Table: {word} = \.\.\.: .* did you mean '{meant}'\?"):
        library.model("Book", {**BOOK_TABLE, word: "year"}, FIELDS)


@pytest.mark.parametrize("kind", [GlobalIndex, LocalIndex])
@pytest.mark.parametrize(
    ("word", "meant"), [("range", "range_key"), ("hash", "hash_key"), ("project", "projection"), ("writes", "write")]
)
def test_a_word_that_an_index_does_not_have_is_refused_with_the_nearest(library, kind, word, meant):
    index = type("ByAuthor", (kind,), {**INDEX, word: "year"})
    with pytest.raises(DynamoTableException, match=rf"Book\.ByAuthor: {word} = \.\.\.: .* did you mean '{meant}'\?"):
        library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=index)


def test_a_word_with_no_likeness_is_refused_with_all_that_there_are(library):
    with pytest.raises(DynamoTableException, match=r"it knows abstract, billing_mode, .*, write") as caught:
        library.model("Book", {**BOOK_TABLE, "xyz": 1}, FIELDS)
    assert "underscore" in str(caught.value)


@pytest.mark.parametrize("word", LATER)
def test_a_word_that_is_not_supported_yet_is_refused(library, word):
    with pytest.raises(DynamoTableException, match=rf"Book\.Table: {word} = \.\.\.: DynamORM does not support"):
        library.model("Book", {**BOOK_TABLE, word: "year"}, FIELDS)
    index = type("ByAuthor", (GlobalIndex,), {**INDEX, word: "year"})
    with pytest.raises(DynamoTableException, match=rf"Book\.ByAuthor: {word} = \.\.\.: DynamORM does not support"):
        library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=index)


def test_bases_are_looked_at_too(library):
    base = type("Shared", (), {"range": "year"})
    with pytest.raises(DynamoTableException, match=r"Book\.Table: range = \.\.\."):
        library.model("Book", type("Table", (base,), BOOK_TABLE), FIELDS)
    with pytest.raises(DynamoTableException, match=r"Book\.ByAuthor: range = \.\.\."):
        library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=type("ByAuthor", (base, GlobalIndex), INDEX))
    parent = shop_model(library)

    class Table(parent.Table):
        range = "year"

    with pytest.raises(DynamoTableException, match=r"Child\.Table: range = \.\.\."):
        type(DynaModel)("Child", (parent,), {"Table": Table})


def test_abstract_tables_and_those_of_mixins_are_looked_at_too(library):
    table = type("Table", (), {**BOOK_TABLE, "range": "year"})
    with pytest.raises(DynamoTableException, match=r"Stored\.Table: range = \.\.\."):
        type(DynaModel)("Book", (type("Stored", (), {"Table": table}), DynaModel), {"Schema": library.schema(FIELDS)})
    table.abstract = True
    with pytest.raises(DynamoTableException, match=r"Base\.Table: range = \.\.\."):
        type(DynaModel)("Base", (DynaModel,), {"Table": table})


def test_what_is_the_users_own_stays(library):
    class Shared:
        team: str
        _note = "private"

        def shout(self):
            return self.team.upper()

    class Table(Shared):
        name = "books"
        hash_key = "isbn"
        team = "shelf"
        __custom__ = 1

        @property
        def short(self):
            return self.name[:2]

        @staticmethod
        def three():
            return 3

        @classmethod
        def kind_of(cls):
            return cls._note

    class ByAuthor(Shared, GlobalIndex):
        name = "by-author"
        hash_key = "author"
        projection = ProjectAll()
        team = "index"

    table = library.model("Book", Table, FIELDS, ByAuthor=ByAuthor).Table
    assert (table.team, table.shout(), table.short, table.three(), table.kind_of()) == (
        "shelf",
        "SHELF",
        "bo",
        3,
        "private",
    )


def test_words_may_be_annotated_or_computed(library):
    class Table:
        name: str = "books"
        hash_key: str = "isbn"

        @property
        def read(self):
            return 3

    assert library.model("Book", Table, FIELDS).Table.provisioned_throughput["ReadCapacityUnits"] == 3


def test_a_typo_is_one_in_a_dataclass_too(library):
    @dataclasses.dataclass
    class Table:
        name: str = "books"
        hash_key: str = "isbn"
        range: str = "year"

    with pytest.raises(DynamoTableException, match="did you mean 'range_key'"):
        library.model("Book", Table, FIELDS)


@pytest.mark.parametrize("value", ["", 5, b"books", ["books"]])
def test_a_name_is_a_text(library, value):
    with pytest.raises(DynamoTableException, match=r"Book\.Table: name = .* has to be a text"):
        library.model("Book", {**BOOK_TABLE, "name": value}, FIELDS)
    index = type("ByAuthor", (GlobalIndex,), {**INDEX, "name": value})
    with pytest.raises(DynamoTableException, match=r"Book\.ByAuthor: name = .* has to be a text"):
        library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=index)


@pytest.mark.parametrize("value", ["ALL", ["author"], dict])
def test_a_projection_is_a_projection(library, value):
    index = type("ByAuthor", (GlobalIndex,), {**INDEX, "projection": value})
    with pytest.raises(DynamoTableException, match=r"Book\.ByAuthor: projection = .* has to be ProjectAll\(\)"):
        library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=index)


def test_an_index_class_does_not_stand_in_the_table(library):
    with pytest.raises(DynaModelException, match=r"Book\.Table\.ByAuthor: index classes stand beside the Table"):
        library.model("Book", {**BOOK_TABLE, "ByAuthor": type("ByAuthor", (GlobalIndex,), INDEX)}, FIELDS)


def test_what_is_missing_still_says_so_first(library):
    with pytest.raises(MissingTableAttribute, match=r"Book\.Table has no hash_key"):
        library.model("Book", {"name": "books"}, FIELDS)

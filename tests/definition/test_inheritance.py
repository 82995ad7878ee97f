"""What children and mixins take over, and what they may replace."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, GlobalIndex, InvalidSchemaField, ProjectAll, ProjectKeys

from ..books import BOOK_TABLE
from ..libraries import integer, natives, text
from .shop import FIELDS, described, shop_model


def test_an_abstract_table_makes_no_model_and_its_children_have_it(library, dynamo_tables):
    class Base(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        def shout(self):
            return self.title.upper()

    class Book(Base):
        Schema = library.schema(FIELDS)

    class Magazine(Base):
        class Table(Base.Table):
            name = "magazines"

        Schema = library.schema(FIELDS)

    dynamo_tables(Book, Magazine)
    assert isinstance(Base.Table, type)
    assert (Book.Table.name, Magazine.Table.name) == ("books", "magazines")
    Magazine.put({"isbn": "1", "title": "t"})
    assert Magazine.get(isbn="1").shout() == "T"
    assert Book.get(isbn="1") is None


def test_a_child_may_override_only_the_table(library, dynamo_tables):
    parent = shop_model(library, billing_mode="PAY_PER_REQUEST")

    class Child(parent):
        class Table:
            name = "children"
            hash_key = "isbn"
            billing_mode = "PAY_PER_REQUEST"

    dynamo_tables(parent, Child)
    Child.put({"isbn": "1", "author": "a", "year": 1})
    assert parent.get(isbn="1") is None
    assert type(Child.get(isbn="1")) is Child
    assert [type(found) for found in Child.ByAuthor.query(author="a")] == [Child]
    assert Child.Schema is parent.Schema
    assert list(parent.ByAuthor.query(author="a")) == []


def test_an_inherited_index_gives_instances_of_the_child(library, dynamo_tables):
    parent = shop_model(library)

    class Child(parent):
        def shout(self):
            return self.author.upper()

    dynamo_tables(parent)
    Child(isbn="1", author="a", year=1).save()
    assert [type(found) for found in Child.ByAuthor.query(author="a")] == [Child]
    assert [type(found) for found in Child.ByAuthor.scan()] == [Child]
    assert [type(found) for found in parent.ByAuthor.query(author="a")] == [parent]
    assert [type(found) for found in Child.scan()] == [Child]
    assert type(Child.get(isbn="1")) is Child and type(parent.get(isbn="1")) is parent
    assert (Child.ByAuthor.model, parent.ByAuthor.model) == (Child, parent)
    assert Child.ByAuthor.query(author="a").first().shout() == "A"


def test_a_child_does_not_take_over_its_parents_table(library, dynamo_tables):
    parent = shop_model(library)
    before = parent.Table

    class Child(parent):
        Schema = library.schema({**FIELDS, "age": integer()})

    class Other(parent):
        class Table(parent.Table):
            name = "others"

    assert parent.Table is before
    assert parent.Table.schema is parent.Schema is not Child.Schema
    assert Child.Table is not parent.Table
    dynamo_tables(parent)
    parent.put({"isbn": "1", "year": 5})
    assert type(parent.get(isbn="1")) is parent
    assert [type(found) for found in parent.scan()] == [parent]
    with pytest.raises(InvalidSchemaField):
        parent.scan(age=1).all()


def test_a_child_that_overrides_nothing_shares_its_parents_table(library):
    parent = shop_model(library)

    class Child(parent):
        pass

    class Grandchild(Child):
        colour = "blue"

    assert Child.Table is parent.Table and Grandchild.Table is parent.Table
    assert Child.Schema is parent.Schema


def test_inner_classes_of_a_child_may_inherit_from_the_parents(library, dynamo_tables):
    parent = shop_model(library)

    class Child(parent):
        class Table(parent.Table):
            name = "children"

        class ByAuthor(parent.ByAuthor):
            projection = ProjectKeys()

        Schema = library.schema({"age": integer()}, bases=(parent.Schema,))

    assert (Child.Table.hash_key, Child.Table.read, Child.Table.name) == ("isbn", 25, "children")
    assert isinstance(Child.ByAuthor.index.projection, ProjectKeys)
    assert isinstance(parent.ByAuthor.index.projection, ProjectAll)
    assert Child.ByAuthor.index.hash_key == "author"
    assert set(Child.Schema.dynamorm_fields()) == {*FIELDS, "age"}
    assert set(parent.Schema.dynamorm_fields()) == set(FIELDS)
    assert Child.Schema.__name__ == "ChildSchema"
    dynamo_tables(Child)
    Child.put({"isbn": "1", "author": "a", "year": 1, "age": 3, "title": "t"})
    assert Child.get(isbn="1").age == 3
    (found,) = Child.ByAuthor.query(author="a")
    assert (type(found), found.is_partial, found.title) == (Child, True, None)


def test_a_child_may_write_the_inner_classes_as_statements():
    fields = pytest.importorskip("marshmallow.fields")

    class Parent(DynaModel):
        class Table:
            name = "parents"
            hash_key = "id"

        class Schema:
            id = fields.String()

    class Child(Parent):
        class Schema(Parent.Schema):
            age = fields.Integer()

    assert Child(id="1", age="3").age == 3
    assert Parent.Schema.__name__ == "ParentSchema"


def test_a_child_adds_an_index_and_the_parent_does_not_get_it(library, dynamo_tables):
    parent = shop_model(library)

    class Child(parent):
        class Table(parent.Table):
            name = "children"

        class ByTitle(GlobalIndex):
            name = "by-title"
            hash_key = "title"
            read = 1
            write = 1
            projection = ProjectAll()

    assert set(Child.Table.indexes) == {"by-author", "by-title"}
    assert set(parent.Table.indexes) == {"by-author"}
    assert not hasattr(parent, "ByTitle")
    dynamo_tables(Child)
    assert {index["IndexName"] for index in described(Child.Table)["GlobalSecondaryIndexes"]} == {
        "by-author",
        "by-title",
    }


def test_a_child_does_without_an_index_of_its_parent_by_setting_it_to_none(library):
    parent = shop_model(library)

    class Child(parent):
        ByAuthor = None

    assert Child.Table.indexes == {}
    assert Child.ByAuthor is None
    assert set(parent.Table.indexes) == {"by-author"}


def test_plain_mixins_bring_methods_fields_tables_and_indexes(library, dynamo_tables):
    class Stored:
        class Table:
            name = "books"
            hash_key = "isbn"
            billing_mode = "PAY_PER_REQUEST"

    class Found:
        class ByAuthor(GlobalIndex):
            name = "by-author"
            hash_key = "author"
            projection = ProjectAll()

        def colleagues(self):
            return type(self).ByAuthor.query(author=self.author)

    class Described:
        Schema = library.schema(FIELDS)

    class Book(Stored, Found, Described, DynaModel):
        pass

    class Magazine(Found, DynaModel):
        class Table(Stored.Table):
            name = "magazines"

        Schema = library.schema(FIELDS)

    dynamo_tables(Book, Magazine)
    Book.put({"isbn": "1", "author": "a"})
    (found,) = Book.get(isbn="1").colleagues()
    assert type(found) is Book
    assert Magazine.ByAuthor.model is Magazine
    assert isinstance(Found.ByAuthor, type)


def test_of_several_parents_the_nearest_gives_what_the_child_lacks(library):
    one = library.model("One", {**BOOK_TABLE, "name": "one"}, {"isbn": text()})
    two = library.model("Two", {**BOOK_TABLE, "name": "two"}, {"isbn": text(), "year": integer()})

    class Both(one, two):
        pass

    assert Both.Table is one.Table
    assert not hasattr(Both(), "year")


def test_a_grandchild_inherits_through_a_child_that_replaced_something(library):
    parent = shop_model(library)

    class Child(parent):
        class Table(parent.Table):
            name = "children"

    class Grandchild(Child):
        pass

    assert Grandchild.Table is Child.Table
    assert Grandchild.ByAuthor.index is Child.Table.indexes["by-author"]
    assert Grandchild.ByAuthor.model is Grandchild


def test_a_field_that_a_childs_schema_drops_is_gone_from_class_and_instance(library, dynamo_tables):
    parent = library.model("Parent", BOOK_TABLE, {"isbn": text(), "year": integer(), "update": text()})

    class Child(parent):
        Schema = library.schema({"isbn": text()})

    class Grandchild(Child):
        Schema = library.schema({"isbn": text(), "year": text()})

    dynamo_tables(parent)
    assert not hasattr(Child, "year") and not hasattr(Child(isbn="1"), "year")
    assert parent(isbn="1").year is None and parent.year is not None
    made = Child(isbn="1")
    made.save()
    assert made.update() is None
    made.save(partial=True)
    assert callable(Child.update) and callable(made.update)
    made.year = 7  # an attribute like any other
    assert (made.year, made.to_dict()) == (7, {"isbn": "1"})
    assert natives(Grandchild(isbn="1", year="x")) == {"isbn": "1", "year": "x"}
    assert [found.isbn for found in Grandchild.scan(Grandchild.year.is_(None))] == ["1"]

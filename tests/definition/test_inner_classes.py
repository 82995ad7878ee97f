"""A parent written out as plain classes, and what its children make of its inner classes."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, GlobalIndex, ProjectAll, ProjectKeys
from dynamorm.table import DynamoTable3

fields = pytest.importorskip("marshmallow.fields")


class Parent(DynaModel):
    class Table:
        name = "parents"
        hash_key = "id"
        range_key = "rank"
        read = 3
        write = 4

        def shout(self):
            return self.name.upper()

    class ByName(GlobalIndex):
        name = "by-name"
        hash_key = "name"
        read = 1
        write = 1
        projection = ProjectKeys()

        def who(self):
            return self.model.__name__

    class Schema:
        id = fields.String(required=True)
        rank = fields.Integer(required=True)
        name = fields.String(data_key="Name")


def test_table_and_indexes_describe_themselves_in_stored_names():
    assert Parent.Schema.__name__ == "ParentSchema"
    assert isinstance(Parent.Table, DynamoTable3)
    assert Parent.Table.key_schema == [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "rank", "KeyType": "RANGE"},
    ]
    assert Parent.Table.attribute_definitions == [
        {"AttributeName": "Name", "AttributeType": "S"},
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "rank", "AttributeType": "N"},
    ]
    assert Parent.Table.provisioned_throughput == {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
    assert Parent.Table.stream_specification == {"StreamEnabled": False}
    assert Parent.Table.all_attribute_fields == {"id", "rank", "Name"}
    assert Parent.Table.table_attribute_fields == {"id", "rank"}
    assert Parent.Table.index_attribute_fields("by-name") == {"Name"}
    assert Parent.ByName.model is Parent
    assert Parent.ByName.index is Parent.Table.indexes["by-name"]


def test_inner_classes_keep_their_own_methods():
    assert Parent.Table.shout() == "PARENTS"
    assert Parent.ByName.who() == "Parent"


def test_a_child_that_overrides_nothing_shares_the_table_and_has_indexes_of_its_own():
    class Child(Parent):
        pass

    assert Child.Table is Parent.Table
    assert Child.ByName.model is Child
    assert Parent.ByName.model is Parent


def test_a_child_may_override_only_the_table():
    class Child(Parent):
        class Table(Parent.Table):
            name = "children"

    assert (Child.Table.name, Child.Table.hash_key, Child.Table.shout()) == ("children", "id", "CHILDREN")
    assert Parent.Table.name == "parents"
    assert Child.Table.indexes["by-name"].table is Child.Table


def test_a_child_may_extend_the_schema_and_drop_out_of_its_parents_table():
    class Child(Parent):
        class Schema(Parent.Schema):
            age = fields.Integer()

    assert set(Child.Schema.dynamorm_fields()) == {"id", "rank", "name", "age"}
    assert Child.Table is not Parent.Table
    assert Child(id="1", age="7").age == 7
    assert not hasattr(Parent, "age")


def test_a_field_that_a_child_drops_is_gone_from_class_and_instance():
    class Child(Parent):
        class ByName(GlobalIndex):
            name = "by-id"
            hash_key = "id"
            projection = ProjectAll()

        class Schema:
            id = fields.String(required=True)
            rank = fields.Integer(required=True)

    assert not hasattr(Child, "name")
    assert not hasattr(Child(id="1"), "name")
    assert Parent(id="1").name is None


def test_an_abstract_base_needs_no_schema_and_gives_what_it_has():
    class Base(DynaModel):
        class Table:
            name = "base"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        def shout(self):
            return self.id.upper()

    class Child(Base):
        class Schema:
            id = fields.String()

    assert Child.Table.name == "base"
    assert Child(id="x").shout() == "X"


def test_a_plain_mixin_brings_an_index():
    class Named:
        class ByName(GlobalIndex):
            name = "by-name"
            hash_key = "name"
            projection = ProjectAll()

    class Thing(Named, DynaModel):
        class Table:
            name = "things"
            hash_key = "id"

        class Schema:
            id = fields.String()
            name = fields.String()

    assert Thing.ByName.model is Thing

"""What the compiler offers besides what any one library needs: records that are no dicts, former names."""

from __future__ import annotations

from dataclasses import dataclass

from dynamorm.schema.compiler.dumping import compile_dump
from dynamorm.schema.compiler.layouts import REFUSED, FieldLayout, ListOf, Number, Record, Satisfies, SchemaLayout, Text
from dynamorm.schema.compiler.stored_items import StoredItems


@dataclass
class Point:
    x: int
    name: str = ""


class Corner(Point):
    pass


def taken(point):
    return None if point.name == "odd" else vars(point)


def functions(*checks):
    inner = SchemaLayout("Point", outermost=False)
    inner.fields.append(FieldLayout("x", "x-stored", Number(int, int), required=True, missing=REFUSED, unset=REFUSED))
    inner.fields.append(FieldLayout("name", "name", Text()))
    record = Record(inner, checks, native=Point, take=taken)
    outer = SchemaLayout("Shape", [FieldLayout("one", "one", record), FieldLayout("more", "more", ListOf(record))])
    return StoredItems(outer).natives, compile_dump(outer, check=True)


WIRE = {"M": {"x-stored": {"N": "3"}, "name": {"S": "a"}}}
ITEM = {"one": WIRE, "more": {"L": [WIRE, {"M": {"x-stored": {"N": "4"}}}]}}


def test_a_record_is_taken_apart_and_loaded_as_a_dict():
    load, dump = functions()
    assert dump({"one": Point(3, "a")}) == {"one": WIRE}
    assert load(ITEM) == {"one": {"x": 3, "name": "a"}, "more": [{"x": 3, "name": "a"}, {"x": 4}]}


def test_only_the_very_type_of_a_record_is_taken_apart():
    _, dump = functions()
    for other in ({"x": 3, "name": "a"}, Corner(3, "a"), Point("3", "a"), Point(3, "odd")):
        assert dump({"one": other}) is None
        assert dump({"one": Point(3, "a"), "more": [other]}) is None


def test_what_is_not_as_described_gives_up():
    load, _ = functions()
    assert load({"one": {"M": {"x-stored": {"N": "x"}}}}) is None
    assert load({"one": {"M": {"name": {"S": "x"}}}}) is None


def test_checks_of_a_record_see_what_is_taken_apart():
    _, dump = functions(Satisfies(lambda point: point.x == 3))
    assert dump({"one": Point(3, "a")}) == {"one": WIRE}
    assert dump({"one": Point(4, "a")}) is None


def test_a_value_is_found_under_a_former_name_and_what_is_not_taken_must_be_well_formed():
    field = FieldLayout("x", "x", Number(int, int), required=True, missing=REFUSED, aliases=("ex", "X"))
    load = StoredItems(SchemaLayout("Point", [field, FieldLayout("name", "name", Text())])).natives
    for item in (
        {"x": {"N": "3"}},
        {"ex": {"N": "3"}, "X": {"N": "4"}},
        {"X": {"N": "3"}},
    ):
        assert load(item) == {"x": 3}
        assert load({**item, "name": {"S": "a"}}) == {"x": 3, "name": "a"}
    for item in (
        {},
        {"x": {"NULL": True}, "ex": {"N": "3"}},
        {"ex": {"N": "x"}, "X": {"N": "3"}},
        {"x": {"N": "3"}, "ex": {"S": "a"}},
        {"x": {"N": "3"}, "X": {}},
    ):
        assert load(item) is None
        assert load({**item, "name": {"S": "a"}}) is None

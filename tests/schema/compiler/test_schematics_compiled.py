"""What is compiled of schematics' models, what is not and why, and that it stays safe."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

pytest.importorskip("schematics")

from schematics import Model
from schematics import types as t
from schematics.exceptions import ValidationError

from dynamorm import DynaModel
from dynamorm.exceptions import ValidationError as Refused
from dynamorm.schema import PARTIAL, TRUSTED, WHOLE
from dynamorm.schema.base import adapter_of
from dynamorm.schema.compiler import COMPILED, CONVERTED
from dynamorm.schema.schematics import Binary, Set, Timestamp, UTCDateTime

from .sameness import same
from .schematics_schemas import Circle, Shouted, Tree
from .schematics_table import cells, table
from .tables import account

PAGE = Path(__file__).parents[3] / "docs" / "compiled.rst"
MAY_DECLINE = ("serializable", "whose model", "of the user's")
ITEM = {"id": {"S": "1"}}


def model(**members):
    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "id"
            read = 1
            write = 1

        Schema = type("Schema", (), {"id": t.StringType(required=True), **members})

    return Book


def functions(book):
    return adapter_of(book.Schema).compiled


def test_every_type_of_schematics_is_compiled_with_every_option():
    declined = {(row, option): told for row, option, told in cells() if told not in (COMPILED, CONVERTED)}
    assert {row for row, _ in declined} == {row for row, _, _ in cells() if any(part in row for part in MAY_DECLINE)}


def test_the_page_shows_the_table_as_it_is():
    assert "\n".join(table()) in PAGE.read_text(), "python -m tests.schema.compiler.schematics_table prints it"


def test_an_odd_field_leaves_the_others_compiled_and_is_called_as_often_as_before():
    calls = []

    class Echo(t.StringType):
        def to_native(self, value, context=None):
            calls.append(value)
            return super().to_native(value, context).upper()

    book = model(year=t.IntType(), echo=Echo(serialized_name="e"))
    told = book.Schema.compiled
    assert told.load.fields == {"id": COMPILED, "year": COMPILED, "echo": "Echo is a type of its own"}
    assert functions(book).loads[WHOLE]({**ITEM, "year": {"N": "7"}, "e": {"S": "x"}}) == {
        "id": "1",
        "year": 7,
        "echo": "X",
    }
    assert functions(book).dumps[False]({"id": "1", "year": 7, "echo": "x"}) == {
        **ITEM,
        "year": {"N": "7"},
        "e": {"S": "X"},
    }
    assert calls == ["x", "x"]


def test_one_odd_field_of_a_nested_model_leaves_its_others_compiled():
    class Inner(Model):
        number = t.IntType(required=True)
        loud = Shouted()

    book = model(inner=t.ModelType(Inner))
    assert book.Schema.compiled.load.fields == {
        "id": COMPILED,
        "inner": COMPILED,
        "inner.number": COMPILED,
        "inner.loud": "Shouted is a type of its own",
    }
    wire = {"M": {"number": {"N": "7"}, "loud": {"S": "a"}}}
    assert functions(book).loads[WHOLE]({**ITEM, "inner": wire}) == {"id": "1", "inner": {"number": 7, "loud": "A!"}}


def test_anything_unexpected_gives_up():
    book = model(year=t.IntType(), day=t.DateType(), when=t.DateTimeType())
    load, dump = functions(book).loads[WHOLE], functions(book).dumps[True]
    assert load({**ITEM, "year": {"N": "7"}}) == {"id": "1", "year": 7}
    assert load({**ITEM, "year": {"NULL": True}}) == {"id": "1", "year": None}
    for item in ({}, {"id": {"N": "1"}}, {**ITEM, "year": {"N": "1.5"}}, {**ITEM, "day": {"S": "x"}}, {"id": {}}):
        assert load(item) is None
    assert dump({"id": "1", "year": 7}) == {**ITEM, "year": {"N": "7"}}
    for natives in ({}, {"id": 5}, {"id": "1", "year": "7"}, {"id": "1", "year": True}, {"id": "\ud800"}):
        assert dump(natives) is None
    for moment in (dt.datetime(99, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=5)))):
        assert dump({"id": "1", "when": moment}) is None


def test_validators_run_on_reads_and_saves_and_not_on_trusted_reads():
    def positive(value):
        if value < 0:
            raise ValidationError("negative")

    book = model(year=t.IntType(validators=[positive]))
    item = {**ITEM, "year": {"N": "-7"}}
    assert functions(book).loads[WHOLE](item) is None
    assert functions(book).loads[TRUSTED](item) == {"id": "1", "year": -7}
    assert functions(book).dumps[True]({"id": "1", "year": -7}) is None
    assert functions(book).dumps[False]({"id": "1", "year": -7}) == item


def test_validate_methods_of_the_model_see_what_schematics_shows_them():
    seen = []

    def validate_year(self, data, value, context):
        seen.append((self.year, dict(data), value, context.partial))
        if value == 7:
            raise ValidationError("unlucky")
        data["name"] = "changed"

    book = model(year=t.IntType(), name=t.StringType(), validate_year=validate_year)
    assert book.Schema.compiled
    item = {**ITEM, "year": {"N": "5"}}
    assert functions(book).loads[WHOLE](item) == {"id": "1", "year": 5, "name": "changed"}
    assert functions(book).loads[TRUSTED](item) == {"id": "1", "year": 5}
    assert functions(book).loads[PARTIAL](ITEM) == {"id": "1"}
    assert seen == [(5, {"id": "1", "year": 5, "name": None}, 5, False)]
    assert functions(book).dumps[True]({"id": "1", "year": 5}) == item
    assert len(seen) == 2
    assert functions(book).loads[WHOLE]({**ITEM, "year": {"N": "7"}}) is None
    assert functions(book).dumps[True]({"id": "1", "year": 7}) is None
    assert functions(book).dumps[False]({"id": "1", "year": 7}) == {**ITEM, "year": {"N": "7"}}
    with pytest.raises(Refused, match="unlucky"):
        book.from_item({**ITEM, "year": {"N": "7"}})


def test_validate_methods_see_models_where_natives_have_dicts():
    def validate_circles(self, data, value, context):
        assert [type(one) for one in self.circles] == [Circle]
        assert type(data["circle"]) is Circle
        assert (data["circle"].radius, value[0].radius, dict(value[0]), value[0]) == (1, 2, {"radius": 2}, value[0])

    members = {"circle": t.ModelType(Circle), "circles": t.ListType(t.ModelType(Circle))}
    book = model(**members, validate_circles=validate_circles)
    item = {**ITEM, "circle": {"M": {"radius": {"N": "1"}}}, "circles": {"L": [{"M": {"radius": {"N": "2"}}}]}}
    natives = {"id": "1", "circle": {"radius": 1}, "circles": [{"radius": 2}]}
    assert functions(book).loads[WHOLE](item) == natives
    assert functions(book).dumps[True](natives) == item
    for compiled in (True, False):
        assert book.from_item(item).to_dict(native=True) == natives
        assert book(**natives).to_item() == item
        if compiled:
            functions(book).loads[WHOLE] = functions(book).dumps[True] = functions(book).dumps[False] = lambda wire: (
                None
            )


def test_validate_methods_are_left_to_schematics_where_they_may_look_at_what_only_schematics_knows():
    def validate_shape(self, data, value, context):
        assert value is None or isinstance(value, Circle)

    book = model(shape=t.PolyModelType([Circle]), validate_shape=validate_shape)
    told = book.Schema.compiled
    assert "validate_shape, and shape is left to schematics" in told.load.reason
    assert functions(book).loads[TRUSTED](ITEM) == {"id": "1"}
    book.from_item({**ITEM, "shape": {"M": {"radius": {"N": "1"}}}})


def test_validate_methods_that_see_dumps_otherwise_than_stored_leave_saves_to_schematics():
    def validate_free(self, data, value, context):
        assert type(value) is not int

    book = model(free=t.BaseType(), validate_free=validate_free)
    told = book.Schema.compiled
    assert told.load and not told.dump
    assert functions(book).loads[WHOLE]({**ITEM, "free": {"N": "1"}}) is None
    assert book(id="1", free=1.0).to_item() == {**ITEM, "free": {"N": "1"}}


@pytest.mark.parametrize("quick", [True, False])
def test_instances_do_not_share_a_default(quick):
    book = model(raw=t.BaseType(default={"a": []}), words=t.ListType(t.StringType, default=[]))
    if not quick:
        adapter_of(book.Schema).compiled.loads[WHOLE] = lambda wire: None
    one, other = book.from_item(ITEM), book.from_item(ITEM)
    one.words.append("x")
    one.raw["a"].append("x")
    assert (other.words, other.raw) == ([], {"a": []})


def test_a_default_that_is_made_is_made_for_each_item():
    made = iter(range(100))
    book = model(number=t.IntType(default=lambda: next(made)), fixed=t.DecimalType(default="1.50"))
    load = functions(book).loads[WHOLE]
    assert [load(ITEM)["number"] for _ in range(3)] == [0, 1, 2]
    assert same(load(ITEM)["fixed"], Decimal("1.50"))


def test_names_enter_the_source_as_data_only():
    name = "x'\"\\\n']; raise SystemExit  # {}"
    members = {name: t.IntType(serialized_name=name + "stored", deserialize_from=[name + "old"])}
    assert account(**members)
    book = model(**members)
    assert functions(book).loads[WHOLE]({**ITEM, name + "old": {"N": "5"}}) == {"id": "1", name: 5}
    assert functions(book).dumps[True]({"id": "1", name: 5}) == {**ITEM, name + "stored": {"N": "5"}}


def test_a_model_that_nests_itself_is_compiled_once_for_all_depths():
    book = model(tree=t.ModelType(Tree))
    wire: dict = {"name": {"S": "0"}}
    natives: dict = {"name": "0", "below": None}
    for depth in range(1, 15):
        wire = {"name": {"S": str(depth)}, "below": {"L": [{"M": {"below": {"NULL": True}, **wire}}]}}
        natives = {"name": str(depth), "below": [natives]}
    item = {**ITEM, "tree": {"M": wire}}
    assert functions(book).loads[WHOLE](item) == {"id": "1", "tree": natives}
    assert functions(book).dumps[True]({"id": "1", "tree": natives}) == item
    assert set(book.Schema.compiled.load.fields.values()) == {COMPILED}


def test_models_and_dicts_are_dumped_alike_with_defaults_for_what_they_lack():
    class Size(Model):
        width = t.IntType(required=True, serialized_name="w")
        height = t.IntType(default=3)
        name = t.StringType()

    book = model(size=t.ModelType(Size), sizes=t.ListType(t.ModelType(Size)))
    dump = functions(book).dumps[True]
    wire = {"M": {"w": {"N": "2"}, "height": {"N": "3"}}}
    listed = {"M": {**wire["M"], "name": {"NULL": True}}}
    for size in (Size({"width": 2}), {"w": 2}, {"w": 2, "name": None, "height": 3}):
        assert dump({"id": "1", "size": size, "sizes": [size]}) == {**ITEM, "size": wire, "sizes": {"L": [listed]}}
    for odd in ({"height": 3}, Size({"height": 3}), Circle({"radius": 3}), {"width": 2}, {"w": 2, "more": 3}, 5):
        assert dump({"id": "1", "size": odd}) is None


def test_a_computed_value_sees_models_where_natives_have_dicts():
    def doubled(self):
        return self.circle.radius * 2

    book = model(circle=t.ModelType(Circle), when=t.DateTimeType(tzd="utc"), twice=t.serializable(doubled))
    dumped = functions(book).dumps[True]({"id": "1", "circle": {"radius": 4}})
    assert dumped == {**ITEM, "circle": {"M": {"radius": {"N": "4"}}}, "twice": {"N": "8"}}
    assert functions(book).dumps[True]({"id": "1"}) == ITEM


def test_a_computed_value_sees_what_was_assigned_inside_models_as_schematics_holds_it():
    class Event(Model):
        when = t.DateTimeType(tzd="utc")

    book = model(event=t.ModelType(Event), zone=t.serializable(lambda self: str(self.event.when.tzinfo)))
    dumped = functions(book).dumps[True]({"id": "1", "event": {"when": dt.datetime(2024, 1, 2)}})
    assert dumped["zone"] == {"S": "UTC"}
    assert dumped["event"] == {"M": {"when": {"S": "2024-01-02T00:00:00.000000+0000"}}}


def test_a_set_that_is_required_and_absent_is_empty_and_validated():
    book = model(words=Set(t.StringType, required=True))
    assert functions(book).loads[WHOLE](ITEM) == {"id": "1", "words": set()}
    strict = model(words=Set(t.StringType, required=True, min_size=1))
    assert functions(strict).loads[WHOLE](ITEM) is None


class Inner(Model):
    words = Set(t.StringType)
    more = Set(t.StringType, default={"a"})
    word = t.StringType(default="abc")
    share = t.FloatType()


class Plain(Model):
    word = t.StringType()
    year = t.IntType(default=7)


def nestings(kind):
    """Return every way to hold a model, and what makes the value that holds one of its."""
    return {
        "alone": (t.ModelType(kind), lambda inner: inner),
        "list": (t.ListType(t.ModelType(kind)), lambda inner: [inner]),
        "map": (t.DictType(t.ModelType(kind)), lambda inner: {"k": inner}),
        "deep": (t.ModelType(type("Deep", (Model,), {"a": t.ModelType(kind)})), lambda inner: {"a": inner}),
    }


@pytest.mark.parametrize("way", nestings(Inner))
@pytest.mark.parametrize("is_object", [False, True])
def test_constructors_keep_what_storage_does_not_keep_inside(way, is_object):
    field, held = nestings(Inner)[way]
    book = model(f=field)
    for changes in ({"words": set()}, {"more": set()}, {"words": {"b"}, "more": set()}, {"share": -0.0}):
        values = {"words": {"a"}, "more": {"b"}, "word": "x", "share": 1.5, **changes}
        found = book(id="1", f=held(Inner(values) if is_object else values)).f
        assert same(found, held(values)), changes


def test_constructors_keep_none_inside_where_an_object_has_it_in_place_of_a_default():
    inner = Inner({"word": "x"})
    inner.word = None
    kept = {"words": None, "more": {"a"}, "word": None, "share": None}
    for field, held in (nestings(Inner)[way] for way in ("alone", "map", "deep")):
        assert model(f=field)(id="1", f=held(inner)).f == held(kept)


@pytest.mark.parametrize("way", nestings(Plain))
def test_constructors_take_objects_and_dicts_without_schematics_where_storage_keeps_them(way):
    field, held = nestings(Plain)[way]
    given = functions(model(f=field)).given
    for inner, expected in (
        ({}, {"word": None, "year": 7}),
        ({"word": "x"}, {"word": "x", "year": 7}),
        (Plain(), {"word": None, "year": 7}),
        (Plain({"word": "x", "year": 8}), {"word": "x", "year": 8}),
    ):
        assert given.natives({"id": "1", "f": held(inner)}, True) == {"id": "1", "f": held(expected)}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "2024-05-17T12:34:56.000001+0000"),
        ({}, "2024-05-17T12:34:56.000000"),
        ({}, "2024-05-17T12:34:56.120000+0530"),
        ({"tzd": "utc"}, "2024-05-17T12:34:56.000000+0000"),
        ({"convert_tz": True}, "2024-05-17T12:34:56.000000+0000"),
        ({"tzd": "utc", "drop_tzinfo": True}, "2024-05-17T12:34:56.000000"),
    ],
)
def test_moments_are_read_and_written_as_schematics_does(options, text):
    field = t.DateTimeType(**options)
    book = model(when=t.DateTimeType(**options))
    item = {**ITEM, "when": {"S": text}}
    natives = functions(book).loads[WHOLE](item)
    assert same(natives, {"id": "1", "when": field.to_native(text)})
    assert functions(book).dumps[True](natives) == item
    assert field.to_primitive(natives["when"]) == text


def test_a_schema_with_a_method_of_schematics_overridden_is_not_dumped_by_generated_code():
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)

    told = account(id=t.StringType(), __setattr__=__setattr__)
    assert told.load and not told.dump
    assert "overrides __setattr__" in told.dump.reason


@pytest.mark.parametrize(
    ("field", "value", "wire"),
    [
        (Binary(), b"x", {"B": b"x"}),
        (Timestamp(), dt.datetime(2024, 5, 6, tzinfo=dt.timezone.utc), {"N": "1714953600"}),
        (UTCDateTime(), dt.datetime(2024, 5, 6, tzinfo=dt.timezone.utc), {"S": "2024-05-06T00:00:00.000000Z"}),
        (t.MD5Type(), "0" * 32, {"S": "0" * 32}),
    ],
    ids=["Binary", "Timestamp", "UTCDateTime", "MD5"],
)
def test_values_that_load_to_themselves_are_put_by_generated_code(field, value, wire):
    book = model(f=field)
    assert book._dynamorm.adapter.compiled.given.wire({"id": "1", "f": value}) == {**ITEM, "f": wire}

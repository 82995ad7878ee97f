"""What is compiled of marshmallow's schemas, what is not and why, and that it stays safe."""

from __future__ import annotations

import linecache
import threading
import uuid
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("marshmallow")

from marshmallow import Schema, ValidationError, fields, post_dump, post_load, pre_load, validates_schema

from dynamorm import DynaModel
from dynamorm.schema import TRUSTED, WHOLE
from dynamorm.schema.base import adapter_of
from dynamorm.schema.compiler import COMPILED, CONVERTED, stored_items
from dynamorm.schema.marshmallow import Set

from .agreement import agree, mappers
from .marshmallow_schemas import VERSION, Shouted
from .marshmallow_table import cells, table
from .sameness import outcome, same
from .tables import account

PAGE = Path(__file__).parents[3] / "docs" / "compiled.rst"
MAY_DECLINE = ("fields.Function", "fields.Method", "overrides a method", "of the user's", "pre_load")


def model(**members):
    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "id"
            read = 1
            write = 1

        Schema = type("Schema", (), {"id": fields.String(required=True), **members})

    return Book


def functions(book):
    return adapter_of(book.Schema).compiled


ITEM = {"id": {"S": "1"}}


def test_every_field_of_marshmallow_is_compiled_with_every_option():
    declined = {(row, option): told for row, option, told in cells() if told not in (COMPILED, CONVERTED)}
    assert {row for row, _ in declined} == {row for row, _, _ in cells() if any(part in row for part in MAY_DECLINE)}


@pytest.mark.skipif(VERSION < (4, 3), reason="the page tells of the newest marshmallow")
def test_the_page_shows_the_table_as_it_is():
    assert "\n".join(table()) in PAGE.read_text(), "python -m tests.schema.compiler.marshmallow_table prints it"


@pytest.mark.parametrize("hook", [pre_load, post_load, validates_schema, post_dump])
def test_a_hook_declines_the_schema_and_is_named(hook):
    def touched(self, data, **kwargs):
        return data

    told = account(id=fields.String(), touched=hook(touched))
    assert not told.dump
    assert f"{hook.__name__} hook, touched" in str(told.dump)
    assert bool(told.load) is (hook is post_dump)
    assert bool(told) is False


def test_an_overridden_method_declines_the_schema_and_is_named():
    def get_attribute(self, obj, attr, default):
        return "always"

    told = account(id=fields.String(), get_attribute=get_attribute)
    assert told.load and not told.dump
    assert "overrides get_attribute" in told.dump.reason


def test_an_odd_field_leaves_the_others_compiled_and_gets_what_it_wants_to_see():
    class Echo(fields.String):
        def _deserialize(self, value, attr, data, **kwargs):
            return f"{attr}:{value}:{sorted(data.items())}"

        def _serialize(self, value, attr, obj, **kwargs):
            return f"{attr}:{value}:{sorted(obj)}"

    book = model(year=fields.Integer(), echo=Echo(data_key="e"))
    told = book.Schema.compiled
    assert told.load.fields == {"id": COMPILED, "year": COMPILED, "echo": "Echo is a field class of its own"}
    loaded = functions(book).loads[WHOLE]({**ITEM, "year": {"N": "7"}, "e": {"S": "x"}, "more": {"S": "y"}})
    assert loaded == {"id": "1", "year": 7, "echo": "e:x:[('e', 'x'), ('id', '1'), ('year', 7)]"}
    dumped = functions(book).dumps[False]({"id": "1", "year": 7, "echo": "x"})
    assert dumped["e"] == {"S": "echo:x:['echo', 'id', 'year']"}


def test_the_functions_are_generated_when_first_used_and_only_once(monkeypatch):
    made = Counter()
    genuine = stored_items.compile_load

    def counted(plan, structs):
        made[plan.name] += 1
        return genuine(plan, structs)

    monkeypatch.setattr(stored_items, "compile_load", counted)
    book = model(year=fields.Integer())
    assert not made
    barrier = threading.Barrier(8)

    def read():
        barrier.wait()
        assert functions(book).loads[WHOLE](ITEM) == {"id": "1"}

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == {"BookSchema": 1}


def test_anything_unexpected_gives_up():
    book = model(year=fields.Integer(), day=fields.Date())
    load, dump = functions(book).loads[WHOLE], functions(book).dumps[True]
    assert load({**ITEM, "year": {"N": "7"}}) == {"id": "1", "year": 7}
    for item in ({}, {"id": {"N": "1"}}, {**ITEM, "year": {"N": "x"}}, {**ITEM, "day": {"S": "x"}}, {"id": {}}):
        assert load(item) is None
    assert dump({"id": "1", "year": 7}) == {**ITEM, "year": {"N": "7"}}
    for natives in ({}, {"id": 5}, {"id": "1", "year": "7"}, {"id": "1", "year": True}, {"id": "\ud800"}):
        assert dump(natives) is None


def test_validators_run_on_reads_and_saves_and_not_on_trusted_reads():
    def positive(value):
        if value < 0:
            raise ValidationError("negative")

    book = model(year=fields.Integer(validate=positive))
    item = {**ITEM, "year": {"N": "-7"}}
    assert functions(book).loads[WHOLE](item) is None
    assert functions(book).loads[TRUSTED](item) == {"id": "1", "year": -7}
    assert functions(book).dumps[True]({"id": "1", "year": -7}) is None
    assert functions(book).dumps[False]({"id": "1", "year": -7}) == item


@pytest.mark.parametrize("way", ["load_default", "dump_default"])
@pytest.mark.parametrize("quick", [True, False])
def test_instances_do_not_share_a_default(way, quick):
    book = model(raw=fields.Raw(**{way: {"a": []}}), words=fields.List(fields.String(), **{way: []}))
    if not quick:
        adapter_of(book.Schema).compiled.loads[WHOLE] = lambda wire: None
    one, other = book.from_item(ITEM), book.from_item(ITEM)
    one.words.append("x")
    one.raw["a"].append("x")
    assert (other.words, other.raw) == ([], {"a": []})
    assert book.from_item(ITEM).raw == book(id="2").raw == {"a": []}


def test_names_enter_the_source_as_data_only():
    name = "x'\"\\\n']; raise SystemExit  # {}"
    told = account(**{name: fields.Integer(data_key=name + "stored")})
    assert told.load and told.dump
    book = model(**{name: fields.Integer(data_key=name + "stored")})
    item = {**ITEM, name + "stored": {"N": "5"}}
    assert functions(book).loads[WHOLE](item) == {"id": "1", name: 5}
    assert functions(book).dumps[True]({"id": "1", name: 5}) == item


def test_a_schema_that_nests_itself_is_compiled_once_for_all_depths():
    class Node(Schema):
        name = fields.String(required=True)
        below = fields.List(fields.Nested(lambda: Node))

    book = model(tree=fields.Nested(Node))
    wire: dict = {"name": {"S": "0"}}
    natives: dict = {"name": "0"}
    for depth in range(1, 15):
        wire = {"name": {"S": str(depth)}, "below": {"L": [{"M": wire}]}}
        natives = {"name": str(depth), "below": [natives]}
    item = {**ITEM, "tree": {"M": wire}}
    assert functions(book).loads[WHOLE](item) == {"id": "1", "tree": natives}
    assert functions(book).dumps[True]({"id": "1", "tree": natives}) == item
    assert set(book.Schema.compiled.load.fields.values()) == {COMPILED}


def test_a_field_named_like_a_method_of_dicts_is_absent_when_it_is_absent():
    book = model(items=fields.List(fields.String()), keys=fields.String())
    for check in (True, False):
        assert functions(book).dumps[check]({"id": "1"}) == ITEM
    assert book(id="1").to_dict() == {"id": "1"}


def test_a_set_that_is_required_and_absent_is_empty_and_validated():
    book = model(words=Set(fields.String(), required=True))
    assert functions(book).loads[WHOLE](ITEM) == {"id": "1", "words": set()}
    strict = model(words=Set(fields.String(), required=True, validate=len))
    assert functions(strict).loads[WHOLE](ITEM) == {"id": "1", "words": set()}


class Inner(Schema):
    word = fields.String(dump_default="abc")
    year = fields.Integer(load_default=7, dump_default=8)
    words = Set(fields.String())
    shares = Set(fields.Float())
    share = fields.Float()


class Outer(Schema):
    inner = fields.Nested(Inner)


class Demanding(Schema):
    word = fields.String(required=True, allow_none=True)


def nestings(kind):
    """Return every way to hold a schema, and what makes the value that holds one of its."""
    return {
        "alone": (fields.Nested(kind), lambda inner: inner),
        "many": (fields.Nested(kind, many=True), lambda inner: [inner]),
        "list": (fields.List(fields.Nested(kind)), lambda inner: [inner]),
        "map": (fields.Dict(fields.String(), fields.Nested(kind)), lambda inner: {"k": inner}),
        "deep": (fields.Nested(Schema.from_dict({"a": fields.Nested(kind)})), lambda inner: {"a": inner}),
    }


@pytest.mark.parametrize("way", nestings(Inner))
def test_constructors_add_nothing_that_only_dumps_add_inside(way):
    nested, held = nestings(Inner)[way]
    book = model(f=nested)
    assert book(id="1", f=held({})).f == held({"year": 7})
    assert book(id="1", f=held({"word": "x", "year": 9})).f == held({"word": "x", "year": 9})
    given = functions(book).given
    assert given.natives({"id": "1", "f": held({})}, True) is not None, "it is left to marshmallow"
    assert book(id="1", f=held({})).to_item()["f"] == book(id="1", f=held({"word": "abc", "year": 7})).to_item()["f"]


@pytest.mark.parametrize("way", nestings(Inner))
@pytest.mark.parametrize("inner", [{"words": set()}, {"share": -0.0}, {"shares": {-0.0}}], ids=repr)
def test_constructors_keep_what_storage_does_not_keep_inside(way, inner):
    nested, held = nestings(Inner)[way]
    assert same(model(f=nested)(id="1", f=held(inner)).f, held({**inner, "year": 7}))


def test_constructors_keep_empty_sets_in_maps_whose_keys_are_converted():
    book = model(f=fields.Dict(fields.UUID(), Set(fields.String())))
    given = {uuid.UUID(int=5): set(), uuid.UUID(int=6): {"a"}}
    assert book(id="1", f=given).f == given


@pytest.mark.parametrize("way", nestings(Demanding))
def test_constructors_demand_what_a_schema_inside_demands_though_storage_cannot_hold_it(way):
    nested, held = nestings(Demanding)[way]
    compiled, plain = mappers(type("Schema", (), {"id": fields.String(), "f": nested}))
    for inner in ({}, {"word": None}, {"word": "x"}):
        found, expected = (outcome(mapper.given, {"id": "1", "f": held(inner)}) for mapper in (compiled, plain))
        assert found[0] == ("value" if inner else "error")
        agree(found, expected, f"constructor with {inner}")


@pytest.mark.parametrize("way", nestings(Inner))
@pytest.mark.parametrize(
    "word",
    [
        fields.String(),
        fields.String(allow_none=True),
        fields.String(dump_default="abc"),
        fields.String(load_default="abc"),
        fields.String(load_default="abc", dump_default="xyz"),
        fields.String(required=True, dump_default="abc"),
        fields.String(required=True, allow_none=True),
    ],
    ids=repr,
)
def test_puts_and_updates_write_what_marshmallow_makes_of_what_is_absent_or_none_inside(way, word):
    nested, held = nestings(Schema.from_dict({"word": word, "year": fields.Integer()}))[way]
    compiled, plain = mappers(type("Schema", (), {"id": fields.String(), "f": nested}))
    for inner in ({"year": 7}, {"word": None, "year": 7}, {"word": "x"}):
        put = {"id": "1", "f": held(inner)}
        expected = outcome(plain.wire_of_new, put)
        agree(outcome(compiled.wire_of_new, put), expected, f"put of {inner}")
        updated = compiled.adapter.compiled.parts["f", True](put["f"])
        assert updated is None or updated == expected[1]["f"], f"update to {inner}"


@pytest.mark.parametrize("way", nestings(Inner))
def test_puts_and_updates_leave_to_marshmallow_only_what_it_fills_in(way):
    word = fields.String(dump_default="abc")
    nested, held = nestings(Schema.from_dict({"word": word, "year": fields.Integer()}))[way]
    generated = functions(model(f=nested))
    for inner in ({}, {"year": 7}, {"word": None, "year": 7}, {"word": "x"}):
        put = {"id": "1", "f": held(inner)}
        assert generated.given.wire(put) == {**ITEM, "f": generated.parts["f", True](put["f"])} != ITEM


def test_a_function_of_a_schema_inside_sees_even_what_has_its_own_name():
    inner = Schema.from_dict({"size": fields.Function(len), "word": fields.String()})
    compiled, _ = mappers(type("Schema", (), {"id": fields.String(), "f": fields.Nested(inner)}))
    for check in (True, False):
        for natives, size in (({"word": "x"}, 1), ({"word": "x", "size": None}, 2), ({"size": 5}, 1)):
            dumped = compiled.dump({"id": "1", "f": natives}, check=check)
            assert dumped["f"]["M"]["size"] == {"N": str(size)}


def test_the_account_can_be_printed():
    told = str(model(name=Shouted()).Schema.compiled)
    assert told == (
        "BookSchema.load: compiled\n    id    compiled\n    name  Shouted is a field class of its own\n"
        "BookSchema.dump: compiled\n    id    compiled\n    name  Shouted is a field class of its own"
    )


def test_tracebacks_show_the_generated_source():
    book = model()
    text = book.Schema.compiled.load.source
    file = functions(book).stored[WHOLE].load.__code__.co_filename
    assert linecache.getlines(file)[0].rstrip() == text.splitlines()[0]

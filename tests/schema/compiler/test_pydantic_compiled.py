"""What is compiled of pydantic's models, which way values take, and that it stays safe."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest

pytest.importorskip("pydantic")

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from dynamorm import DynaModel
from dynamorm.schema import PARTIAL, TRUSTED, WHOLE
from dynamorm.schema.base import adapter_of
from dynamorm.schema.compiler import COMPILED, CONVERTED
from dynamorm.schema.pydantic import load_layouts
from dynamorm.schema.pydantic.validators import compile_fields_validator
from dynamorm.wire.codec import decode_value

from .agreement import agree, compare_loads, mappers
from .items import Color
from .pydantic_table import cells, table
from .sameness import outcome

PAGE = Path(__file__).parents[3] / "docs" / "compiled.rst"
VERSION = tuple(int(part) for part in version("pydantic").split(".")[:2])
PLAIN = {f"``{name}``" for name in ("str", "int", "float", "Decimal", "bool", "list[str]", "set[str]")}
ITEM = {"id": {"S": "1"}}


def model(config=None, **annotations):
    members = annotations.pop("members", {})
    if config is not None:
        members["model_config"] = config

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "id"
            read = 1
            write = 1

        Schema = type("Schema", (), {"__annotations__": {"id": str, **annotations}, **members})

    return Book


def functions(book):
    return adapter_of(book.Schema).compiled


class Leaf(BaseModel):
    name: str
    count: int = 0


def test_every_type_of_pydantic_is_compiled_with_every_option():
    told = {part for _, _, loading, dumping in cells() for part in (loading, dumping)}
    assert told == {COMPILED, CONVERTED}
    loaded = {row for row, option, loading, _ in cells() if option == "alone" and loading == COMPILED}
    assert loaded == PLAIN
    dumped = {row for row, option, _, dumping in cells() if option == "alone" and dumping == COMPILED}
    assert dumped > PLAIN and "a list of nested models" in dumped and "``datetime``" in dumped


@pytest.mark.skipif(VERSION < (2, 12), reason="the page tells of the newest pydantic")
def test_the_page_shows_the_table_as_it_is():
    assert "\n".join(table()) in PAGE.read_text(), "python -m tests.schema.compiler.pydantic_table prints it"


def test_an_item_of_any_shape_takes_the_generated_function():
    book = model(year=int, day=dt.date, leaf=Leaf, leaves=list[Leaf], note=str | None)
    wire = {
        **ITEM,
        "year": {"N": "7"},
        "day": {"S": "2024-05-06"},
        "leaf": {"M": {"name": {"S": "a"}, "count": {"N": "2"}, "more": {"S": "x"}}},
        "leaves": {"L": [{"M": {"name": {"S": "b"}}}]},
        "note": {"NULL": True},
    }
    natives = functions(book).loads[WHOLE](wire)
    assert natives == {
        "id": "1",
        "year": 7,
        "day": dt.date(2024, 5, 6),
        "leaf": Leaf(name="a", count=2),
        "leaves": [Leaf(name="b")],
        "note": None,
    }
    assert natives["leaves"][0].model_fields_set == {"name"}
    del wire["note"], wire["leaf"]["M"]["more"]
    wire["leaves"]["L"][0]["M"]["count"] = {"N": "0"}
    for check in (True, False):
        assert functions(book).dumps[check](natives) == wire


def test_the_engine_is_asked_only_about_what_is_not_plain_or_where_something_is_missing(monkeypatch):
    asked = []

    def noted(*arguments: Any) -> Any:
        validate = compile_fields_validator(*arguments)

        def noting(values: Any) -> Any:
            asked.append(values)
            return validate(values)

        return noting

    monkeypatch.setattr(load_layouts, "compile_fields_validator", noted)
    book = model(year=int, words=list[str])
    item = {**ITEM, "year": {"N": "7"}, "words": {"L": [{"S": "a"}]}}
    assert functions(book).loads[WHOLE](item) == {"id": "1", "year": 7, "words": ["a"]}
    assert functions(book).loads[WHOLE]({**item, "year": {"N": "7.5"}}) is None
    assert functions(book).loads[WHOLE]({**item, "id": {"S": "\ud800"}}) is None
    assert asked == []
    assert functions(book).loads[WHOLE]({**ITEM, "year": {"N": "7"}}) is None
    assert asked == [{"id": "1", "year": 7}]


@pytest.mark.parametrize("mode", [WHOLE, PARTIAL, TRUSTED])
def test_what_is_strange_gives_up(mode):
    book = model(year=int)
    for item in (
        {**ITEM, "year": {"S": "x"}},
        {"id": {}},
        {**ITEM, "year": {"X": "1"}},
        {**ITEM, "year": {"N": "nan"}},
    ):
        assert functions(book).loads[mode](item) is None


def test_a_type_that_pydantic_converts_is_converted_in_the_fast_path():
    book = model(code=Annotated[int, Field(multiple_of=7)])
    assert functions(book).loads[WHOLE]({**ITEM, "code": {"S": "42"}}) == {"id": "1", "code": 42}


def test_natives_of_other_types_and_invalid_ones_give_up():
    book = model(year=Annotated[int, Field(ge=0)], leaf=Leaf)
    leaf = Leaf(name="a")
    good = {"id": "1", "year": 7, "leaf": leaf}
    assert functions(book).dumps[True](good) is not None
    broken = Leaf(name="a")
    broken.count = None
    for name, value in {"year": -7, "id": 5, "leaf": {"name": "a"}}.items():
        assert functions(book).dumps[True]({**good, name: value}) is None
    for name, value in {"id": 5, "leaf": broken, "year": True}.items():
        assert functions(book).dumps[False]({**good, name: value}) is None
    assert functions(book).dumps[False]({**good, "year": -7})["year"] == {"N": "-7"}
    for missing in good:
        assert functions(book).dumps[True]({name: value for name, value in good.items() if name != missing}) is None


def test_validators_see_what_is_stored_on_reads_and_saves():
    seen = []

    def look(value: Any) -> Any:
        seen.append(value)
        return value

    book = model(
        day=Annotated[dt.date, BeforeValidator(look), AfterValidator(look)],
        price=Annotated[Decimal, AfterValidator(look)],
    )
    natives = functions(book).loads[WHOLE]({**ITEM, "day": {"S": "2024-05-06"}, "price": {"N": "1.5"}})
    assert seen == ["2024-05-06", dt.date(2024, 5, 6), Decimal("1.5")]
    seen.clear()
    assert functions(book).dumps[True](natives)
    assert seen == ["2024-05-06", dt.date(2024, 5, 6), Decimal("1.5")]
    seen.clear()
    assert functions(book).dumps[False](natives)
    assert seen == []


def _together(self: Any) -> Any:
    if self.id == str(self.year):
        raise ValueError("the same")
    return self


def _after_others(cls: Any, value: Any, info: ValidationInfo) -> Any:
    if info.data["id"] == str(value):
        raise ValueError("the same")
    return value


@pytest.mark.parametrize("config", [None, ConfigDict(extra="allow")])
@pytest.mark.parametrize(
    "hook",
    [
        model_validator(mode="after")(_together),
        field_validator("year")(classmethod(_after_others)),  # type: ignore[type-var]
    ],
)
def test_functions_that_see_several_values_see_them_in_the_fast_path(hook, config):
    book = model(config, year=int, members={"hook": hook})
    item = {**ITEM, "year": {"N": "7"}}
    assert functions(book).loads[WHOLE](item) == {"id": "1", "year": 7}
    assert functions(book).dumps[True]({"id": "1", "year": 7}) == item
    assert functions(book).loads[WHOLE]({**ITEM, "year": {"N": "1"}}) is None
    assert functions(book).dumps[True]({"id": "1", "year": 1}) is None
    assert functions(book).dumps[False]({"id": "1", "year": 1}) == {**ITEM, "year": {"N": "1"}}
    assert set(book.Schema.compiled.dump.fields.values()) == {CONVERTED}


def test_computed_fields_are_computed_from_settled_values_while_the_others_stay_compiled():
    def told(self: Any) -> str:
        return f"{self.year * 2} {self.kind!r} {self.note}"

    told_field = computed_field(return_type=str)(property(told))
    book = model(year=int, kind=Literal["a", "b"], note=str | None, members={"told": told_field})
    natives = {"id": "1", "year": 7, "kind": "a", "note": None}
    item = {**ITEM, "year": {"N": "7"}, "kind": {"S": "a"}}
    for check in (True, False):
        assert functions(book).dumps[check](natives) == {**item, "told": {"S": "14 'a' None"}}
    assert functions(book).dumps[False]({**natives, "kind": "c"}) is None
    del natives["id"]
    assert functions(book).dumps[False](natives) == {"year": {"N": "7"}, "kind": {"S": "a"}}
    dumped = book.Schema.compiled.dump.fields
    assert (dumped["year"], dumped["told"]) == (COMPILED, "it is computed by a function of the user's")


def test_computed_fields_and_serialisers_are_dumped_in_the_fast_path():
    def double(self: Any) -> int:
        return self.year * 2

    def shown(self: Any, value: int) -> str:
        return f"{self.id}:{value}"

    members = {"double": computed_field(return_type=int)(property(double)), "shown": field_serializer("year")(shown)}
    book = model(year=int, members=members)
    assert functions(book).dumps[False]({"id": "1", "year": 7}) == {**ITEM, "year": {"S": "1:7"}, "double": {"N": "14"}}
    assert functions(book).loads[WHOLE]({**ITEM, "year": {"N": "7"}, "double": {"N": "14"}}) == {"id": "1", "year": 7}


def test_what_is_stored_of_a_computed_value_inside_is_passed_over_whatever_it_is():
    class Sized(BaseModel):
        words: list[str]

        @computed_field
        def size(self) -> int:
            return len(self.words)

    book = model(sized=Sized)
    item = {**ITEM, "sized": {"M": {"words": {"L": []}, "size": {"N": "1_0"}}}}
    assert functions(book).loads[WHOLE](item)["sized"].size == 0
    compare_loads(*mappers(book.Schema), item, WHOLE, "a computed value")


@pytest.mark.parametrize("hook", [None, "field_serializer", "computed_field"])
def test_a_scalar_that_is_assigned_to_a_text_is_stored_as_the_same_text_by_any_way(hook):
    def shown(value: Any) -> str:
        return repr(value)

    members = {
        None: {},
        "field_serializer": {"hook": field_serializer("note")(lambda self, value: shown(value))},
        "computed_field": {"hook": computed_field(return_type=str)(property(lambda self: self.note))},
    }
    note = Annotated[str, PlainValidator(str)]
    if hook != "field_serializer":
        note = Annotated[note, PlainSerializer(shown)]
    book = model(note=note, members=members[hook])
    compiled, plain = mappers(book.Schema)
    for value in (dt.datetime(2024, 5, 6), dt.date(2024, 5, 6), dt.time(7), UUID(int=1)):
        natives = {"id": "1", "note": value}
        assert functions(book).dumps[False](natives) == plain.dump(natives, check=False)
        assert plain.dump(natives)["note"] == {"S": repr(str(value))}
        for mapper in (compiled, plain):
            assert mapper.wire_of(mapper.fields["note"], value) == {"S": repr(str(value))}


def test_a_model_that_nests_itself_is_compiled_once_for_all_depths():
    book = model(tree=Node)
    wire: dict = {"name": {"S": "0"}, "below": {"L": []}}
    node = Node(name="0")
    for depth in range(1, 15):
        wire = {"name": {"S": str(depth)}, "below": {"L": [{"M": wire}]}}
        node = Node(name=str(depth), below=[node])
    assert functions(book).loads[WHOLE]({**ITEM, "tree": {"M": wire}}) == {"id": "1", "tree": node}
    assert functions(book).dumps[True]({"id": "1", "tree": node}) == {**ITEM, "tree": {"M": wire}}
    assert set(book.Schema.compiled.dump.fields.values()) == {COMPILED}


class Node(BaseModel):
    name: str
    below: list[Node] = Field(default_factory=list)


def test_a_nested_model_that_keeps_what_it_does_not_know_gets_it():
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")
        name: str

    book = model(inner=Open)
    item = {**ITEM, "inner": {"M": {"name": {"S": "a"}, "more": {"L": [{"N": "1"}]}, "none": {"NULL": True}}}}
    inner = functions(book).loads[WHOLE](item)["inner"]
    assert (inner.name, inner.model_extra) == ("a", {"more": [1], "none": None})
    dumped = functions(book).dumps[True]({"id": "1", "inner": inner})
    assert dumped == {**ITEM, "inner": {"M": {"name": {"S": "a"}, "more": {"L": [{"N": "1"}]}}}}


@pytest.mark.parametrize("wire", [{"name": {"S": "a"}, "count": {"N": "2"}}, {"name": {"S": "a"}}])
def test_nested_models_that_are_read_are_like_those_that_pydantic_makes(wire):
    natives = functions(model(leaf=Leaf, leaves=list[Leaf])).loads[WHOLE](
        {**ITEM, "leaf": {"M": wire}, "leaves": {"L": [{"M": wire}]}}
    )
    expected = Leaf.model_validate({"name": "a", "count": 2} if "count" in wire else {"name": "a"})
    for leaf in (natives["leaf"], *natives["leaves"]):
        assert leaf.__getstate__() == expected.__getstate__()
    natives["leaf"].model_fields_set.clear()
    assert natives["leaves"][0].model_fields_set == expected.model_fields_set


@pytest.mark.parametrize(
    ("kind", "stored", "refused"),
    [
        (Annotated[int, Field(ge=0, lt=5)], {"N": "4"}, {"N": "5"}),
        (Annotated[int, Field(gt=0)], {"N": "1"}, {"N": "0"}),
        (Annotated[float, Field(le=1)], {"N": "1"}, {"N": "1.5"}),
        (Annotated[Decimal, Field(ge=Decimal("0.5"))], {"N": "0.5"}, {"N": "0.4"}),
        (Annotated[str, Field(min_length=2)], {"S": "é\N{GRINNING FACE}"}, {"S": "\N{GRINNING FACE}"}),
        (Annotated[str, Field(pattern="^a+$")], {"S": "aa"}, {"S": "b"}),
        (Annotated[list[str], Field(max_length=1)], {"L": [{"S": "a"}]}, {"L": [{"S": "a"}, {"S": "b"}]}),
        (Literal["a", "b"], {"S": "b"}, {"S": "c"}),
        (Literal[1, 7], {"N": "7"}, {"N": "2"}),
        (Color, {"S": "g"}, {"S": "GREEN"}),
        (dict[str, int], {"M": {"a": {"N": "1"}}}, {"M": {"a": {"S": "x"}}}),
        (UUID, {"S": "00000000-0000-0000-0000-000000000007"}, {"S": "7"}),
    ],
)
def test_what_a_schema_demands_of_plain_values_is_demanded_on_reads_saves_and_puts(kind, stored, refused):
    book = model(value=kind)
    compiled, adapter = functions(book), adapter_of(book.Schema)
    natives = compiled.loads[WHOLE]({**ITEM, "value": stored})
    assert natives == adapter.natives_of_stored({"id": "1", "value": decode_value(stored)})
    assert compiled.dumps[True](natives) == compiled.given.wire(natives) == {**ITEM, "value": stored}
    assert compiled.loads[WHOLE]({**ITEM, "value": refused}) is None
    wrong = {"id": "1", "value": decode_value(refused)}
    assert compiled.dumps[True](wrong) is None
    assert compiled.given.wire(wrong) is None


def test_a_validator_that_changes_a_list_changes_nothing_of_what_is_saved():
    def added(value: list[str]) -> list[str]:
        value.append("x")
        return value

    book = model(words=Annotated[list[str], BeforeValidator(added)])
    natives = {"id": "1", "words": ["a"]}
    assert functions(book).dumps[True](natives) == {**ITEM, "words": {"L": [{"S": "a"}]}}
    assert natives["words"] == ["a"]


def test_a_moment_that_is_stored_as_a_number_is_left_to_pydantic():
    book = model(at=dt.datetime)
    assert functions(book).loads[WHOLE]({**ITEM, "at": {"N": "0"}}) is None
    assert book.from_item({**ITEM, "at": {"N": "0"}}).at == dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def test_what_is_put_is_validated_once_and_neither_settled_nor_checked_again():
    seen = []

    def look(value: Any) -> Any:
        seen.append(value)
        return value

    watched = Annotated[dt.date, BeforeValidator(look), AfterValidator(look)]
    book = model(day=watched, leaf=Leaf, note=str | None, more=Annotated[int, Field(default=5)])
    given = {"id": "1", "day": "2024-05-06", "leaf": {"name": "a"}}
    put = functions(book).given.wire({**given, "note": "x"})
    leaf = {"M": {"name": {"S": "a"}, "count": {"N": "0"}}}
    assert put == {**ITEM, "day": {"S": "2024-05-06"}, "leaf": leaf, "note": {"S": "x"}, "more": {"N": "5"}}
    assert seen == ["2024-05-06", dt.date(2024, 5, 6)]
    assert functions(book).given.wire({**given, "note": None, "more": None}) == {
        name: value for name, value in put.items() if name != "note"
    }
    assert functions(book).given.wire(given) is None


@pytest.mark.parametrize(
    "hook",
    [
        model_validator(mode="before")(classmethod(lambda cls, values: {**values, "year": int(values["year"])})),
        model_validator(mode="after")(_together),
        field_validator("year")(classmethod(_after_others)),  # type: ignore[type-var]
        field_serializer("year")(lambda self, value: value),
        computed_field(return_type=int)(property(lambda self: self.year * 2)),
    ],
)
def test_what_is_put_takes_the_fast_path_whatever_functions_a_model_has(hook):
    book = model(year=int, other=Annotated[str, Field(default="x", alias="Other")], members={"hook": hook})
    wire = functions(book).given.wire({"id": "1", "year": 7, "Other": "y"})
    assert wire is not None
    assert (wire.pop("hook", {"N": "14"}), wire) == ({"N": "14"}, {**ITEM, "year": {"N": "7"}, "Other": {"S": "y"}})
    assert functions(book).given.wire({"id": "1", "year": "x"}) is None


class Lenient(Enum):
    A = "a"
    B = "b"

    @classmethod
    def _missing_(cls, value: Any) -> Any:
        return cls.A


class OfLenient(BaseModel):
    kind: Lenient = Lenient.B


class OpenAndComputing(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def length(self) -> int:
        return len(self.name)


def _telling(cls: Any, values: Any) -> Any:
    return {**values, "word": type(values["word"]).__name__}


def _without_word(self: Any) -> Any:
    del self.word
    return self


@pytest.mark.parametrize(
    ("given", "annotations", "hook"),
    [
        ({"value": {"kind": None}}, {"value": OfLenient}, None),
        ({"value": {"name": "a", "length": 7}}, {"value": OpenAndComputing}, None),
        ({"word": dt.date(2024, 5, 6)}, {"word": str}, model_validator(mode="before")(classmethod(_telling))),
        ({}, {"value": Annotated[int, Field(default=None)], "leaf": Annotated[Leaf, Field(default=None)]}, None),
        ({}, {"value": Annotated[int, PlainSerializer(lambda value: f"<{value}>"), Field(default=None)]}, None),
        ({"year": 7}, {"year": int, "note": str | None}, model_validator(mode="after")(_without_word)),
        ({"word": "a"}, {"word": str}, model_validator(mode="after")(_without_word)),
        ({"word": "a"}, {"word": str | None}, model_validator(mode="after")(_without_word)),
        (
            {"word": "a"},
            {"word": str, "more": Annotated[int, Field(default=1)]},
            {
                "delete": model_validator(mode="after")(_without_word),
                "write": field_serializer("more")(lambda self, value: value),
                "compute": computed_field(return_type=int)(property(lambda self: 7)),
            },
        ),
        ({"word": "a"}, {"word": Annotated[str, AfterValidator(lambda word: 5)]}, None),
        ({"word": "a"}, {"word": str}, model_serializer(lambda self: {"id": self.id, "told": self.word * 2})),
        (
            {"word": "a"},
            {"word": str | None, "note": Annotated[str | None, Field(default=None)]},
            computed_field(return_type=str)(property(lambda self: repr(sorted(self.model_fields_set)))),
        ),
        (
            {"word": "a"},
            {"word": str, "note": Annotated[str, Field(default=None)]},
            computed_field(return_type=str)(property(lambda self: repr(sorted(self.model_fields_set)))),
        ),
    ],
)
def test_what_is_put_becomes_what_pydantic_makes_of_it(given, annotations, hook):
    members = hook if isinstance(hook, dict) else {} if hook is None else {"hook": hook}
    inner = type("Schema", (), {"__annotations__": {"id": str, **annotations}, **members})
    compiled, plain = mappers(inner)
    for put in ({"id": "1", **given}, given):
        agree(outcome(compiled.wire_of_new, dict(put)), outcome(plain.wire_of_new, dict(put)), f"put of {put}")
        agree(outcome(compiled.given, dict(put)), outcome(plain.given, dict(put)), f"constructor with {put}")


def test_functions_see_what_a_constructor_is_given_in_the_usual_form_only():
    seen = []

    def look(value: Any) -> Any:
        seen.append(value)
        return value

    book = model(word=Annotated[str, BeforeValidator(look)], leaf=Annotated[Leaf, BeforeValidator(look)], count=int)
    day = dt.date(2024, 5, 6)
    for given in (book(id=day, word=day, leaf={"name": day, "count": None}, count=1), book(id="1", word="x", count=1)):
        assert (type(given.id), type(given.word)) == (str, str)
    assert seen == ["2024-05-06", {"name": "2024-05-06"}] * 2 + ["x"]
    assert given.leaf is None


class Holding(BaseModel):
    words: set[str] = {"a"}
    share: float = 1.5
    note: str | None = "abc"


@pytest.mark.parametrize(
    ("annotation", "held"),
    [
        (Holding, lambda inner: inner),
        (list[Holding], lambda inner: [inner]),
        (dict[str, Holding], lambda inner: {"k": inner}),
        (list[dict[str, Holding]], lambda inner: [{"k": inner}]),
    ],
    ids=["alone", "list", "map", "deep"],
)
def test_constructors_keep_what_storage_does_not_keep_inside(annotation, held):
    book = model(f=annotation)
    for changes in ({}, {"words": set()}, {"share": -0.0}, {"note": None}):
        for inner in (changes, Holding(**changes)):
            assert repr(book(id="1", f=held(inner)).f) == repr(held(Holding(**changes)))


def test_instances_do_not_share_a_default_and_know_what_was_changed_in_them():
    leaf = Annotated[Leaf, Field(default=Leaf(name="default"))]
    book = model(leaf=leaf, words=Annotated[list[str], Field(default=[])])
    one, other = book.from_item(ITEM), book.from_item(ITEM)
    one.words.append("x")
    one.leaf.name = "changed"
    assert (other.words, other.leaf.name) == ([], "default")
    stored = book.from_item({**ITEM, "leaf": {"M": {"name": {"S": "a"}}}, "words": {"L": []}})
    assert not stored.is_dirty
    stored.leaf.count = 5
    assert stored.changes == {"leaf": (Leaf(name="a"), Leaf(name="a", count=5))}

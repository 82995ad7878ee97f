"""Unions, generics, nesting, private attributes and other shapes of models."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar, Union

import pytest

pytest.importorskip("pydantic")

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    computed_field,
)

from dynamorm.exceptions import ValidationError
from dynamorm.schema import PARTIAL, TRUSTED, WHOLE
from dynamorm.wire.codec import encode_item

from .declared import VALUES, Address, Bare, Color, Everything, Full, Hooked, Wanting, adapt, round_trip, stored


class Cat(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["cat"] = Field(validation_alias="k", serialization_alias="Kind")
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = Field(validation_alias="k", serialization_alias="Kind")
    good: bool

    @computed_field  # type: ignore[prop-decorator]
    @property
    def barks(self) -> bool:
        return True


class Shade(enum.Enum):
    DARK = ("dark", 1)
    LIGHT = ("light", 2)


class Node(BaseModel):
    name: str
    children: list[Node] = []
    parent: Node | None = None


T = TypeVar("T")


class Box(BaseModel, Generic[T]):
    content: T = Field(serialization_alias="Content")


class TestShapes:
    def test_discriminated_union(self) -> None:
        class Schema(BaseModel):
            pet: Cat | Dog = Field(discriminator="kind")
            pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []

        adapter = adapt(Schema)
        natives = adapter.natives_of_whole({"pet": {"k": "cat", "lives": 9}, "pets": [{"k": "dog", "good": True}]})
        assert isinstance(natives["pet"], Cat) and isinstance(natives["pets"][0], Dog)
        assert adapter.dump(natives) == {
            "pet": {"Kind": "cat", "lives": 9},
            "pets": [{"Kind": "dog", "good": True, "barks": True}],
        }
        for mode in ("whole", TRUSTED, PARTIAL):
            assert adapter.natives_of_stored(stored(adapter, natives), mode) == natives
        assert adapter.natives_of_assigned(natives) == natives
        assert adapter.natives_of_assigned({"pet": {"Kind": "dog", "good": False}})["pet"].good is False
        item = stored(adapter, natives)
        item["pet"]["unknown"] = 1
        assert adapter.natives_of_stored(item) == natives

    def test_the_best_match_of_a_union(self) -> None:
        class Schema(BaseModel):
            thing: Bare | Full

        adapter = adapt(Schema)
        for given in (Bare(name="a"), Full(name="a", more=1)):
            natives = adapter.natives_of_whole({"thing": given})
            again = adapter.natives_of_stored(stored(adapter, natives))
            assert again == natives and type(again["thing"]) is type(given)

    def test_enums_and_literals_of_any_value(self) -> None:
        class Schema(BaseModel):
            shade: Shade
            only: Literal[Shade.DARK, "x"]

        round_trip(adapt(Schema), shade=Shade.LIGHT, only=Shade.DARK)

    def test_self_nesting(self) -> None:
        class Schema(Node):
            pass

        adapter = adapt(Schema)
        tree = {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}], "parent": {"name": "p"}}
        natives = round_trip(adapter, **tree)
        assert natives["children"][0].children[0].name == "c"
        inner = adapter.fields["children"].element.fields["children"].element
        assert set(inner.fields) == {"name", "children", "parent"}

    def test_generics(self) -> None:
        class Schema(BaseModel):
            box: Box[dt.date]

        adapter = adapt(Schema)
        natives = round_trip(adapter, box={"content": "2024-01-01"})
        assert natives["box"].content == dt.date(2024, 1, 1)
        assert adapter.dump(natives) == {"box": {"Content": "2024-01-01"}}

    def test_strict_models_round_trip(self) -> None:
        class Schema(BaseModel):
            model_config = ConfigDict(strict=True)
            at: dt.datetime
            ident: uuid.UUID
            tags: set[str]
            price: float
            exact: Decimal
            color: Color
            title: str

        adapter = adapt(Schema)
        values = {name: VALUES[name] for name in ("at", "tags", "exact", "color", "ident")}
        natives = round_trip(adapter, **values, price=1.5, title="x")
        assert adapter.natives_of_given(natives) == natives
        for bad in ({"at": "2024-01-01T00:00:00"}, {"title": 5}, {"tags": ["a"]}):
            with pytest.raises(ValidationError):
                adapter.natives_of_given(bad)

    def test_scalars_for_text(self) -> None:
        class Schema(BaseModel):
            title: str
            words: list[str] = []
            either: int | str = 0
            exact: Annotated[str, Field(strict=True)] = ""

        adapter = adapt(Schema)
        natives = adapter.natives_of_given({"title": 5, "words": [Decimal("1.5")], "either": "5"})
        assert natives == {"title": "5", "words": ["1.5"], "either": "5", "exact": ""}
        for bad in ({"title": ["a"]}, {"title": {"a": 1}}, {"exact": 5}):
            with pytest.raises(ValidationError):
                adapter.natives_of_given(bad)
        assert adapter.natives_of_assigned({"title": 5}) == {"title": "5"}

    def test_none_and_empty_sets(self) -> None:
        class Schema(BaseModel):
            note: str | None
            tags: set[str]
            nested: Wanting | None = None

        adapter = adapt(Schema)
        with pytest.raises(ValidationError):
            adapter.natives_of_whole({"tags": set()})
        natives = adapter.natives_of_whole({"note": None, "tags": set()})
        assert natives == {"note": None, "tags": set(), "nested": None}
        assert encode_item(adapter.dump(natives)) == {}
        assert adapter.natives_of_stored({}) == natives
        adapter.checked_dump(adapter.natives_of_assigned(natives))
        again = adapter.natives_of_stored({"nested": {}})
        assert again["nested"] == Wanting(note=None, tags=set())

    def test_excluded_fields_are_stored(self) -> None:
        class Account(BaseModel):
            token: str = Field(exclude=True)

        class Schema(BaseModel):
            password: str = Field(exclude=True)
            account: Account
            accounts: dict[str, list[Account]] = {}

        adapter = adapt(Schema)
        natives = round_trip(adapter, password="x", account={"token": "t"}, accounts={"a": [{"token": "u"}]})
        assert adapter.dump(natives)["account"] == {"token": "t"}

    def test_assigned_values(self) -> None:
        adapter = adapt(Everything)
        natives = adapter.natives_of_whole(VALUES)
        natives["at"] = "2024-01-01T00:00:00Z"
        natives["address"].zip_code = 8000
        natives["places"].append({"city": "Liege", "zip": "4000"})
        natives["tags"] = ["z"]
        settled = adapter.natives_of_assigned(natives)
        assert settled["at"] == dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)
        assert settled["address"] == Address(city="Ghent", zip="8000")
        assert settled["places"][-1] == Address(city="Liege", zip="4000")
        dumped = adapter.checked_dump(settled)
        assert dumped["tags"] == {"z"}
        with pytest.raises(ValidationError) as caught:
            adapter.natives_of_assigned({"at": "never"})
        assert caught.value.errors[0]["loc"] == ("at",)

    def test_in_place_changes_are_dumped(self) -> None:
        class Schema(BaseModel):
            address: Address
            words: list[str] = []

        adapter = adapt(Schema)
        natives = adapter.natives_of_given({"address": {"city": "a"}})
        natives["address"].city = "b"
        natives["words"].append("w")
        assert adapter.dump(natives) == {"address": {"city": "b", "zip": ""}, "words": ["w"]}

    def test_private_attributes(self) -> None:
        class Schema(BaseModel):
            a: int
            _factor: int = PrivateAttr(3)

            @computed_field  # type: ignore[prop-decorator]
            @property
            def product(self) -> int:
                return self.a * self._factor

        assert adapt(Schema).dump({"a": 2}) == {"a": 2, "product": 6}

    def test_incomplete_instances_dump_what_they_have(self) -> None:
        adapter = adapt(Hooked)
        assert adapter.dump({"isbn": "1"}) == {"isbn": "1", "line": None}
        with pytest.raises(ValidationError, match="missing"):
            adapter.checked_dump({"isbn": "1"})

    def test_trusted_nested_models_may_lack_fields(self) -> None:
        class Schema(BaseModel):
            address: Address
            title: str

        adapter = adapt(Schema)
        natives = adapter.natives_of_stored({"address": {"zip": "1"}}, TRUSTED)
        assert natives["address"].zip_code == "1" and "title" not in natives
        assert adapter.dump(natives) == {"address": {"zip": "1"}}

    def test_a_type_of_the_users(self) -> None:
        class Point:
            def __init__(self, text: str) -> None:
                self.text = text

            def __eq__(self, other: object) -> bool:
                return isinstance(other, Point) and other.text == self.text

        read = BeforeValidator(lambda value: Point(value) if isinstance(value, str) else value)

        class Schema(BaseModel):
            model_config = ConfigDict(arbitrary_types_allowed=True)
            point: Annotated[Point, read, PlainSerializer(lambda value: value.text, return_type=str)]

        adapter = adapt(Schema)
        natives = round_trip(adapter, point="1,2")
        assert natives["point"] == Point("1,2")
        assert adapter.natives_of_stored({"point": "1,2"}, TRUSTED) == natives
        assert adapter.natives_of_assigned({"point": "1,2"}) == natives
        assert adapter.fields["point"].key_type == "S"


def test_a_union_from_left_to_right_of_models_that_refuse() -> None:
    class One(BaseModel):
        model_config = ConfigDict(extra="forbid")
        x: int

    class Two(One):
        y: int

    class Schema(BaseModel):
        either: Annotated[Union[One, Two], Field(union_mode="left_to_right")]  # noqa: UP007

    natives = round_trip(adapt(Schema), either={"x": 1, "y": 2})
    assert type(natives["either"]).__name__ == "Two"


def test_private_attributes_of_nested_models_are_made_as_pydantic_makes_them():
    class Notes(BaseModel):
        title: str
        _log: list[str] = PrivateAttr(default_factory=list)
        _count: int = 0
        _unset: int = PrivateAttr()

    class Thing:
        notes: Notes

    adapter = adapt(Thing)
    for mode in (WHOLE, PARTIAL, TRUSTED):
        natives = adapter.natives_of_stored({"notes": {"title": "x"}}, mode)
        assert natives["notes"].__pydantic_private__ == {"_log": [], "_count": 0}

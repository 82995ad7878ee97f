"""The pydantic adapter with the real library: what each load and dump does, and how often it calls the user's hooks."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import pathlib
import pickle
import uuid
from collections import Counter
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, Union

import pytest

pydantic = pytest.importorskip("pydantic")

from pydantic import (  # noqa: E402
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    SecretBytes,
    SecretStr,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel  # noqa: E402

from dynamorm import DynaModel  # noqa: E402
from dynamorm.codec import decode_item, encode_item  # noqa: E402
from dynamorm.exceptions import DynaModelException, UnknownSchema, ValidationError  # noqa: E402
from dynamorm.schema import PARTIAL, TRUSTED, WHOLE, adapter_for  # noqa: E402
from dynamorm.schema.registry import LIBRARIES  # noqa: E402


def adapt(inner: type, name: str = "ThingSchema") -> Any:
    """Give the adapter of an inner class, the way a model's definition does."""
    adapter_class = adapter_for("Thing", inner)
    assert adapter_class.library == "pydantic"
    schema = adapter_class.adopt(name, inner)
    adapter = adapter_class(schema)
    schema._dynamorm_adapter = adapter
    return adapter


def stored(adapter: Any, natives: dict[str, Any]) -> dict[str, Any]:
    """Dump natives and send them through the codec and back."""
    return decode_item(encode_item(adapter.dump(natives)))


def round_trip(adapter: Any, **values: Any) -> dict[str, Any]:
    natives = adapter.natives_of_whole(values)
    again = adapter.natives_of_stored(stored(adapter, natives))
    assert again == natives
    return again


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Ratio(enum.Enum):
    HALF = 0.5
    TENTH = 0.1


class Address(BaseModel):
    city: str
    zip_code: str = Field("", alias="zip")


class Both(NamedTuple):
    left: int
    right: dt.date


class Everything(BaseModel):
    text: str
    whole: int
    real: float
    exact: Decimal
    flag: bool
    raw: bytes
    at: dt.datetime
    day: dt.date
    hour: dt.time
    span: dt.timedelta
    ident: uuid.UUID
    color: Color
    level: Level
    ratio: Ratio
    choice: Literal["a", "b"]
    member: Literal[Color.RED]
    url: pydantic.HttpUrl
    dsn: pydantic.PostgresDsn
    ip: ipaddress.IPv4Address
    path: pathlib.Path
    secret: SecretStr
    secret_bytes: SecretBytes
    parsed: Json[list[int]]
    tags: set[str]
    scores: frozenset[Decimal]
    blobs: set[bytes]
    idents: set[uuid.UUID]
    flags: set[bool]
    pair: tuple[str, int]
    both: Both
    aware: pydantic.AwareDatetime
    row: tuple[int, ...]
    words: list[str]
    by_number: dict[int, str]
    by_day: dict[dt.date, dict[str, list[Decimal]]]
    address: Address
    places: list[Address]
    named: dict[str, Address]
    note: str | None
    free: Any
    size: pydantic.ByteSize


VALUES: dict[str, Any] = {
    "text": "",
    "whole": 10**37,
    "real": 19.99,
    "exact": Decimal("0.1"),
    "flag": True,
    "raw": b"\x00\xff",
    "at": dt.datetime(2024, 5, 6, 7, 8, 9, 10, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    "day": dt.date(2024, 5, 6),
    "hour": dt.time(7, 8, 9),
    "span": dt.timedelta(days=-1, microseconds=3),
    "ident": uuid.UUID(int=7),
    "color": Color.BLUE,
    "level": Level.HIGH,
    "ratio": Ratio.TENTH,
    "choice": "b",
    "member": Color.RED,
    "url": "http://example.org/a?b=c",
    "dsn": "postgres://user:pass@host/db",
    "ip": ipaddress.IPv4Address("10.0.0.1"),
    "path": pathlib.Path("/a/b"),
    "secret": SecretStr("hush"),
    "secret_bytes": SecretBytes(b"hush"),
    "parsed": "[1, 2]",
    "tags": {"x", "y"},
    "scores": frozenset({Decimal("1.5"), Decimal(2)}),
    "blobs": {b"1", b"2"},
    "idents": {uuid.UUID(int=1), uuid.UUID(int=2)},
    "flags": {True, False},
    "pair": ("a", 1),
    "both": (1, "2024-01-01"),
    "aware": "2024-01-01T00:00:00Z",
    "row": (1, 2, 3),
    "words": ["a", ""],
    "by_number": {1: "one"},
    "by_day": {dt.date(2024, 1, 1): {"a": [Decimal("1.10")]}},
    "address": {"city": "Ghent", "zip": "9000"},
    "places": [{"city": "Ghent"}, Address(city="Bruges", zip="8000")],
    "named": {"home": {"city": "Ghent"}},
    "note": None,
    "free": {"a": [1, {"b": "c"}]},
    "size": "2KB",
}


class TestRecognising:
    def test_a_model(self) -> None:
        class Schema(BaseModel):
            isbn: str

        adapter = adapt(Schema, "BookSchema")
        assert adapter.schema.__name__ == "BookSchema"
        assert issubclass(adapter.schema, Schema)
        assert adapter.schema.base_schema_type() is BaseModel
        assert list(adapter.schema.dynamorm_fields()) == ["isbn"]

    def test_a_plain_class_of_annotations(self) -> None:
        class Schema:
            isbn: str
            year: int = Field(2000, ge=1900)
            model_config = ConfigDict(str_strip_whitespace=True)

            @field_validator("isbn")
            @classmethod
            def upper(cls, value: str) -> str:
                return value.upper()

            @computed_field  # type: ignore[prop-decorator]
            @property
            def label(self) -> str:
                return f"{self.isbn}/{self.year}"

            def shout(self) -> str:
                return self.isbn + "!"

        adapter = adapt(Schema)
        natives = adapter.natives_of_given({"isbn": " a "})
        assert natives == {"isbn": "A", "year": 2000}
        assert adapter.dump(natives)["label"] == "A/2000"
        assert adapter.schema(isbn="x").shout() == "X!"
        with pytest.raises(ValidationError):
            adapter.natives_of_given({"year": 1})

    def test_names_that_are_local_to_a_function(self) -> None:
        class Inner(BaseModel):
            x: int

        Alias = Annotated[int, Field(ge=3)]

        class Outer:
            class Schema:
                inner: Inner
                count: Alias = 3

        adapter = adapt(Outer.Schema)
        assert adapter.natives_of_given({"inner": {"x": "1"}})["inner"] == Inner(x=1)

    def test_a_model_whose_names_are_gone(self) -> None:
        def make() -> Any:
            class Gone(BaseModel):
                x: int

            class Schema(BaseModel):
                a: Annotated[int, Field(gt=0, alias="A")]
                gone: Gone | None = None
                made: list[Gone] = Field(default_factory=list)

                @field_validator("a")
                @classmethod
                def double(cls, value: int) -> int:
                    return value * 2

            Schema.model_rebuild(_types_namespace={**globals(), **locals()})
            return Schema

        adapter = adapt(make())
        assert adapter.natives_of_given({"A": 2, "gone": {"x": 1}})["a"] == 4
        assert adapter.fields["a"].stored == "A" and adapter.fields["a"].required
        with pytest.raises(ValidationError):
            adapter.natives_of_given({"a": 0})

    def test_inherited_annotations(self) -> None:
        class Base:
            isbn: str

        class Schema(Base):
            year: int = 3

        assert set(adapt(Schema).fields) == {"isbn", "year"}

    def test_nothing_of_anybody(self) -> None:
        class Schema:
            isbn = 3

        with pytest.raises(UnknownSchema):
            adapter_for("Book", Schema)

    def test_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Schema:
            isbn: str

        monkeypatch.setattr("dynamorm.schema.registry.find_spec", lambda name: None)
        with pytest.raises(UnknownSchema, match=r'pip install "dynamorm\[pydantic\]"'):
            adapter_for("Book", Schema)
        assert "pydantic" in LIBRARIES

    def test_fields_called_like_methods_of_the_library(self) -> None:
        class Schema:
            copy: str
            json: int = 3
            schema: str | None = None
            validate: bool = False

        adapter = adapt(Schema)
        assert adapter.natives_of_given({"copy": "x"}) == {"copy": "x", "json": 3, "schema": None, "validate": False}
        assert round_trip(adapter, copy="x", schema="s")["schema"] == "s"
        assert {spec.required for name, spec in adapter.fields.items() if name == "copy"} == {True}

    @pytest.mark.filterwarnings("ignore:Field name")
    def test_such_fields_in_a_model(self) -> None:
        class Schema(BaseModel):
            copy: str  # type: ignore[assignment]
            json: int = 3  # type: ignore[assignment]

        adapter = adapt(Schema)
        assert adapter.fields["copy"].required
        assert adapter.natives_of_given({"copy": "x"}) == {"copy": "x", "json": 3}

    def test_what_pydantic_refuses(self) -> None:
        class Schema:
            isbn: object.__class__.mro  # type: ignore[name-defined]

        with pytest.raises(DynaModelException, match="ThingSchema"):
            adapt(Schema)

    def test_names_that_are_nowhere(self) -> None:
        class Schema:
            other: Nowhere  # type: ignore[name-defined]  # noqa: F821

        with pytest.raises(DynaModelException, match="Nowhere"):
            adapt(Schema)

    def test_a_root_model_has_no_fields(self) -> None:
        class Schema(pydantic.RootModel[list[int]]):
            pass

        with pytest.raises(DynaModelException, match="fields"):
            adapt(Schema)


class TestEveryType:
    def test_round_trip(self) -> None:
        again = round_trip(adapt(Everything), **VALUES)
        assert isinstance(again["address"], Address)
        assert again["at"].utcoffset() == dt.timedelta(hours=2)
        assert again["parsed"] == [1, 2]
        assert type(again["real"]) is float

    def test_from_natives(self) -> None:
        adapter = adapt(Everything)
        natives = adapter.natives_of_whole(VALUES)
        assert adapter.natives_of_whole(natives) == natives
        there = {name: value for name, value in natives.items() if value is not None or name == "note"}
        assert adapter.natives_of_given(natives) == there
        assert adapter.natives_of_assigned(natives) == there

    def test_what_is_stored(self) -> None:
        adapter = adapt(Everything)
        dumped = adapter.dump(adapter.natives_of_whole(VALUES))
        assert dumped["exact"] == Decimal("0.1") and type(dumped["exact"]) is Decimal
        assert dumped["at"] == "2024-05-06T07:08:09.000010+02:00"
        assert dumped["span"] == "-PT23H59M59.999997S"
        assert dumped["color"] == "blue" and dumped["level"] == 2 and dumped["ratio"] == 0.1
        assert dumped["url"] == "http://example.org/a?b=c" and type(dumped["url"]) is str
        assert dumped["secret"] == "hush" and dumped["secret_bytes"] == b"hush"
        assert dumped["tags"] == {"x", "y"} and isinstance(dumped["tags"], set)
        assert dumped["idents"] == {str(uuid.UUID(int=1)), str(uuid.UUID(int=2))}
        assert isinstance(dumped["flags"], list)
        assert dumped["by_number"] == {"1": "one"}
        assert dumped["address"] == {"city": "Ghent", "zip": "9000"}
        assert dumped["size"] == 2000 and dumped["ip"] == "10.0.0.1" and dumped["path"] == "/a/b"

    def test_trusted_reads_convert_alike(self) -> None:
        adapter = adapt(Everything)
        natives = adapter.natives_of_whole(VALUES)
        assert adapter.natives_of_stored(stored(adapter, natives), TRUSTED) == natives
        assert adapter.natives_of_stored(stored(adapter, natives), PARTIAL) == {
            name: value for name, value in natives.items() if name != "note"
        }

    def test_key_types(self) -> None:
        types = {name: spec.key_type for name, spec in adapt(Everything).fields.items()}
        by_letter: dict[Any, set[str]] = {}
        for name, letter in types.items():
            by_letter.setdefault(letter, set()).add(name)
        assert by_letter["N"] == {"whole", "real", "exact", "level", "ratio", "size"}
        assert by_letter["B"] == {"raw", "secret_bytes"}
        assert by_letter["S"] == {
            "aware",
            "text", "at", "day", "hour", "span", "ident", "color", "choice", "member", "url", "dsn", "ip", "path",
            "secret", "note",
        }  # fmt: skip

    def test_key_types_of_other_declarations(self) -> None:
        class Schema(BaseModel):
            optional: int | None
            mixed: int | str
            same: dt.date | str
            constrained: Annotated[str, Field(max_length=3)]
            stamp: dt.datetime
            own: Annotated[str, Field(json_schema_extra={"dynamo_type": "B"})]

            @field_serializer("stamp")
            def as_number(self, value: dt.datetime) -> int:
                return int(value.timestamp())

        adapter = adapt(Schema)
        assert {name: spec.key_type for name, spec in adapter.fields.items()} == {
            "optional": "N", "mixed": None, "same": "S", "constrained": "S", "stamp": "N", "own": "B",
        }  # fmt: skip
        assert adapter.key_type(adapter.fields["stamp"].native) == "N"
        assert adapter.schema.field_to_dynamo_type(adapter.fields["optional"].native) == "N"

    def test_one_value_at_a_time(self) -> None:
        adapter = adapt(Everything)
        natives = adapter.natives_of_whole(VALUES)
        dumped = adapter.dump(natives)
        for name, spec in adapter.fields.items():
            assert adapter.serialise(spec, natives[name]) == dumped[name], name
            if natives[name] is not None:
                assert adapter.convert(spec, dumped[name]) == natives[name], name
        element = adapter.fields["idents"].element
        assert adapter.serialise(element, uuid.UUID(int=1)) == str(uuid.UUID(int=1))
        assert adapter.convert(element, str(uuid.UUID(int=1))) == uuid.UUID(int=1)
        inner = adapter.fields["address"].fields["zip"]
        assert adapter.convert(inner, 9000) == "9000"


CALLS: Counter[str] = Counter()


def counted(name: str) -> Any:
    def check(value: Any) -> Any:
        CALLS[name] += 1
        return value

    return check


class Line(BaseModel):
    qty: Annotated[int, AfterValidator(counted("line"))]

    @model_validator(mode="after")
    def whole(self) -> Line:
        CALLS["line model"] += 1
        return self


class Hooked(BaseModel):
    isbn: str
    year: Annotated[int, BeforeValidator(counted("before year")), AfterValidator(counted("after year"))]
    line: Line | None = None
    made: list[int] = Field(default_factory=lambda: counted("factory")([1]))

    @field_validator("isbn", mode="wrap")
    @classmethod
    def wrap_isbn(cls, value: Any, handler: Any) -> Any:
        CALLS["wrap isbn"] += 1
        return handler(value)

    @model_validator(mode="before")
    @classmethod
    def first(cls, data: Any) -> Any:
        CALLS["model before"] += 1
        return data

    @model_validator(mode="wrap")
    @classmethod
    def around(cls, data: Any, handler: Any) -> Any:
        CALLS["model wrap"] += 1
        return handler(data)

    @model_validator(mode="after")
    def last(self) -> Hooked:
        CALLS["model after"] += 1
        return self

    def model_post_init(self, context: Any) -> None:
        CALLS["post init"] += 1

    @field_serializer("year")
    def dump_year(self, value: int) -> int:
        CALLS["dump year"] += 1
        return value

    @model_serializer(mode="wrap")
    def dump_model(self, handler: Any) -> Any:
        CALLS["dump model"] += 1
        return handler(self)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        CALLS["label"] += 1
        return f"{self.isbn}/{self.year}"


FIELD_HOOKS = {"wrap isbn": 1, "before year": 1, "after year": 1, "line": 1, "line model": 1}
MODEL_HOOKS = {"model before": 1, "model wrap": 1, "model after": 1, "post init": 1}
DUMP_HOOKS = {"dump year": 1, "dump model": 1, "label": 1}
GIVEN = {"isbn": "1", "year": 1990, "line": {"qty": 1}}


class TestHooks:
    @pytest.fixture
    def adapter(self) -> Any:
        adapter = adapt(Hooked)
        CALLS.clear()
        return adapter

    def test_construction(self, adapter: Any) -> None:
        adapter.natives_of_given(GIVEN)
        assert CALLS == {**FIELD_HOOKS, "factory": 1}

    def test_construction_without_defaults(self, adapter: Any) -> None:
        assert adapter.natives_of_given({"isbn": "1"}, defaults=False) == {"isbn": "1"}
        assert CALLS == {"wrap isbn": 1}

    def test_put(self, adapter: Any) -> None:
        natives = adapter.natives_of_whole(GIVEN)
        assert CALLS == {**FIELD_HOOKS, **MODEL_HOOKS, "factory": 1}
        CALLS.clear()
        assert adapter.dump(natives)["label"] == "1/1990"
        assert CALLS == DUMP_HOOKS

    def test_save(self, adapter: Any) -> None:
        natives = adapter.natives_of_given(GIVEN)
        CALLS.clear()
        adapter.checked_dump(adapter.natives_of_assigned(natives))
        assert CALLS == {**FIELD_HOOKS, **MODEL_HOOKS, **DUMP_HOOKS}

    def test_read(self, adapter: Any) -> None:
        item = stored(adapter, adapter.natives_of_whole(GIVEN))
        CALLS.clear()
        adapter.natives_of_stored(item)
        assert CALLS == {**FIELD_HOOKS, **MODEL_HOOKS}

    def test_projected_read(self, adapter: Any) -> None:
        assert adapter.natives_of_stored({"year": 1990, "label": "x"}, PARTIAL) == {"year": 1990}
        assert CALLS == {"before year": 1, "after year": 1}

    def test_trusted_read(self, adapter: Any) -> None:
        natives = adapter.natives_of_stored({"year": 1990, "line": {"qty": 2}}, TRUSTED)
        assert natives == {"year": 1990, "line": Line.model_construct(qty=2), "made": [1]}
        assert CALLS == {"factory": 1}

    def test_later_fields_see_earlier_ones(self) -> None:
        seen = []

        class Schema(BaseModel):
            a: int
            b: int = 5
            c: int

            @field_validator("c")
            @classmethod
            def look(cls, value: int, info: Any) -> int:
                seen.append(dict(info.data))
                return value

        adapter = adapt(Schema)
        adapter.natives_of_given({"a": 1, "c": 2})
        adapter.natives_of_given({"a": 1, "c": 2}, defaults=False)
        adapter.natives_of_whole({"a": 1, "c": 2})
        assert seen == [{"a": 1, "b": 5}, {"a": 1}, {"a": 1, "b": 5}]

    def test_a_model_validator_sees_the_whole(self) -> None:
        class Schema(BaseModel):
            low: int
            high: int

            @model_validator(mode="after")
            def ordered(self) -> Schema:
                if self.low > self.high:
                    raise ValueError("upside down")
                return self

        adapter = adapt(Schema)
        natives = adapter.natives_of_given({"low": 2, "high": 1})
        with pytest.raises(ValidationError, match="upside down") as caught:
            adapter.natives_of_whole(natives)
        assert caught.value.errors[0]["loc"] == ()
        with pytest.raises(ValidationError, match="upside down"):
            adapter.checked_dump(natives)
        with pytest.raises(ValidationError, match="upside down"):
            adapter.natives_of_stored({"low": 2, "high": 1})
        assert adapter.natives_of_stored({"low": 2, "high": 1}, TRUSTED) == natives

    def test_a_model_validator_that_loses_the_model(self) -> None:
        class Schema(BaseModel):
            a: int

            @model_validator(mode="wrap")
            @classmethod
            def lost(cls, data: Any, handler: Any) -> Any:
                return 3

        with pytest.raises(DynaModelException, match="return the model"):
            adapt(Schema).natives_of_whole({"a": 1})


def be_even(number: int) -> int:
    if number % 2:
        raise ValueError("odd")
    return number


class TestErrors:
    def test_shape(self) -> None:
        class Schema(BaseModel):
            year: int
            address: Address

        adapter = adapt(Schema)
        with pytest.raises(ValidationError) as caught:
            adapter.natives_of_given({"year": "x", "address": {"city": []}})
        theirs: Any = None
        try:
            Schema(year="x", address={"city": []})  # type: ignore[arg-type]
        except pydantic.ValidationError as error:
            theirs = error.errors(include_url=False)
        assert caught.value.errors == theirs
        assert isinstance(caught.value.__cause__, pydantic.ValidationError)
        assert str(caught.value).startswith("Validation failed for schema ThingSchema. Errors: ")

    def test_missing(self) -> None:
        adapter = adapt(Everything)
        with pytest.raises(ValidationError) as caught:
            adapter.natives_of_whole({})
        assert {error["type"] for error in caught.value.errors} == {"missing"}
        assert adapter.natives_of_given({}) == {}

    def test_pickles(self) -> None:
        class Odd(ValueError):
            def __init__(self, one: int, two: int) -> None:
                super().__init__("odd")

        class Schema(BaseModel):
            a: int
            b: Any

            @field_validator("a")
            @classmethod
            def refuse(cls, value: int) -> int:
                raise Odd(1, 2)

            @field_validator("b")
            @classmethod
            def refuse_too(cls, value: Any) -> int:
                raise ValueError("no")

        with pytest.raises(ValidationError) as caught:
            adapt(Schema).natives_of_given({"a": 1, "b": lambda: 3})
        errors = caught.value.errors
        assert pickle.loads(pickle.dumps(errors))[0]["loc"] == ("a",)
        assert errors[0]["ctx"] == {"error": "odd"}

    def test_secrets_stay_secret(self) -> None:
        class Schema(BaseModel):
            year: int
            password: SecretStr = Field(min_length=10)

        adapter = adapt(Schema)
        for values in ({"year": 1, "password": "hunter2"}, {"password": "hunter2" * 3}):
            with pytest.raises(ValidationError) as caught:
                adapter.natives_of_whole(values)
            assert "hunter2" not in str(caught.value)
            assert "hunter2" not in str(caught.value.__cause__)

    def test_input_can_be_hidden(self) -> None:
        class Schema(BaseModel):
            model_config = ConfigDict(hide_input_in_errors=True)
            year: int

        with pytest.raises(ValidationError) as caught:
            adapt(Schema).natives_of_given({"year": "topsecret"})
        assert "topsecret" not in str(caught.value)

    def test_what_cannot_be_dumped(self) -> None:
        class Schema(BaseModel):
            year: int
            address: Address

        adapter = adapt(Schema)
        natives = adapter.natives_of_whole({"year": 1, "address": {"city": "x"}})
        natives["address"].city = object()
        with pytest.raises(ValidationError) as caught:
            adapter.dump(natives)
        assert "address" in caught.value.errors

    def test_constraints_at_every_step(self) -> None:
        class Schema(BaseModel):
            rank: Annotated[int, Field(ge=1, le=5)]
            even: Annotated[list[Annotated[int, AfterValidator(be_even)]], Field(max_length=2)] = []

        adapter = adapt(Schema)
        for take in (adapter.natives_of_given, adapter.natives_of_whole, adapter.natives_of_stored):
            with pytest.raises(ValidationError):
                take({"rank": 6})
        assert adapter.natives_of_stored({"rank": 6, "even": [1, 2, 3]}, TRUSTED) == {"rank": 6, "even": [1, 2, 3]}
        assert adapter.convert(adapter.fields["rank"], "6") == 6
        with pytest.raises(ValidationError):
            adapter.natives_of_stored({"rank": "x"}, TRUSTED)


class TestNames:
    class Schema(BaseModel):
        a: int = Field(alias="A")
        b: int = Field(2, validation_alias="in_b", serialization_alias="out_b")
        c: int = Field(3, validation_alias=AliasChoices("c1", AliasPath("deep", 0)))

        @computed_field(alias="Sum")  # type: ignore[prop-decorator]
        @property
        def total(self) -> int:
            return self.a + self.b

    def test_aliases(self) -> None:
        adapter = adapt(self.Schema)
        assert {name: spec.stored for name, spec in adapter.fields.items()} == {
            "a": "A", "b": "out_b", "c": "c", "total": "Sum",
        }  # fmt: skip
        assert {spec.source for spec in adapter.inputs} == {"a", "b", "c"}
        natives = {"a": 1, "b": 5, "c": 7}
        assert adapter.dump(natives) == {"A": 1, "out_b": 5, "c": 7, "Sum": 6}
        assert adapter.natives_of_stored({"A": 1, "out_b": 5, "c": 7, "Sum": 6}) == natives
        for given in ({"a": 1, "b": 5, "c": 7}, {"A": 1, "in_b": 5, "c1": 7}, {"A": 1, "out_b": 5, "deep": [7]}):
            assert adapter.natives_of_given(given) == natives
            assert adapter.natives_of_whole(given) == natives
        assert adapter.computed_value(adapter.fields["total"], natives) == 6
        assert adapter.computed_value(adapter.fields["total"], {"a": 1}) is None

    def test_a_generator_of_aliases(self) -> None:
        class Schema(BaseModel):
            model_config = ConfigDict(alias_generator=to_camel)
            first_name: str

        adapter = adapt(Schema)
        assert adapter.dump(adapter.natives_of_given({"first_name": "x"})) == {"firstName": "x"}

    def test_names_that_change_places(self) -> None:
        class Swapped(BaseModel):
            a: int = Field(0, alias="b")
            b: int = Field(0, alias="a")

        class Schema(Swapped):
            inner: Swapped = Swapped()
            either: Swapped | str = ""

        adapter = adapt(Schema)
        natives = adapter.natives_of_given({"a": 1, "inner": {"a": 2}, "either": {"b": 3}})
        assert (natives["a"], natives["b"], natives["inner"].a, natives["inner"].b) == (1, 0, 2, 0)
        natives = adapter.natives_of_whole({"a": 1, "b": 2, "inner": Swapped(b=3, a=4), "either": Swapped(b=5, a=6)})
        assert adapter.dump(natives) == {
            "b": 1, "a": 2, "inner": {"b": 3, "a": 4}, "either": {"b": 5, "a": 6},
        }  # fmt: skip
        assert adapter.natives_of_stored(stored(adapter, natives)) == natives
        assert adapter.natives_of_assigned(natives) == natives

    def test_nested_aliases_that_differ(self) -> None:
        class Inner(BaseModel):
            x: int = Field(validation_alias="in_x", serialization_alias="out_x")

        class Schema(BaseModel):
            one: Inner
            many: list[Inner]
            either: Inner | int

        adapter = adapt(Schema)
        given = {"one": {"in_x": 1}, "many": [{"x": 2}, {"out_x": 3}], "either": {"in_x": 4}}
        natives = adapter.natives_of_whole(given)
        assert adapter.dump(natives) == {
            "one": {"out_x": 1},
            "many": [{"out_x": 2}, {"out_x": 3}],
            "either": {"out_x": 4},
        }
        assert adapter.natives_of_stored(stored(adapter, natives)) == natives


class TestUnknown:
    @pytest.mark.parametrize("policy", [None, "ignore", "forbid", "allow"])
    def test_policies(self, policy: Any) -> None:
        class Schema(BaseModel):
            model_config = ConfigDict(extra=policy) if policy else ConfigDict()
            a: int
            inner: Inner | None = None

            @computed_field  # type: ignore[prop-decorator]
            @property
            def twice(self) -> int:
                return self.a * 2

        adapter = adapt(Schema)
        assert adapter.keeps_unknown == (policy == "allow")
        for take in (adapter.natives_of_given, adapter.natives_of_whole):
            if policy == "forbid":
                with pytest.raises(ValidationError, match="extra_forbidden"):
                    take({"a": 1, "z": 2})
            else:
                expected = {"a": 1, "inner": None, **({"z": 2} if policy == "allow" else {})}
                assert take({"a": 1, "z": 2}) == expected
        item = {"a": 1, "twice": 2, "z": 3, "inner": {"x": 1, "z": 4, "twice": 2}}
        for mode in (PARTIAL, TRUSTED, "whole"):
            assert adapter.natives_of_stored(item, mode)["inner"] == Inner(x=1)
        assert adapter.natives_of_whole({"a": 1, "twice": 2})["a"] == 1
        if policy == "allow":
            assert adapter.dump({"a": 1, "z": 2}) == {"a": 1, "inner": None, "twice": 2, "z": 2}


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    x: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return self.x * 2


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


class Bare(BaseModel):
    name: str = Field(serialization_alias="Name")


class Full(BaseModel):
    name: str = Field(serialization_alias="Name")
    more: int = Field(0, serialization_alias="More")


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


def test_unknown_names_in_nested_models_are_kept_where_the_model_says_so() -> None:
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")
        x: int = Field(alias="X")

    class Schema(BaseModel):
        one: Open
        many: list[Open] = []

    adapter = adapt(Schema)
    natives = round_trip(adapter, one={"X": 1, "more": [1]}, many=[{"x": 2, "more": "m"}])
    assert natives["one"].more == [1] and natives["many"][0].more == "m"
    assert adapter.natives_of_assigned(natives) == natives
    assert adapter.natives_of_stored(stored(adapter, natives), TRUSTED) == natives


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


def test_a_validator_instead_of_pydantics_runs_once_for_a_save() -> None:
    class Schema(BaseModel):
        code: Annotated[str, PlainValidator(counted("plain"))]

    adapter = adapt(Schema)
    natives = adapter.natives_of_given({"code": "x"})
    CALLS.clear()
    assert adapter.checked_dump(adapter.natives_of_assigned(natives)) == {"code": "x"}
    assert CALLS == {"plain": 1}
    assert adapter.natives_of_stored({"code": "x"}, TRUSTED) == natives


def test_json_text_is_stored_as_what_it_says() -> None:
    class Schema(BaseModel):
        text: Json[str]
        parsed: Json[Any]

    adapter = adapt(Schema)
    natives = round_trip(adapter, text=r'"\"x\""', parsed='{"a": [1]}')
    assert natives == {"text": '"x"', "parsed": {"a": [1]}}
    assert adapter.dump(natives) == natives
    assert adapter.natives_of_assigned(natives) == natives


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


class Wanting(BaseModel):
    note: str | None
    tags: set[str]


class Person(BaseModel):
    name: str
    born: dt.date | None = None


class Film(DynaModel):
    class Table:
        name = "films"
        hash_key = "ident"
        range_key = "released"
        read = 1
        write = 1

    class Schema:
        ident: uuid.UUID
        released: dt.date
        title: str = Field(serialization_alias="Title", validation_alias="t")
        director: Person
        cast: list[Person] = []
        genres: set[str] = set()
        secret: SecretStr | None = None
        price: Decimal = Field(Decimal("1.10"), gt=0)
        rating: float | None = None

        @computed_field  # type: ignore[prop-decorator]
        @property
        def label(self) -> str:
            return f"{self.title} ({self.released.year})"

        @model_validator(mode="after")
        def sane(self) -> Any:
            if self.title == "bad":
                raise ValueError("a bad title")
            return self


FILM: dict[str, Any] = {
    "ident": uuid.UUID(int=5),
    "released": "1979-05-25",
    "title": "Alien",
    "director": {"name": "Ridley", "born": dt.date(1937, 11, 30)},
    "genres": {"horror"},
    "secret": "hush",
    "rating": 19.99,
}


class TestModels:
    def test_an_instance(self) -> None:
        film = Film(**FILM)
        assert film.released == dt.date(1979, 5, 25)
        assert isinstance(film.director, Person)
        assert film.label == "Alien (1979)"
        assert "hush" not in repr(film)
        assert Film(title="bad").title == "bad"
        with pytest.raises(ValidationError) as caught:
            Film(price=-1)
        assert caught.value.errors[0]["loc"] == ("price",)

    def test_typed_json_and_back(self) -> None:
        item = Film.to_item(Film(**FILM))
        assert item == {
            "ident": {"S": str(uuid.UUID(int=5))},
            "released": {"S": "1979-05-25"},
            "Title": {"S": "Alien"},
            "director": {"M": {"name": {"S": "Ridley"}, "born": {"S": "1937-11-30"}}},
            "cast": {"L": []},
            "genres": {"SS": ["horror"]},
            "secret": {"S": "hush"},
            "price": {"N": "1.1"},
            "rating": {"N": "19.99"},
            "label": {"S": "Alien (1979)"},
        }
        film = Film.from_item(item)
        assert film.secret.get_secret_value() == "hush"
        assert Film.to_item(film) == item
        film.director.name = "Scott"
        assert Film.to_item(film)["director"]["M"]["name"] == {"S": "Scott"}

    def test_stored_refusals_name_the_key(self) -> None:
        item = Film.to_item(Film(**FILM))
        item["Title"] = {"S": "bad"}
        with pytest.raises(ValidationError, match="1979-05-25"):
            Film.from_item(item)

    def test_on_an_engine(self, dynamo_tables: Any) -> None:
        dynamo_tables(Film)
        film = Film(**FILM)
        film.save()
        again = Film.get(ident=uuid.UUID(int=5), released="1979-05-25")
        assert Film.to_item(again) == Film.to_item(film)
        again.cast.append(Person(name="Sigourney"))
        again.rating = "8.5"
        again.save()
        last = Film.get(ident=str(uuid.UUID(int=5)), released=dt.date(1979, 5, 25))
        assert last.cast == [Person(name="Sigourney")] and last.rating == 8.5
        again.title = "bad"
        with pytest.raises(ValidationError, match="a bad title"):
            again.save()
        Film.put({**FILM, "title": "Aliens", "released": "1986-07-18"})
        films = list(Film.query(ident=FILM["ident"], released__gt=dt.date(1980, 1, 1)))
        assert [film.label for film in films] == ["Aliens (1986)"]


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

"""What the tests of pydantic declare, and how they take it through the adapter."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import pathlib
import uuid
from collections import Counter
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import pytest

pytest.importorskip("pydantic")

import pydantic
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    SecretBytes,
    SecretStr,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)

from dynamorm.schema import adapter_for
from dynamorm.wire.codec import decode_item, encode_item


def adapt(inner: type, name: str = "ThingSchema") -> Any:
    """Return the adapter of an inner class, the way a model's definition does."""
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


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    x: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return self.x * 2


class Bare(BaseModel):
    name: str = Field(serialization_alias="Name")


class Full(BaseModel):
    name: str = Field(serialization_alias="Name")
    more: int = Field(0, serialization_alias="More")


class Wanting(BaseModel):
    note: str | None
    tags: set[str]

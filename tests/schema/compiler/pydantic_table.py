"""The table of what is compiled of pydantic, for the tests and for the page ``docs/compiled.rst``.

``python -m tests.schema.compiler.pydantic_table`` prints it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator

from dynamorm.schema import adapter_for
from dynamorm.schema.pydantic import Timestamp, UTCDateTime

from .items import Color
from .pydantic_schemas import Cat, Dog, Numbers, Place, Point

T = TypeVar("T")


class Inner(pydantic.BaseModel):
    name: str


class Box(pydantic.BaseModel, Generic[T]):
    content: T


class Checked(pydantic.BaseModel):
    name: str

    @pydantic.model_validator(mode="after")
    def looked_at(self) -> Any:
        return self


def unchanged(value: Any) -> Any:
    return value


ROWS: dict[str, Any] = {
    "``str``": str,
    "``int``": int,
    "``float``": float,
    "``Decimal``": Decimal,
    "``bool``": bool,
    "``datetime``": dt.datetime,
    "``UTCDateTime``": UTCDateTime,
    "``Timestamp``": Timestamp,
    "``date``": dt.date,
    "``time``": dt.time,
    "``timedelta``": dt.timedelta,
    "``UUID``": uuid.UUID,
    "``bytes``": bytes,
    "``Any``": Any,
    "``Literal``": Literal["a", "b"],
    "an ``Enum``": Color,
    "``SecretStr``": pydantic.SecretStr,
    "``HttpUrl``": pydantic.HttpUrl,
    "``Path``": Path,
    "``IPv4Address``": ipaddress.IPv4Address,
    "``Json``": pydantic.Json,
    "``int | str``": int | str,
    "``list[str]``": list[str],
    "``list[date]``": list[dt.date],
    "``set[str]``": set[str],
    "``frozenset[str]``": frozenset[str],
    "``tuple[str, int]``": tuple[str, int],
    "``deque[int]``": deque[int],
    "``dict[str, int]``": dict[str, int],
    "``dict[UUID, int]``": dict[uuid.UUID, int],
    "``dict[str, Any]``": dict[str, Any],
    "a nested model": Inner,
    "a list of nested models": list[Inner],
    "a generic model": Box[int],
    "a union of models": Cat | Dog,
    "a nested model with model validators": Checked,
    "``RootModel``": Numbers,
    "a dataclass": Point,
    "a ``TypedDict``": Place,
    "a ``PlainValidator``": Annotated[str, PlainValidator(unchanged)],
    "a ``PlainSerializer``": Annotated[str, PlainSerializer(unchanged)],
}
OPTIONS: dict[str, Any] = {
    "alone": lambda kind: kind,
    "``| None``": lambda kind: kind | None if kind is not Any else kind,
    "a default": lambda kind: Annotated[kind, Field(default=None)],
    "``alias``": lambda kind: Annotated[kind, Field(alias="other")],
    "a validator": lambda kind: Annotated[kind, BeforeValidator(unchanged), AfterValidator(unchanged)],
    "``exclude``": lambda kind: Annotated[kind, Field(exclude=True)],
}


def account(**members: Any) -> Any:
    """Return what is told of a schema."""
    annotations = members.pop("annotations")
    inner = type("Schema", (), {"__annotations__": annotations, "__module__": __name__, **members})
    kind = adapter_for("Book", inner)
    schema = kind.adopt("BookSchema", inner)
    type.__setattr__(schema, "_dynamorm_adapter", kind(schema))
    return schema.compiled  # type: ignore[attr-defined]


@cache
def cells() -> tuple[tuple[str, str, str, str], ...]:
    """Return (row, option, told of loading, told of dumping) for every field and every option."""
    return tuple(_cells())


def _cells() -> Iterator[tuple[str, str, str, str]]:
    for row, kind in ROWS.items():
        for option, make in OPTIONS.items():
            told = account(annotations={"field": make(kind)})
            assert told.load and told.dump
            yield row, option, told.load.fields["field"], told.dump.fields["field"]


def table() -> list[str]:
    """Return the table of the page, a line for each field."""
    lines: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
    for row, option, loading, dumping in cells():
        found = lines.setdefault(row, ({}, {}))
        found[0][option], found[1][option] = _short(loading), _short(dumping)
    head = ("field", "loading", "dumping")
    body = [(row, _line(loading), _line(dumping)) for row, (loading, dumping) in lines.items()]
    widths = [max(len(line[column]) for line in (head, *body)) for column in range(3)]
    rule = "  ".join("=" * width for width in widths)
    shown = ["  ".join(f"{text:{width}}" for text, width in zip(line, widths, strict=True)) for line in (head, *body)]
    return [rule, shown[0].rstrip(), rule, *(line.rstrip() for line in shown[1:]), rule]


def _short(told: str) -> str:
    return "by pydantic" if told != "compiled" else told


def _line(found: dict[str, str]) -> str:
    """Return one answer for all options, and those that differ after it."""
    usual = found["alone"]
    others = [option for option, answer in found.items() if answer != usual]
    return f"{usual}; by pydantic with {', '.join(others)}" if others else usual


if __name__ == "__main__":
    print("\n".join(table()))

"""Every type goes into storage and comes back."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Any

import pytest

pytest.importorskip("pydantic")

from pydantic import (
    BaseModel,
    Field,
    Json,
    field_serializer,
)

from dynamorm.schema import PARTIAL, TRUSTED

from .declared import VALUES, Address, Everything, adapt, round_trip, stored


class TestEveryType:
    def test_round_trip(self) -> None:
        again = round_trip(adapt(Everything), **VALUES)
        assert isinstance(again["address"], Address)
        assert again["at"] == dt.datetime(2024, 5, 6, 5, 8, 9, 10, dt.timezone.utc)
        assert again["at"].utcoffset() == dt.timedelta(0)
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
        assert dumped["at"] == "2024-05-06T05:08:09.000010Z"
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


def test_json_text_is_stored_as_what_it_says() -> None:
    class Schema(BaseModel):
        text: Json[str]
        parsed: Json[Any]

    adapter = adapt(Schema)
    natives = round_trip(adapter, text=r'"\"x\""', parsed='{"a": [1]}')
    assert natives == {"text": '"x"', "parsed": {"a": [1]}}
    assert adapter.dump(natives) == natives
    assert adapter.natives_of_assigned(natives) == natives

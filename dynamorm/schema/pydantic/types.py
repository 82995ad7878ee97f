"""Annotations for moments in storage: :data:`UTCDateTime`, text that sorts, and :data:`Timestamp`, a number."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import pydantic
from pydantic_core import core_schema

from ..conversions import in_utc, moment_of, seconds_of


class _InUTC:
    """Makes datetimes aware ones in UTC; naive ones are taken as UTC."""

    def __get_pydantic_core_schema__(self, source: Any, handler: pydantic.GetCoreSchemaHandler) -> Any:
        return core_schema.no_info_after_validator_function(in_utc, handler(source))


class AsSeconds(_InUTC):
    """Stores such datetimes as numbers of seconds since 1970."""

    def __get_pydantic_core_schema__(self, source: Any, handler: pydantic.GetCoreSchemaHandler) -> Any:
        inner = super().__get_pydantic_core_schema__(source, handler)
        seconds = core_schema.plain_serializer_function_ser_schema(seconds_of, when_used="unless-none")
        return core_schema.no_info_before_validator_function(_moment, inner, serialization=seconds)


def _moment(value: Any) -> Any:
    # pydantic would take large numbers for milliseconds, and round fractions
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return moment_of(value) if is_number else value


UTCDateTime = Annotated[dt.datetime, _InUTC()]
"""A moment, stored in UTC as ISO text of one width, which sorts as moments do; loads to an aware UTC datetime."""

Timestamp = Annotated[dt.datetime, AsSeconds()]
"""A moment, stored as a number of seconds since 1970, as DynamoDB's TTL wants it; loads to an aware UTC datetime."""

"""Functions that generated code calls for values too rare, or too free, to be written out.

All of them agree with :mod:`dynamorm.wire.codec`, to which they leave what is unusual, errors above all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ...wire.codec import (
    AttributeValue,
    WireItem,
    decode_number,
    decode_value,
    encode_number,
    encode_within,
)

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,25}(?:\.[0-9]{1,25})?").fullmatch
FRACTION = re.compile(r"-?[0-9]{1,10}\.[0-9]{0,20}[1-9]").fullmatch


def read_free(wire: AttributeValue) -> Any:
    """Return the plain value of an AttributeValue."""
    if len(wire) == 1:
        for tag, content in wire.items():
            if tag == "S":
                if type(content) is str:
                    return content
            elif tag == "M":
                if type(content) is dict:
                    return read_free_map(content)
            elif tag == "L":
                if type(content) is list:
                    return [read_free(element) for element in content]
            elif tag == "N" and type(content) is str:
                if len(content) < 40 and content.isdigit() and content.isascii():
                    return int(content)
                return number_of(content)
    return decode_value(wire)


def read_free_map(content: dict[str, AttributeValue]) -> dict[str, Any]:
    """Return the plain values of the content of an ``M``."""
    values = {}
    for name, wire in content.items():
        if type(name) is not str:
            decode_value({"M": content})
        values[name] = read_free(wire)
    return values


def read_unknown(content: Mapping[str, AttributeValue], known: frozenset[str]) -> dict[str, Any]:
    """Return the plain values of attributes that nobody declared; raises where one is malformed, as decoding would."""
    return {name: decode_value({"M": {name: wire}})[name] for name, wire in content.items() if name not in known}


def number_of(text: str) -> int | Decimal:
    """Return the number of a text that is not in plain digits, as decoding gives it."""
    if FRACTION(text):
        return Decimal(text)
    if text[:1] == "-" and len(text) < 40 and text[1:].isdigit() and text.isascii():
        return int(text)
    return decode_number(text)


def decimal_of(text: str) -> Decimal:
    """Return the Decimal of a stored number, in the form that it has after decoding."""
    return Decimal(decode_number(text))


def float_of(text: str) -> float:
    """Return the float of a stored number."""
    return float(text) or 0.0 if _PLAIN_NUMBER(text) else float(decode_number(text))


def float_text(value: float) -> str:
    """Return the text that is stored for a float."""
    text = float.__repr__(value)
    if "e" in text or "n" in text:
        return encode_number(value)
    if text.endswith(".0"):
        text = text[:-2]
        return "0" if text == "-0" else text
    return text


def decimal_text(value: Decimal) -> str:
    """Return the text that is stored for a Decimal."""
    text = str(value)
    if len(text) > 30 or not value or "E" in text or "a" in text or "f" in text:
        return encode_number(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def keeps_form(value: Decimal) -> bool:
    """Return whether a Decimal is read in the form that it has, and not only as the same number."""
    return Decimal(decimal_text(value)).as_tuple() == value.as_tuple()


def write_free(value: Any, nulls: bool) -> AttributeValue:
    """Return the AttributeValue of a plain value; inside lists, ``nulls``, ``None`` in maps is kept."""
    kind = type(value)
    if kind is str:
        if not value.isascii():
            value.encode()
        return {"S": value}
    write = _WRITERS.get(kind)
    return encode_within(value, nulls) if write is None else write(value, nulls)


def _write_map(value: Mapping[str, Any], nulls: bool) -> AttributeValue:
    return {"M": write_map(value, nulls)}


def _write_whole(value: int, nulls: bool) -> AttributeValue:
    return {"N": str(value) if -(10**18) < value < 10**18 else encode_number(value)}


_WRITERS: dict[type, Callable[[Any, bool], AttributeValue]] = {
    bool: lambda value, nulls: {"BOOL": value},
    int: _write_whole,
    float: lambda value, nulls: {"N": float_text(value)},
    Decimal: lambda value, nulls: {"N": decimal_text(value)},
    list: lambda value, nulls: {"L": [write_free(element, True) for element in value]},
    dict: _write_map,
}


def write_map(values: Mapping[str, Any], nulls: bool = False) -> WireItem:
    """Return the wire item of plain values, or the content of a map of them; see :func:`write_free`."""
    item = {}
    for name, value in values.items():
        kind = type(value)
        if type(name) is not str or kind is set or kind is frozenset:
            item.update(encode_within({name: value}, nulls)["M"])
        elif value is not None or nulls:
            if not name.isascii():
                name.encode()
            if kind is str:
                if not value.isascii():
                    value.encode()
                item[name] = {"S": value}
            else:
                item[name] = write_free(value, nulls)
    return item

"""Python values to DynamoDB's AttributeValues and back, exactly.

``encode_value`` and ``decode_value`` are inverse to each other but for what DynamoDB cannot tell apart: a float or a
tuple in free-form data comes back as ``Decimal`` (``int`` when integral) or list, ``frozenset`` as ``set``, a
``bytearray`` as ``bytes``.  Numbers never pass through the ambient ``decimal`` context.  What has no exact form is an
:exc:`~dynamorm.exceptions.UnstorableValue` with the path of the culprit.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping, Set
from decimal import Decimal
from typing import Any

from ..exceptions import UnreadableItem, UnstorableValue

AttributeValue = dict[str, Any]
WireItem = dict[str, AttributeValue]

MAX_DIGITS = 38
MIN_EXPONENT = -130
MAX_EXPONENT = 125

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def encode_number(value: int | float | Decimal) -> str:
    """Return the text that DynamoDB stores for a number, in its shortest plain or scientific form."""
    if isinstance(value, int):
        if -(10**MAX_DIGITS) < value < 10**MAX_DIGITS:
            return int.__repr__(value)
        value = _decimal_of_int(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise UnstorableValue(f"DynamoDB has no number {value!r}", value=value)
        value = Decimal(float.__repr__(value))
    elif not value.is_finite():
        raise UnstorableValue(f"DynamoDB has no number {value!s}", value=value)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if not value:
        return "0"
    text = "".join(map(str, digits))
    significant = text.strip("0")
    if len(significant) > MAX_DIGITS:
        raise UnstorableValue(
            f"{value} has {len(significant)} significant digits, DynamoDB keeps {MAX_DIGITS}", value=value
        )
    adjusted = value.adjusted()
    if not MIN_EXPONENT <= adjusted <= MAX_EXPONENT:
        raise UnstorableValue(f"{value} is outside DynamoDB's range of 1E-130 to 9.99E+125", value=value)
    stripped = text.rstrip("0")
    exponent += len(text) - len(stripped)
    return _number_text("-" if sign else "", stripped.lstrip("0"), exponent, adjusted)


def _decimal_of_int(value: int) -> Decimal:
    # CPython refuses to print integers of thousands of digits, so the error holds a description of this one
    if value.bit_length() > 430:
        told = f"<int of {value.bit_length()} bits>"
        raise UnstorableValue(f"{told} is outside DynamoDB's range of 1E-130 to 9.99E+125", value=told)
    return Decimal(value)


def _number_text(sign: str, digits: str, exponent: int, adjusted: int) -> str:
    if exponent >= 0 and adjusted < MAX_DIGITS:
        return sign + digits + "0" * exponent
    if exponent < 0 and -7 <= adjusted < MAX_DIGITS:
        if adjusted >= 0:
            return f"{sign}{digits[: adjusted + 1]}.{digits[adjusted + 1 :]}"
        return f"{sign}0.{'0' * (-adjusted - 1)}{digits}"
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{sign}{mantissa}E{adjusted:+d}"


def decode_number(text: str) -> int | Decimal:
    """Read a number: ``int`` where it is integral, ``Decimal`` elsewhere."""
    if not isinstance(text, str) or len(text) > 400 or not _NUMBER.fullmatch(text):
        raise UnreadableItem(f"{safe_repr(text)} is not a number", value=text)
    if text.isdigit():
        return int(text)
    number = Decimal(text)
    if number and number.adjusted() > MAX_EXPONENT:
        raise UnreadableItem(f"{text!r} is outside DynamoDB's range", value=text)
    whole = int(number)
    return whole if whole == number else number


def is_nothing(value: Any) -> bool:
    """Return whether a value is not stored, save as an element of a list: ``None`` and empty sets."""
    return value is None or (isinstance(value, Set) and not value)


def with_bytes(item: Mapping[str, Any]) -> WireItem:
    """Return an item that may come from JSON, where bytes are base64 text, with bytes for them."""
    if not isinstance(item, Mapping):
        raise UnreadableItem(f"{safe_repr(item)} is not a map of AttributeValues", value=item)
    try:
        return {name: _with_bytes(value) for name, value in item.items()}
    except RecursionError:
        return dict(item)  # decoding will say where


def safe_repr(value: Any) -> str:
    """Return a value as messages show it, be it nested more deeply than Python can show."""
    try:
        return repr(value)
    except RecursionError:
        return f"a {type(value).__name__} nested too deeply to be shown"


def _with_bytes(value: Any) -> Any:
    if not isinstance(value, Mapping) or len(value) != 1:
        return value  # decoding will say what is wrong with it
    ((tag, inner),) = value.items()
    if tag == "B" and isinstance(inner, str):
        return {tag: _bytes_of(inner)}
    if tag == "BS" and isinstance(inner, (list, tuple)):
        return {tag: [_bytes_of(element) if isinstance(element, str) else element for element in inner]}
    if tag == "L" and isinstance(inner, list):
        return {tag: [_with_bytes(element) for element in inner]}
    if tag == "M" and isinstance(inner, Mapping):
        return {tag: {name: _with_bytes(one) for name, one in inner.items()}}
    return value


def _bytes_of(text: str) -> bytes | str:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text


def encode_value(value: Any) -> AttributeValue:
    """Return the AttributeValue of a Python value; ``None`` is NULL."""
    try:
        return _encode(value)
    except RecursionError:
        raise UnstorableValue("nested too deeply, or inside itself", value=type(value).__name__) from None


def encode_stored(value: Any, *, in_list: bool = False) -> AttributeValue:
    """Return the AttributeValue that an item holds for a value, alone or inside a list; see :func:`encode_item`."""
    try:
        return encode_within(value, in_list)
    except RecursionError:
        raise UnstorableValue("nested too deeply, or inside itself", value=type(value).__name__) from None


def encode_item(values: Mapping[str, Any]) -> WireItem:
    """Return the wire item of a mapping, without what is ``None`` or an empty set.

    The same goes for mappings inside it.  Elements of lists keep their places, so ``None`` there is NULL, and inside
    them only empty sets are left out.
    """
    try:
        return _encode_sparse(values)
    except RecursionError:
        raise UnstorableValue("nested too deeply, or inside itself", value=type(values).__name__) from None


def _encode(value: Any) -> AttributeValue:
    encode = _ENCODERS.get(type(value))
    if encode is None:
        encode = _encoder_by_base(value)
    return encode(value)


def _encode_sparse(values: Mapping[str, Any], nulls: bool = False) -> WireItem:
    encoded: WireItem = {}
    for name, value in values.items():
        if (value is None and not nulls) or (isinstance(value, Set) and not value):
            continue
        name = _text_key(name)
        try:
            encoded[name] = encode_within(value, nulls)
        except UnstorableValue as error:
            raise error.under(name) from error.__cause__
    return encoded


def encode_within(value: Any, nulls: bool) -> AttributeValue:
    """Return the AttributeValue of something inside an item; where ``nulls``, ``None`` in its mappings is kept."""
    if isinstance(value, Mapping):
        return {"M": _encode_sparse(value, nulls)}
    if isinstance(value, (list, tuple)):
        return _encode_list(value, lambda element: encode_within(element, True))
    return _encode(value)


def _encode_map(values: Mapping[str, Any]) -> AttributeValue:
    encoded: WireItem = {}
    for name, value in values.items():
        name = _text_key(name)
        try:
            encoded[name] = _encode(value)
        except UnstorableValue as error:
            raise error.under(name) from error.__cause__
    return {"M": encoded}


def _encode_list(
    values: list[Any] | tuple[Any, ...], encode: Callable[[Any], AttributeValue] = _encode
) -> AttributeValue:
    encoded = []
    for position, value in enumerate(values):
        try:
            encoded.append(encode(value))
        except UnstorableValue as error:
            raise error.under(position) from error.__cause__
    return {"L": encoded}


def _encode_text(value: str) -> AttributeValue:
    _require_unicode(value)
    return {"S": str.__str__(value)}


def _require_unicode(text: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UnstorableValue(f"{text!r} is not valid Unicode text", value=text) from error


def _encode_set(values: Set[Any]) -> AttributeValue:
    if not values:
        raise UnstorableValue("DynamoDB stores no empty sets", value=values)
    tags = {_set_tag(value) for value in values}
    if len(tags) > 1:
        kinds = sorted({type(value).__name__ for value in values})
        raise UnstorableValue(f"a set of {' and '.join(kinds)}: DynamoDB's sets are of one kind", value=values)
    (tag,) = tags
    # sorted, so that equal sets have equal wire forms; through a set, because 0.1 and Decimal("0.1") are one number
    inner = tag[0]
    return {tag: sorted({_encode(value)[inner] for value in values})}


def _set_tag(value: Any) -> str:
    if isinstance(value, str):
        return "SS"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return "NS"
    if isinstance(value, (bytes, bytearray, memoryview)) or _is_wrapped_binary(value):
        return "BS"
    raise UnstorableValue(
        f"a set with {value!r} ({type(value).__name__}): DynamoDB has sets of strings, numbers and bytes",
        value=value,
    )


def _text_key(name: Any) -> str:
    if not isinstance(name, str):
        raise UnstorableValue(f"the key {name!r} of a map has to be a string", value=name)
    _require_unicode(name)
    return name if type(name) is str else str.__str__(name)


_ENCODERS: dict[type, Callable[[Any], AttributeValue]] = {
    str: _encode_text,
    bool: lambda value: {"BOOL": value},
    int: lambda value: {"N": encode_number(value)},
    float: lambda value: {"N": encode_number(value)},
    Decimal: lambda value: {"N": encode_number(value)},
    type(None): lambda value: {"NULL": True},
    bytes: lambda value: {"B": value},
    bytearray: lambda value: {"B": bytes(value)},
    memoryview: lambda value: {"B": bytes(value)},
    list: _encode_list,
    tuple: _encode_list,
    dict: _encode_map,
    set: _encode_set,
    frozenset: _encode_set,
}


def _encoder_by_base(value: Any) -> Callable[[Any], AttributeValue]:
    for kind in (str, int, float, Decimal, bytes, bytearray, list, tuple):
        if isinstance(value, kind):
            return _ENCODERS[kind]
    if _is_wrapped_binary(value):
        return _ENCODERS[bytearray]
    if isinstance(value, Mapping):
        return _encode_map
    if isinstance(value, Set):
        return _encode_set
    raise UnstorableValue(
        f"{value!r} of type {type(value).__name__} has no DynamoDB form; "
        "declare a field that serialises it, or convert it",
        value=value,
    )


def _is_wrapped_binary(value: Any) -> bool:
    """Return whether this is how boto3's resource wraps binary values; boto3 itself stays unimported."""
    kind = type(value)
    return kind.__name__ == "Binary" and kind.__module__ == "boto3.dynamodb.types"


def decode_value(wire: AttributeValue) -> Any:
    """Return the Python value of an AttributeValue."""
    try:
        return _decode(wire)
    except RecursionError:
        raise UnreadableItem("nested too deeply") from None


def decode_item(wire: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """Return the plain Python values of a wire item."""
    try:
        return _decode_map(wire)
    except RecursionError:
        for name, value in wire.items():
            try:
                decode_value(value)
            except UnreadableItem as error:
                raise error.under(name) from None
        raise UnreadableItem("nested too deeply") from None


def _decode(wire: AttributeValue) -> Any:
    try:
        ((tag, content),) = wire.items()
        decode = _DECODERS[tag]
    except (AttributeError, ValueError, KeyError, TypeError):
        raise UnreadableItem(f"{safe_repr(wire)} is not an AttributeValue", value=wire) from None
    try:
        return decode(content)
    except (AttributeError, TypeError, ValueError) as error:
        if isinstance(error, UnreadableItem):
            raise
        raise UnreadableItem(f"{safe_repr(content)} cannot stand under {tag!r}", value=wire) from None


def _decode_map(wire: Mapping[str, AttributeValue]) -> dict[str, Any]:
    if not isinstance(wire, Mapping):
        raise UnreadableItem(f"{safe_repr(wire)} is not a map of AttributeValues", value=wire)
    values = {}
    for name, value in wire.items():
        if not isinstance(name, str):
            raise UnreadableItem(f"{name!r} is not the name of an attribute", value=name)
        try:
            values[name] = _decode(value)
        except UnreadableItem as error:
            raise error.under(name) from None
    return values


def _decode_list(content: list[AttributeValue]) -> list[Any]:
    if not isinstance(content, (list, tuple)):
        raise TypeError(content)
    values = []
    for position, value in enumerate(content):
        try:
            values.append(_decode(value))
        except UnreadableItem as error:
            raise error.under(position) from None
    return values


def _decode_text(content: str) -> str:
    if not isinstance(content, str):
        raise TypeError(content)
    return content


def _decode_bytes(content: bytes) -> bytes:
    # bytes() would also take a number, for that many zeros, and a list
    if not isinstance(content, (bytes, bytearray, memoryview)) and not _is_wrapped_binary(content):
        raise TypeError(content)
    return bytes(content)


def _decode_flag(content: bool) -> bool:
    if not isinstance(content, bool):
        raise TypeError(content)
    return content


def _decoded_set(decode: Callable[[Any], Any]) -> Callable[[Any], set[Any]]:
    def decode_set(content: Any) -> set[Any]:
        if not isinstance(content, (list, tuple, Set)):
            raise TypeError(content)
        return {decode(element) for element in content}

    return decode_set


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "S": _decode_text,
    "N": decode_number,
    "B": _decode_bytes,
    "BOOL": _decode_flag,
    "NULL": lambda content: None,
    "L": _decode_list,
    "M": _decode_map,
    "SS": _decoded_set(_decode_text),
    "NS": _decoded_set(decode_number),
    "BS": _decoded_set(_decode_bytes),
}

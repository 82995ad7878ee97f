"""Cursors: where a page began or ended, as text for a URL, bound to the query that it belongs to and signed if wished.

The text stands for the query's fingerprint and a key in JSON.  A cursor that leads backwards has a sign before the key.
A sign without a key leads backwards from the end of the query, or forwards from its beginning.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..exceptions import DynamoException, InvalidCursor
from ..expressions import Comparison, Condition, in_postfix, shortened
from ..wire.codec import WireItem, decode_value, encode_value

_BACKWARDS, _FORWARDS = b"<", b">"
_MARK = 12  # bytes of the query's fingerprint
_SEAL = 16  # bytes of the signature
# Keys have up to 6 KB; each byte may be written as six letters, and four letters stand for three of these.
_LONGEST = 65_536


def fingerprint(conditions: Sequence[Condition], values: WireItem, *about: Any) -> bytes:
    """Return what a cursor remembers of its query: resolved conditions, and whatever else makes it another one."""
    of_conditions = sorted(_json(_canonical(condition)) for condition in conditions)
    text = _json([of_conditions, {name: _sorted(value) for name, value in values.items()}, about])
    return hashlib.sha256(text.encode()).digest()[:_MARK]


def _json(value: Any) -> str:
    return json.dumps(value, default=_text, sort_keys=True)


def _canonical(condition: Condition) -> Any:
    return [
        [token[0].__name__, token[1]] if type(token) is tuple else _canonical_leaf(token)
        for token in in_postfix(condition)
    ]


def _canonical_leaf(leaf: Comparison) -> Any:
    operands = [_sorted(operand) if isinstance(operand, dict) else operand for operand in leaf.operands]
    return [leaf.operator, leaf.path, operands, leaf.size]


def _sorted(value: dict[str, Any]) -> Any:
    """Return a wire value in one form, whatever order its sets and maps came in."""
    ((tag, inner),) = value.items()
    if tag in ("SS", "NS", "BS"):
        return [tag, sorted(inner)] if tag != "BS" else [tag, sorted(map(bytes, inner))]
    if tag == "M":
        return [tag, sorted((name, _sorted(element)) for name, element in inner.items())]
    if tag == "L":
        return [tag, [_sorted(element) for element in inner]]
    return [tag, inner]


def _text(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()


def encode_cursor(key: WireItem | None, mark: bytes, secret: bytes | None, *, backwards: bool = False) -> str:
    """Return the cursor after a key, or backwards before it; without a key from the beginning, or backwards the end."""
    body = mark
    if backwards or key is None:
        body += _BACKWARDS if backwards else _FORWARDS
    if key is not None:
        plain = {
            name: [tag, _text(value) if tag == "B" else value]
            for name, typed in key.items()
            for tag, value in typed.items()
        }
        body += json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
    if secret is not None:
        body = _seal(body, secret) + body
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def leads_backwards(cursor: Any, secret: bytes | None) -> bool:
    """Return whether a cursor, of whichever query, leads backwards."""
    return _body_of(cursor, secret).startswith(_BACKWARDS, _MARK)


def decode_cursor(
    cursor: Any, mark: bytes, secret: bytes | None, types: Mapping[str, str], *, backwards: bool = False
) -> WireItem | None:
    """Return the key of a cursor that was made for the same query, with the same secret; ``None`` if it has no key.

    ``types`` are the type letters of the attributes that the key is made of.
    """
    body, shown = _body_of(cursor, secret), shortened(cursor)
    if body[:_MARK] != mark:
        raise InvalidCursor(f"{shown} belongs to another query, or is no cursor: start again from the first page")
    told = body[_MARK:]
    if told.startswith(_BACKWARDS) != backwards:
        raise InvalidCursor(f"{shown} leads backwards, and start() forwards only: give it to page()")
    if told in (_BACKWARDS, _FORWARDS):
        return None
    try:
        return _key_in(json.loads(told[1:] if backwards else told), types)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, DynamoException) as error:
        raise InvalidCursor(f"{shown} is no cursor") from error


def _body_of(cursor: Any, secret: bytes | None) -> bytes:
    """Return what a cursor says, without its signature."""
    shown = shortened(cursor)
    if not isinstance(cursor, str) or len(cursor) > _LONGEST:
        raise InvalidCursor(f"{shown} is no cursor: give the text of a page's next_cursor or previous_cursor")
    try:
        body = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidCursor(f"{shown} is no cursor") from error
    if secret is not None:
        seal, body = body[:_SEAL], body[_SEAL:]
        if not hmac.compare_digest(seal, _seal(body, secret)):
            raise InvalidCursor(f"{shown} was not signed with this program's cursor_key")
    return body


def _key_in(plain: Any, types: Mapping[str, str]) -> WireItem:
    """Return the key that a cursor holds; anything else raises."""
    if plain.keys() != types.keys():
        raise ValueError(plain)
    key: WireItem = {}
    for name, letter in types.items():
        if not isinstance(plain[name], list):
            raise ValueError(plain)
        tag, value = plain[name]
        if tag != letter or not isinstance(value, str) or not value:
            raise ValueError(plain)
        value = base64.b64decode(value, validate=True) if tag == "B" else value
        # numbers and text that DynamoDB would not take are refused by the codec
        key[name] = encode_value(decode_value({tag: value}))
    return key


def _seal(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()[:_SEAL]

"""Cursors: where a page ended, as text for a URL, bound to the query that it belongs to and signed if wished."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from ..exceptions import InvalidCursor
from ..expressions import All, Comparison, Condition, Either, Not
from ..wire.codec import WireItem

_MARK = 12  # bytes of the query's fingerprint
_SEAL = 16  # bytes of the signature


def fingerprint(conditions: Sequence[Condition], values: WireItem, *about: Any) -> bytes:
    """Return what a cursor remembers of its query: resolved conditions, and whatever else makes it another one."""
    of_conditions = sorted(_json(_canonical(condition)) for condition in conditions)
    text = _json([of_conditions, {name: _sorted(value) for name, value in values.items()}, about])
    return hashlib.sha256(text.encode()).digest()[:_MARK]


def _json(value: Any) -> str:
    return json.dumps(value, default=_text, sort_keys=True)


def _canonical(condition: Condition) -> Any:
    if isinstance(condition, Comparison):
        operands = [_sorted(operand) if isinstance(operand, dict) else operand for operand in condition.operands]
        return [condition.operator, condition.path, operands, condition.size]
    if isinstance(condition, Not):
        return ["not", _canonical(condition.part)]
    assert isinstance(condition, (All, Either))
    return [type(condition).__name__, [_canonical(part) for part in condition.parts]]


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


def encode_cursor(key: WireItem, mark: bytes, secret: bytes | None) -> str:
    """Return the cursor after a key."""
    plain = {
        name: [tag, _text(value) if tag == "B" else value]
        for name, typed in key.items()
        for tag, value in typed.items()
    }
    body = mark + json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
    if secret is not None:
        body = _seal(body, secret) + body
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def decode_cursor(cursor: str, mark: bytes, secret: bytes | None) -> WireItem:
    """Return the key of a cursor that was made for the same query, with the same secret."""
    try:
        body = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidCursor(f"{cursor!r} is no cursor") from error
    if secret is not None:
        seal, body = body[:_SEAL], body[_SEAL:]
        if not hmac.compare_digest(seal, _seal(body, secret)):
            raise InvalidCursor(f"{cursor!r} was not signed with this program's cursor_key")
    if body[:_MARK] != mark:
        raise InvalidCursor(f"{cursor!r} belongs to another query, or is no cursor: start again from the first page")
    try:
        plain = json.loads(body[_MARK:])
        return {name: {tag: base64.b64decode(value) if tag == "B" else value} for name, (tag, value) in plain.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidCursor(f"{cursor!r} is no cursor") from error


def _seal(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()[:_SEAL]

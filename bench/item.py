"""The one item that everybody reads and writes: twelve attributes of the usual kinds."""

from __future__ import annotations

from typing import Any

TABLE = "bench-items"
REGION = "us-east-1"
KEYS = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench-secret"}

PLAIN: dict[str, Any] = {
    "isbn": "978-0-306-40615-7",
    "title": "The Art of Computer Programming",
    "author": "Donald E. Knuth",
    "publisher": "Addison-Wesley",
    "language": "en",
    "summary": "Fundamental algorithms, volume one of seven, third edition, with exercises.",
    "created": "2024-05-17T12:34:56.789000+00:00",
    "year": 1968,
    "pages": 672,
    "stock": 12,
    "tags": ["computing", "mathematics", "classics"],
    "meta": {"shelf": "C-12", "room": "reading room"},
}
KEY = {"isbn": PLAIN["isbn"]}


def wire(value: Any) -> dict[str, Any]:
    """The form of a value on the wire."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, list):
        return {"L": [wire(one) for one in value]}
    return {"M": {name: wire(one) for name, one in value.items()}}


WIRE: dict[str, Any] = {name: wire(value) for name, value in PLAIN.items()}
WIRE_KEY = {"isbn": WIRE["isbn"]}
UPDATE: dict[str, Any] = {
    "UpdateExpression": "SET #a = :a, #b = :b",
    "ExpressionAttributeNames": {"#a": "pages", "#b": "stock"},
    "ExpressionAttributeValues": {":a": {"N": "673"}, ":b": {"N": "11"}},
}

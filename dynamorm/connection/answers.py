"""From the bytes of an answer to the dict that botocore would make of them.

Data operations answer in plain JSON whose only disguise is base64 for binary values, so a good answer needs
no shape-by-shape reading.  Whatever is out of the ordinary is left to botocore's own parser, which is the
judge.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from base64 import b64decode
from typing import Any

import orjson
from botocore.awsrequest import HeadersDict

from ..locks import cached_property
from ..wire.texts import binary_as_text
from .text_answers import cut

__all__ = [
    "DATA_OPERATIONS",
    "LeanResponse",
    "checksum_differs",
    "decode_binary_values",
    "encode_payload",
    "is_plausible_success",
    "read_answer",
]

# What each data operation can answer with.  An operation that is not here is always botocore's own business.
DATA_OPERATIONS: dict[str, frozenset[str]] = {
    "GetItem": frozenset({"Item", "ConsumedCapacity"}),
    "PutItem": frozenset({"Attributes", "ConsumedCapacity", "ItemCollectionMetrics"}),
    "UpdateItem": frozenset({"Attributes", "ConsumedCapacity", "ItemCollectionMetrics"}),
    "DeleteItem": frozenset({"Attributes", "ConsumedCapacity", "ItemCollectionMetrics"}),
    "Query": frozenset({"Items", "Count", "ScannedCount", "LastEvaluatedKey", "ConsumedCapacity"}),
    "Scan": frozenset({"Items", "Count", "ScannedCount", "LastEvaluatedKey", "ConsumedCapacity"}),
    "BatchGetItem": frozenset({"Responses", "UnprocessedKeys", "ConsumedCapacity"}),
    "BatchWriteItem": frozenset({"UnprocessedItems", "ItemCollectionMetrics", "ConsumedCapacity"}),
    "TransactGetItems": frozenset({"Responses", "ConsumedCapacity"}),
    "TransactWriteItems": frozenset({"ConsumedCapacity", "ItemCollectionMetrics"}),
}

# Parts of answers in which binary values may stand that are not worth a reader of their own.
_RARE_PARTS = frozenset({"UnprocessedKeys", "UnprocessedItems", "ItemCollectionMetrics"})


class LeanResponse:
    """What handlers of botocore's events may ask of an HTTP response, made from what was received."""

    def __init__(self, url: str, status_code: int, lowered_headers: dict[str, str], body: bytes | bytearray) -> None:
        self.url = url
        self.status_code = status_code
        self.lowered_headers = lowered_headers
        self.body = body

    @cached_property
    def headers(self) -> HeadersDict:
        return HeadersDict(self.lowered_headers)

    @cached_property
    def content(self) -> bytes:
        return bytes(self.body)

    @property
    def text(self) -> str:
        return self.content.decode("utf-8")

    @property
    def raw(self) -> io.BytesIO:
        return io.BytesIO(self.content)


def encode_payload(payload: dict[str, Any]) -> bytes:
    """Write a payload as the JSON that goes onto the wire.

    :raises TypeError: for a value that has no place in a payload.
    """
    return orjson.dumps(payload, default=binary_as_text)


def checksum_differs(headers: dict[str, str], body: bytes | bytearray) -> bool:
    """Whether the answer carries a checksum that is not the body's."""
    expected = headers.get("x-amz-crc32")
    if expected is None:
        return False
    actual = str(zlib.crc32(body))
    return expected != actual and expected.lstrip("0") != actual


def is_plausible_success(body: bytes | bytearray) -> bool:
    """Whether a body can be that of a success at all: a JSON object, and not one of DynamoDB's errors.

    botocore takes whatever else comes with a status of 200 for an empty answer, and a write for carried out.
    """
    try:
        # left to itself, Python's reader would also take other encodings, and a mark of one in front
        answer = json.loads(body.decode("utf-8"))
    except ValueError:
        return False
    return isinstance(answer, dict) and "__type" not in answer


# Every answer is searched for these, the largest too.  What is looked for begins with plain characters, for which the
# engine of regular expressions has a quick way, and both kinds of binary values are found at one go.
_NULL = re.compile(rb"null(?:(?<=:null)|(?<=: null))")
_BINARY = re.compile(rb'B(?<="B)S?":')


def read_answer(operation: str, body: bytes | bytearray, texts: bool = False) -> dict[str, Any] | None:
    """Return the answer to ``operation`` as botocore would, or ``None`` where botocore had better read it.

    The caller has seen a status of 200 and a checksum that fits.  With ``texts`` items may stay such.
    """
    # botocore drops members that are null; no answer of DynamoDB's has any.
    if b"null" in body and _NULL.search(body) is not None:
        return None
    answer = cut(operation, body, _read) if texts else None
    return _read(operation, body) if answer is None else answer


def _read(operation: str, body: bytes | bytearray) -> dict[str, Any] | None:
    try:
        answer = orjson.loads(body)
    except ValueError:
        return None
    if type(answer) is not dict or not DATA_OPERATIONS[operation].issuperset(answer):
        return None
    if _BINARY.search(body) is not None and not decode_binary_values(operation, answer):
        return None
    return answer


def decode_binary_values(operation: str, answer: dict[str, Any]) -> bool:
    """Turn the base64 of all binary values into bytes, in place; false where that is left to botocore."""
    if not _RARE_PARTS.isdisjoint(answer) and any(answer.get(part) for part in _RARE_PARTS):
        return False
    try:
        for part in ("Item", "Attributes", "LastEvaluatedKey"):
            if part in answer:
                _decode_item(answer[part])
        for item in answer.get("Items", ()):
            _decode_item(item)
        responses = answer.get("Responses", ())
        if operation == "BatchGetItem":
            for items in responses.values() if responses else ():
                for item in items:
                    _decode_item(item)
        else:
            for entry in responses:
                if "Item" in entry:
                    _decode_item(entry["Item"])
    except (AttributeError, TypeError, ValueError):
        return False
    return True


def _decode_item(item: dict[str, dict[str, Any]]) -> None:
    for value in item.values():
        _decode_value(value)


def _decode_value(value: dict[str, Any]) -> None:
    for tag, content in value.items():
        if tag == "B":
            value[tag] = b64decode(content)
        elif tag == "BS":
            value[tag] = [b64decode(element) for element in content]
        elif tag == "M":
            _decode_item(content)
        elif tag == "L":
            for element in content:
                _decode_value(element)

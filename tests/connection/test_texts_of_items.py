"""Items as the texts that they came as: where two readers of JSON differ, and what becomes of what neither reads."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import orjson
import pytest

from dynamorm.connection.answers import read_answer
from dynamorm.connection.text_answers import TextAnswer
from dynamorm.wire.texts import item_of, key_within, text_of

ITEM = {"id": {"S": "1"}, "n": {"N": "2"}, "b": {"B": b"\x00"}, "more": {"M": {"l": {"L": [{"BS": [b"x"]}]}}}}
TEXT = b'{"id":{"S":"1"},"n":{"N":"2"},"b":{"B":"AA=="},"more":{"M":{"l":{"L":[{"BS":["eA=="]}]}}}}'


def page(*items: bytes) -> bytes:
    return b'{"Count":%d,"Items":[%s],"ScannedCount":%d}' % (len(items), b",".join(items), len(items))


class Item(msgspec.Struct):
    a: Any = None


def taken_by(read: Any, body: bytes) -> bool:
    try:
        read(body)
    except (ValueError, RecursionError):
        return False
    return True


# By reader: whether it takes the item, and whether msgspec passes over it when it cuts a page.
READERS = {
    "orjson": orjson.loads,
    "msgspec, typed": msgspec.json.Decoder(Item).decode,
    "msgspec, passed over": msgspec.json.Decoder(list[msgspec.Raw]).decode,
    "json": json.loads,
}
DIFFERENCES: dict[str, tuple[bytes, set[str]]] = {
    "a lone surrogate": (b'{"a":{"S":"\\ud800"}}', {"json"}),
    "invalid UTF-8": (b'{"a":{"S":"\xff"}}', {"msgspec, passed over"}),
    "a number out of range": (b'{"b":1e999}', {"msgspec, typed", "msgspec, passed over", "json"}),
    "no number": (b'{"a":NaN}', {"json"}),
    "a mark of encoding": (b'\xef\xbb\xbf{"a":1}', {"json"}),
    "a control character": (b'{"a":"\x01"}', set()),
    "a comma at the end": (b'{"a":1,}', set()),
    "an unknown escape": (b'{"a":"\\x"}', set()),
    "a leading zero": (b'{"a":01}', set()),
    "members that come twice": (b'{"a":1,"a":2}', set(READERS)),
    "an escaped name": (b'{"\\u0061":2}', set(READERS)),
    "white space": (b' { "a" :\n2 } ', set(READERS)),
    "a long integer": (b'{"a":123456789012345678901234567890}', set(READERS)),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_what_the_readers_make_of_odd_json(name: str) -> None:
    text, takers = DIFFERENCES[name]
    found = {
        reader
        for reader, read in READERS.items()
        if taken_by(read, b"[%s]" % text if reader == "msgspec, passed over" else text)
    }
    assert found == takers


@pytest.mark.parametrize("name", DIFFERENCES)
def test_an_answer_is_cut_only_where_its_items_can_be_read(name: str) -> None:
    text, _ = DIFFERENCES[name]
    body = page(b'{"a":{"S":"good"}}', text)
    whole, cut = read_answer("Query", body), read_answer("Query", body, texts=True)
    if cut is None:
        assert whole is None
        return
    expected = json.loads(body) if whole is None else whole
    assert [item_of(item) for item in cut["Items"]] == expected["Items"]
    assert whole is None or cut.rereader()() == whole


def test_of_a_member_that_comes_twice_the_last_one_holds() -> None:
    assert orjson.loads(b'{"a":1,"a":2}') == {"a": 2}
    assert msgspec.json.decode(b'{"a":1,"a":2}', type=Item).a == 2
    assert key_within(b'{"a":{"S":"1"},"a":{"S":"2"}}', ("a",)) == {"a": {"S": "2"}}


def test_deep_nesting_is_refused_by_both_and_goes_the_general_way() -> None:
    deep = b'{"a":' + b'{"L":[' * 2_000 + b'{"S":"x"}' + b"]}" * 2_000 + b"}"
    assert not any(taken_by(READERS[reader], deep) for reader in ("orjson", "msgspec, typed", "json"))
    assert read_answer("Query", page(deep), texts=True) is None


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("GetItem", b'{"Item":%s,"ConsumedCapacity":{"CapacityUnits":1.0}}' % TEXT),
        ("Query", page(TEXT, TEXT)),
        ("Scan", b'{"Items":[%s],"Count":1,"ScannedCount":3,"LastEvaluatedKey":{"b":{"B":"AA=="}}}' % TEXT),
        ("BatchGetItem", b'{"Responses":{"t":[%s],"u":[]},"UnprocessedKeys":{}}' % TEXT),
    ],
)
def test_an_answer_in_texts_says_what_the_whole_one_says(operation: str, body: bytes) -> None:
    for form in (body, bytearray(body)):
        whole, cut = read_answer(operation, form), read_answer(operation, form, texts=True)
        assert type(whole) is dict and type(cut) is TextAnswer
        assert cut.rereader()() == whole
        assert read_in(cut) == read_in(whole)
        assert {name: part for name, part in cut.items() if name not in ("Item", "Items", "Responses")} == {
            name: part for name, part in whole.items() if name not in ("Item", "Items", "Responses")
        }


def read_in(answer: dict[str, Any]) -> Any:
    if "Responses" in answer:
        return {table: [item_of(item) for item in items] for table, items in answer["Responses"].items()}
    return [item_of(item) for item in answer.get("Items", [answer.get("Item")])]


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("GetItem", b"{}"),
        ("GetItem", b'{"Item":5}'),
        ("Query", b'{"Count":3,"ScannedCount":3}'),
        ("Query", b'{"Items":{},"Count":0}'),
        ("BatchGetItem", b'{"Responses":{},"UnprocessedKeys":{"t":{"Keys":[{"b":{"B":"AA=="}}]}}}'),
        ("PutItem", b'{"Attributes":{"b":{"B":"AA=="}}}'),
    ],
)
def test_where_there_is_nothing_to_cut_the_answer_is_read_as_a_whole(operation: str, body: bytes) -> None:
    assert type(read_answer(operation, body, texts=True)) is not TextAnswer
    assert read_answer(operation, body, texts=True) == read_answer(operation, body)


def test_what_is_no_answer_is_left_to_botocore_in_either_form() -> None:
    for body in (
        b"",
        b"[]",
        b'{"Items":null,"Count":1}',
        b'{"Items":[],"Novelty":1}',
        b'{"Items":[{"a":{"S":"\xff"}}]}',
    ):
        assert read_answer("Query", body, texts=True) is None


def test_texts_and_items_in_wire_form_are_the_same() -> None:
    assert item_of(TEXT) == ITEM and item_of(ITEM) is ITEM
    assert text_of(ITEM) == TEXT
    for odd in ({"a": {"S": "\ud800"}}, {1: {"S": "x"}}, {"a": {"S": {1, 2}}}, {"a": object()}):
        assert text_of(odd) is None


@pytest.mark.parametrize("name", ["id", 'a"b', "a\\b", "\n", "é", ""])
def test_some_attributes_are_taken_out_of_a_text_whatever_they_are_called(name: str) -> None:
    item = {name: {"S": "x"}, "other": {"N": "1"}, "bytes": {"B": b"\xff"}}
    text = text_of(item)
    assert text is not None
    for stored in (text, item):
        assert key_within(stored, (name,)) == {name: {"S": "x"}}
        assert key_within(stored, ("bytes", name)) == {"bytes": {"B": b"\xff"}, name: {"S": "x"}}
        with pytest.raises(KeyError):
            key_within(stored, ("missing",))

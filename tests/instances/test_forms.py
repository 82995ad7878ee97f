"""The other forms of an instance: dicts, typed JSON."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

from dynamorm import ValidationError

from ..books import BOOK_TABLE, BOOK_VALUES, book_model, book_values
from ..libraries import binary, day, mapping, natives, text
from ..stored import stored_wire


def test_to_dict_has_stored_names_and_forms_or_python_names_and_natives(library):
    made = library.model("Book", BOOK_TABLE, {"isbn": text(), "on": day(stored="On"), "note": text(stored="Note")})(
        isbn="1", on="2024-05-06"
    )
    # what has no value is left out, or None where that is the library's own way
    absent = library.name == "schematics"
    assert made.to_dict() == {"isbn": "1", "On": "2024-05-06", **({"Note": None} if absent else {})}
    assert made.to_dict(native=True) == {"isbn": "1", "on": dt.date(2024, 5, 6), **({"note": None} if absent else {})}


def test_validate_gives_the_native_values(book):
    made = book(isbn="1", title="T")
    made.year = "1999"
    found = {name: value for name, value in made.validate().items() if value is not None}
    assert found == {"isbn": "1", "title": "T", "year": 1999, "copies": 1}


def test_new_from_raw_takes_python_names_stored_names_and_none(library):
    model = book_model(library)
    assert model.new_from_raw(None) is None
    assert model.new_from_raw({"isbn": "1", "sub": "S"}).subtitle == "S"
    assert model.new_from_raw({"isbn": "1", "subtitle": "S", "year": "7"}).year == 7
    assert model.new_from_raw({"isbn": "1"}).copies == 1
    assert model.new_from_raw({"isbn": "1"}, partial=True).copies is None
    assert type(model.new_from_raw({"isbn": "1"})) is model
    with pytest.raises(ValidationError):
        model.new_from_raw({"year": "soon"})
    given = {"isbn": "1", "meta": {"a": 1}}
    model.new_from_raw(given)
    assert given == {"isbn": "1", "meta": {"a": 1}}


def test_from_item_and_to_item_speak_dynamodbs_typed_json(book):
    book.put(book_values())
    item = stored_wire(book, isbn=BOOK_VALUES["isbn"])
    made = book.from_item(item)
    assert natives(made) == BOOK_VALUES
    again = made.to_item()
    for value in (item, again):
        value["genres"] = {"SS": sorted(value["genres"]["SS"])}
    assert again == item
    assert (made.is_dirty, made.is_partial) == (False, False)


def test_from_item_keeps_what_the_schema_does_not_know_and_to_item_gives_it_back(library):
    model = library.model("Book", BOOK_TABLE, {"isbn": text(), "raw": binary()})
    item = {"isbn": {"S": "1"}, "raw": {"B": b"\x01"}, "colour": {"S": "red"}, "n": {"N": "1.50"}, "z": {"NULL": True}}
    made = model.from_item(item)
    assert made.extra == {"colour": "red", "n": decimal.Decimal("1.50"), "z": None}
    assert made.to_item() == item
    with pytest.raises(ValidationError):
        book_model(library).from_item({"isbn": {"S": "1"}, "year": {"S": "soon"}})


def test_bytes_in_typed_json_may_be_base64_text(library):
    model = library.model("Book", BOOK_TABLE, {"isbn": text(), "raw": binary(), "meta": mapping()})
    item = {
        "isbn": {"S": "aGVsbG8="},
        "raw": {"B": "aGVsbG8="},
        "meta": {"M": {"set": {"BS": ["aGVsbG8="]}, "list": {"L": [{"B": "aGVsbG8="}, {"B": b"hello"}]}}},
        "zzz": {"B": "aGVsbG8="},
    }
    made = model.from_item(item)
    assert natives(made) == {
        "isbn": "aGVsbG8=",
        "raw": b"hello",
        "meta": {"set": {b"hello"}, "list": [b"hello", b"hello"]},
    }
    assert made.extra == {"zzz": b"hello"}
    assert model.from_item(made.to_item()).to_item() == made.to_item()
    assert item["raw"] == {"B": "aGVsbG8="}
    with pytest.raises(ValidationError):
        model.from_item({"isbn": {"S": "1"}, "raw": {"B": "no base64!"}})

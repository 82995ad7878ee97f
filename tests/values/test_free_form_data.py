"""Data of any form: what comes back of it, and what has no form in DynamoDB."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dynamorm import ValidationError

from .things import WAYS, stored, write


@pytest.mark.parametrize("way", WAYS)
def test_free_form_data_gives_integers_and_decimals(thing, way):
    given = {"i": 3, "f": 0.1, "whole": 2.0, "d": Decimal("1.50"), "deep": [1.5, {"x": Decimal("1E2"), "t": (1, 2)}]}
    write(thing, way, free=given)
    found = thing.get(id="1").free
    expected = {
        "i": 3,
        "f": Decimal("0.1"),
        "whole": 2,
        "d": Decimal("1.5"),
        "deep": [Decimal("1.5"), {"x": 100, "t": [1, 2]}],
    }
    assert found == expected
    assert [type(found[name]) for name in ("i", "f", "whole", "d")] == [int, Decimal, int, Decimal]
    assert [type(found["deep"][0]), type(found["deep"][1]["x"])] == [Decimal, int]


@pytest.mark.parametrize("way", WAYS)
def test_what_has_no_form_in_dynamodb_is_an_error_with_its_path(thing, sent, way):
    if way == "partial":
        thing(id="1").save()
    wrong = [object(), lambda: None, "\ud800", range(2)]
    if thing.Schema.base_schema_type().__module__.partition(".")[0] != "pydantic":  # which gives these another form
        wrong += [1j, {1, "a"}, {("a",)}, {"k": {2.5: 1}}]
    for value in wrong:
        with pytest.raises(ValidationError, match=r"free.*deep\[1\]\.x"):
            write(thing, way, free={"deep": [0, {"x": value}]})
    assert not any("free" in str(request.payload) for request in sent)


def test_sets_in_free_form_data_are_dynamodbs_sets(thing):
    thing.put({"id": "1", "free": {"s": {"a"}, "n": {1, Decimal("2.5")}, "b": frozenset({b"x"})}})
    assert stored(thing)["free"]["M"]["b"] == {"BS": [b"x"]}
    assert thing.get(id="1").free == {"s": {"a"}, "n": {1, Decimal("2.5")}, "b": {b"x"}}


def test_text_of_every_script_is_kept(thing):
    strange = "\x00 \t\n\"quoted\" 'single' \\ \u202e é 漢 \U0001f40d \uffff"
    thing.put({"id": strange, "s": strange, "free": {strange: strange}, "tags": {strange}})
    found = thing.get(id=strange)
    assert (found.id, found.s, found.free, found.tags) == (strange, strange, {strange: strange}, {strange})

"""All contenders are given the same items, and read the same values out of them."""

from __future__ import annotations

import msgspec
import pytest
from boto3.dynamodb.types import TypeSerializer

from bench.contenders.floor import DECODERS
from bench.items import KINDS, Sizes, wire
from bench.measure import check, opened

SIZES = Sizes(stored=20, page=10, few=5, read_batch=4, write_batch=2)
WITHOUT_RECORDS = [name for name, kind in KINDS.items() if all(field.type != "record" for field in kind.fields)]


def test_the_first_kind_has_the_attributes_that_the_documentation_says():
    types = [field.type for field in KINDS["book"].fields]
    counted = {name: types.count(name) for name in dict.fromkeys(types)}
    assert counted == {"string": 6, "datetime": 1, "integer": 3, "boolean": 1, "list": 1, "map": 1}
    assert [len(KINDS["book"].values(0)[name]) for name in ("tags", "meta")] == [3, 2]


@pytest.mark.parametrize("value", ["text", 3, True, ["a", 1, False], {"a": {"b": [{"c": 1}]}}], ids=repr)
def test_values_have_the_form_on_the_wire_that_boto3_gives_them(value):
    assert wire(value) == TypeSerializer().serialize(value)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_decoders_of_the_floor_give_what_was_stored(kind):
    for number in (0, 7):
        typed, function = DECODERS[kind.name]
        decoded = function(msgspec.convert(kind.wire(number), typed))
        assert decoded == kind.values(number)
        assert [type(value) for value in decoded.values()] == [type(value) for value in kind.values(number).values()]


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_items_come_in_the_order_of_their_numbers(kind):
    keys = [kind.key(number) for number in (0, 1, 9, 10, 99, 100, 9_999)]
    assert len({key[kind.hash_key] for key in keys}) == 1
    assert sorted(keys, key=lambda key: key[kind.range_key]) == keys


@pytest.mark.parametrize("library", ["marshmallow", "schematics", "pydantic"])
@pytest.mark.parametrize("kind", WITHOUT_RECORDS)
def test_models_of_each_library_give_what_was_stored(kind, library):
    pytest.importorskip(library)
    contender = opened(f"dynamorm_models:direct:{library}", kind, "http://127.0.0.1:1", SIZES)
    instance = contender.model.from_item(KINDS[kind].wire(7))
    assert instance.to_dict(native=True) == KINDS[kind].values(7)


@pytest.mark.parametrize("library", ["marshmallow", "schematics", "pydantic"])
def test_nested_items_are_stored_as_they_were_by_models_of_each_library(library):
    pytest.importorskip(library)
    contender = opened(f"dynamorm_models:direct:{library}", "nested", "http://127.0.0.1:1", SIZES)
    stored = KINDS["nested"].wire(7)
    assert contender.model.from_item(stored).to_item() == stored


class Careless:
    def query(self, count):
        return ["item"] * (count - 1)


def test_a_contender_that_reads_something_else_is_not_measured():
    with pytest.raises(AssertionError, match="9 items instead of 10"):
        check(Careless(), "query", 10)

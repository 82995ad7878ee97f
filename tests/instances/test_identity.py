"""How instances are shown, compared and hashed."""

from __future__ import annotations

import pytest

from ..libraries import integer, text


def test_the_representation_shows_the_key(library, page):
    assert repr(page(isbn="1", number=2, body="long")) == "<Page isbn='1', number=2>"
    assert repr(page()) == "<Page isbn=None, number=None>"


def test_equality_is_by_model_and_complete_key_and_otherwise_by_identity(library, page):
    one, two = page(isbn="1", number=2, body="x"), page(isbn="1", number=2, body="y")
    assert one == two
    assert one != page(isbn="1", number=3)
    unfinished = page(isbn="1")
    assert unfinished != page(isbn="1") and unfinished == unfinished
    table = {"name": "pages", "hash_key": "isbn", "range_key": "number"}
    other = library.model("Other", table, {"isbn": text(), "number": integer()})
    assert other(isbn="1", number=2) != one
    assert one != {"isbn": "1", "number": 2} and one != "1"


def test_an_instance_is_hashable_when_its_key_is_complete(page):
    assert len({page(isbn="1", number=2), page(isbn="1", number=2), page(isbn="1", number=3)}) == 2
    with pytest.raises(TypeError, match="cannot be hashed before its key is complete"):
        hash(page(isbn="1"))

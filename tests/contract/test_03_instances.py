"""Section 3 of the contract: instances."""

from __future__ import annotations

from .models import book_values, natives


def test_a_book_comes_back_as_it_was_put(book):
    values = book_values()
    book.put(values)
    found = natives(book.get(isbn=values["isbn"]))
    assert found == values
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in values.items()}


def test_a_page_comes_back_by_both_keys(page):
    page.put({"isbn": "1", "number": 2, "body": "x"})
    assert page.get(isbn="1", number=2).to_dict() == {"isbn": "1", "number": 2, "Body": "x", "words": 0}

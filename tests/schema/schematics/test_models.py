"""Models whose schema is schematics', and threads that share one."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.exceptions import ValidationError as Refusal
from schematics.types.serializable import serializable

from dynamorm.exceptions import ValidationError
from dynamorm.schema.schematics import Set

from .declared import MOMENT, Address, Home, adapter_with, errors_of, stored

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


def test_threads_share_an_adapter():
    many = types.ListType(types.ModelType(Address))
    adapter = adapter_with(a=types.IntType(), home=types.ModelType(Address), homes=many)
    wrong = []

    def work(number):
        for _ in range(50):
            natives = adapter.natives_of_whole(
                {"a": number, "home": {"city": str(number)}, "homes": [{"city": str(number)}]}
            )
            read = adapter.natives_of_stored(stored(adapter, natives))
            if read != {"a": number, "home": Home(str(number)), "homes": [Home(str(number))]}:
                wrong.append(read)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class TestModels:
    """A few of the same things through a model."""

    @pytest.fixture
    def book(self):
        from dynamorm import DynaModel

        class Book(DynaModel):
            class Table:
                name = "books"
                hash_key = "isbn"
                range_key = "at"

            class Schema:
                isbn = types.StringType(required=True, max_length=5)
                at = types.DateTimeType(required=True)
                title = types.StringType(serialized_name="Title", default="untitled")
                tags = Set(types.StringType(), required=True)
                home = types.ModelType(Address)
                pages = types.IntType()

                @serializable(type=types.StringType())
                def shout(self):
                    return self.title.upper()

                def validate_pages(self, data, value):
                    if value == 0:
                        raise Refusal("no pages")

        return Book

    ITEM = {
        "isbn": {"S": "1"},
        "at": {"S": "2024-05-06T07:08:09.000000+0000"},
        "Title": {"S": "untitled"},
        "home": {"M": {"city": {"S": "B"}, "zip": {"N": "1000"}}},
        "shout": {"S": "UNTITLED"},
    }

    def test_writing(self, book):
        one = book(isbn=1, at="2024-05-06T07:08:09Z", home={"city": "B"}, tags=[])
        assert (one.isbn, one.at, one.title, one.pages, one.tags) == ("1", MOMENT, "untitled", None, set())
        assert one.home["city"] == "B"
        assert book.to_item(one) == self.ITEM
        one.pages = "7"
        assert book.to_item(one)["pages"] == {"N": "7"}

    def test_reading(self, book):
        one = book.from_item({**self.ITEM, "shout": {"S": "old"}, "unknown": {"N": "1"}})
        assert (one.isbn, one.at, one.tags, one.shout) == ("1", MOMENT, set(), "UNTITLED")
        assert one.home == Home("B")
        with pytest.raises(ValidationError, match="no pages"):
            book.from_item({**self.ITEM, "pages": {"N": "0"}})

    def test_validating(self, book):
        with pytest.raises(ValidationError, match="too long"):
            book(isbn="123456")
        one = book(tags=set())
        assert errors_of(one.validate) == {"isbn": ["This field is required."], "at": ["This field is required."]}
        one.isbn, one.at, one.pages = "1", MOMENT, 0
        assert errors_of(one.validate) == {"pages": ["no pages"]}

    def test_the_schema_of_a_child(self, book):
        class Novel(book):
            class Schema(book.Schema):
                genre = types.StringType()

        one = Novel(isbn="1", at=MOMENT, genre="crime")
        assert Novel.to_item(one)["genre"] == {"S": "crime"}
        assert not hasattr(book, "genre")

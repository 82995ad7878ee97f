"""Errors: where they stand, what they are kinds of, and what they carry."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys

import pytest
from botocore.exceptions import ClientError

import dynamorm
from dynamorm import exceptions

from .libraries import integer, text


def test_every_error_stands_at_the_top_and_in_the_module_of_exceptions():
    errors = {
        name for name, value in vars(exceptions).items() if inspect.isclass(value) and issubclass(value, Exception)
    }
    public = {name for name in errors if not name.startswith("_")}
    assert public == set(exceptions.__all__) <= set(dynamorm.__all__)
    for name in public - {"UnsortableKey"}:
        assert issubclass(getattr(dynamorm, name), dynamorm.DynamoException)
    assert issubclass(dynamorm.UnsortableKey, UserWarning)


def test_the_errors_that_0_11_had_keep_their_ancestors():
    assert issubclass(dynamorm.ValidationError, dynamorm.DynaModelException)
    for narrow in (
        dynamorm.MissingTableAttribute,
        dynamorm.InvalidSchemaField,
        dynamorm.HashKeyExists,
        dynamorm.ConditionFailed,
        dynamorm.TableNotActive,
    ):
        assert issubclass(narrow, dynamorm.DynamoTableException)
    assert issubclass(dynamorm.HashKeyExists, dynamorm.ConditionFailed)


def refusal(model, **values):
    with pytest.raises(dynamorm.ValidationError) as caught:
        model(**values)
    return caught.value


def test_a_validation_error_tells_errors_by_field_what_was_given_and_the_schema(library):
    book = library.model(
        "Book", {"name": "t", "hash_key": "isbn"}, {"isbn": text(required=True), "year": integer(at_most=2100)}
    )
    error = refusal(book, isbn="1", year="soon")
    assert error.raw == {"isbn": "1", "year": "soon"}
    assert error.schema_name == "BookSchema"
    if library.name == "pydantic":
        assert [(one["loc"], one["type"]) for one in error.errors] == [(("year",), "int_parsing")]
    else:
        assert list(error.errors) == ["year"]
        assert {"marshmallow": "Not a valid integer.", "schematics": "Value 'soon' is not int."}[
            library.name
        ] in error.errors["year"]
    assert list(error.errors.messages) == ["year"]
    assert str(error).startswith("Validation failed for schema BookSchema. Errors: ")
    assert str(error.errors) in str(error)


def test_a_validation_error_survives_a_pickle(library):
    book = library.model("Book", {"name": "t", "hash_key": "isbn"}, {"isbn": text(required=True), "year": integer()})
    error = refusal(book, isbn="1", year="soon")
    twin = pickle.loads(pickle.dumps(error))
    assert twin.errors.messages == error.errors.messages
    assert (twin.errors, twin.raw, twin.schema_name, str(twin)) == (
        error.errors,
        error.raw,
        error.schema_name,
        str(error),
    )


def test_a_refused_condition_is_a_client_error_and_carries_it(book):
    book.put({"isbn": "1", "title": "T"})
    with pytest.raises(dynamorm.ConditionFailed) as caught:
        book.put({"isbn": "1", "title": "U"}, conditions={"title": "X"})
    assert isinstance(caught.value, ClientError)
    assert not isinstance(caught.value, dynamorm.HashKeyExists)
    assert type(caught.value.args[0]) is type(caught.value.__cause__)
    assert isinstance(caught.value.args[0], ClientError)
    assert caught.value.args[0].response["Error"]["Code"] == "ConditionalCheckFailedException"


def test_a_hash_key_that_exists_is_a_failed_condition_so_the_narrower_except_comes_first(book):
    book.put({"isbn": "1", "title": "T"})
    caught = []
    for _ in range(1):
        try:
            book.put_unique({"isbn": "1", "title": "U"})
        except dynamorm.HashKeyExists as error:
            caught.append(error)
        except dynamorm.ConditionFailed:  # pragma: no cover
            pytest.fail("the narrower error was meant")
    (error,) = caught
    assert isinstance(error, dynamorm.ConditionFailed) and isinstance(error, ClientError)
    assert isinstance(error.args[0], ClientError)


# What they carry, copied and pickled.


@pytest.fixture
def importable(monkeypatch):
    """Let a model be found by name, as pickle looks for classes."""

    def make_importable(model):
        monkeypatch.setattr(sys.modules[model.__module__], model.__qualname__, model, raising=False)
        return model

    return make_importable


def twins(error):
    return copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))


REFUSED = {
    "condition": lambda page: page.put({"isbn": "1", "number": 1, "words": 3}, conditions={"words": 5}),
    "unique": lambda page: page.put_unique({"isbn": "1", "number": 1}),
    "update": lambda page: page.update_item(isbn="1", number=1, words=3, conditions={"words": 5}),
}


@pytest.mark.parametrize("way", REFUSED)
def test_a_refused_condition_is_copied_and_pickled_with_the_item_that_met_it(page, importable, way):
    importable(page)
    page.put({"isbn": "1", "number": 1, "words": 7})
    with pytest.raises(dynamorm.ConditionFailed) as caught:
        REFUSED[way](page)
    for twin in twins(caught.value):
        # less the class of the client's own, which another process has to make first
        assert issubclass(type(caught.value), type(twin)) and str(twin) == str(caught.value)
        assert isinstance(twin, dynamorm.ConditionFailed) and isinstance(twin, ClientError)
        assert type(twin.current) is page and twin.current == caught.value.current
        assert (twin.current.words, twin.item) == (7, caught.value.item)
        assert isinstance(twin.args[0], ClientError) and twin.__cause__ is not None


def test_a_refused_condition_that_met_no_item_goes_on_saying_so(page):
    with pytest.raises(dynamorm.ConditionFailed) as caught:
        page.put({"isbn": "1", "number": 1}, conditions={"words": 5})
    assert [twin.current for twin in twins(caught.value)] == [None, None, None]


def test_an_item_that_cannot_be_pickled_is_told_from_none(page):
    # no module knows the model by its name
    page.put({"isbn": "1", "number": 1, "words": 7})
    with pytest.raises(dynamorm.ConditionFailed) as caught:
        page.put({"isbn": "1", "number": 1}, conditions={"words": 5})
    shallow, deep, pickled = twins(caught.value)
    assert shallow.current is caught.value.current and deep.current == caught.value.current
    assert isinstance(pickled.current, exceptions.NotPickled)
    assert "Page" in repr(pickled.current) and "could not be pickled" in repr(pickled.current)
    assert pickled.item == caught.value.item
    again = pickle.loads(pickle.dumps(pickled))
    assert repr(again.current) == repr(pickled.current)


def test_other_errors_keep_what_they_carry_too(page, importable):
    thing = object()
    function = lambda: None  # noqa: E731
    importable(page)
    instance = page(isbn="1", number=1)
    batch = dynamorm.BatchError("too slow", [instance], [{"isbn": "2", "number": 1}])
    for twin in twins(batch):
        assert (str(twin), twin.done, twin.missing) == ("too slow", [instance], [{"isbn": "2", "number": 1}])
    refused = dynamorm.ValidationError({"words": function, "isbn": "1"}, "PageSchema", {"words": ["wrong"]}, "here")
    shallow, deep, pickled = twins(refused)
    assert shallow.raw is refused.raw and deep.raw == refused.raw
    assert pickled.raw["isbn"] == "1" and "could not be pickled" in repr(pickled.raw["words"])
    assert [str(twin) for twin in (shallow, deep, pickled)] == [str(refused)] * 3
    assert pickled.errors.messages == {"words": ["wrong"]}
    value = dynamorm.UnstorableValue("no form", "meta.x", thing)
    assert value.under("outer").path == "outer.meta.x"
    for twin in twins(value):
        assert (str(twin), twin.path) == ("outer.meta.x: no form", "outer.meta.x")


def test_what_was_noted_on_an_error_stays_with_it(page):
    with pytest.raises(dynamorm.ConditionFailed) as caught:
        page.put({"isbn": "1", "number": 1}, conditions={"words": 5})
    caught.value.seen_by = "worker 7"
    assert [twin.seen_by for twin in twins(caught.value)] == ["worker 7"] * 3

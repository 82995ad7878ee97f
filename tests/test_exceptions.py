"""Errors: where they stand, what they are kinds of, and what they carry."""

from __future__ import annotations

import inspect
import pickle

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

"""Section 1 of the contract: import paths."""

from __future__ import annotations

import importlib
import inspect
import pickle
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError

import dynamorm
from dynamorm import exceptions

from .models import integer, text

# What the package gives at its top, besides the exceptions.
FACE = {
    "DynaModel",
    "F",
    "GlobalIndex",
    "LocalIndex",
    "ProjectAll",
    "ProjectInclude",
    "ProjectKeys",
    "Q",
    "configure",
    "inspect",
    "using",
}

# Where existing code finds things.
KEPT = {
    "dynamorm.model": ["DynaModel", "DynaModelMeta"],
    "dynamorm.indexes": [
        "GlobalIndex",
        "Index",
        "LocalIndex",
        "ProjectAll",
        "ProjectInclude",
        "ProjectKeys",
        "Projection",
    ],
    "dynamorm.table": [
        "DynamoCommon3",
        "DynamoGlobalIndex3",
        "DynamoIndex3",
        "DynamoLocalIndex3",
        "DynamoTable3",
        "Q",
        "QueryIterator",
        "ReadIterator",
        "ScanIterator",
    ],
    "dynamorm.types.base": ["DynamORMSchema"],
    "dynamorm.signals": [
        "model_prepared",
        "post_delete",
        "post_init",
        "post_save",
        "post_update",
        "pre_delete",
        "pre_init",
        "pre_save",
        "pre_update",
    ],
    "dynamorm.exceptions": [
        "ConditionFailed",
        "DynaModelException",
        "DynamoException",
        "DynamoTableException",
        "HashKeyExists",
        "InvalidSchemaField",
        "MissingTableAttribute",
        "TableNotActive",
        "ValidationError",
    ],
    "dynamorm.local": ["DynamoLocal", "get_random_port"],
}


@pytest.mark.parametrize("name", sorted(FACE))
def test_the_package_gives_the_name_at_its_top(name):
    assert hasattr(dynamorm, name)


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in KEPT.items() for name in names])
def test_existing_code_finds_the_name_where_it_was(module, name):
    assert hasattr(importlib.import_module(module), name)


def test_what_stands_at_two_places_is_one_thing():
    for module, names in KEPT.items():
        for name in names:
            if name in dynamorm.__all__:
                assert getattr(importlib.import_module(module), name) is getattr(dynamorm, name)


def test_all_is_sorted_and_holds_no_name_twice():
    assert dynamorm.__all__ == sorted(set(dynamorm.__all__))


def test_all_is_complete():
    public = {
        name
        for name, value in vars(dynamorm).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    }
    assert public == set(dynamorm.__all__)
    assert set(dynamorm.__all__) >= FACE


def test_a_star_import_gives_just_what_all_says():
    code = (
        "before = set(dir())\nfrom dynamorm import *\nimport dynamorm\n"
        "found = set(dir()) - before - {'before', 'dynamorm'}\n"
        "assert found == set(dynamorm.__all__), found ^ set(dynamorm.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_error_stands_at_the_top_and_in_the_module_of_exceptions():
    errors = {
        name for name, value in vars(exceptions).items() if inspect.isclass(value) and issubclass(value, Exception)
    }
    public = {name for name in errors if not name.startswith("_")}
    assert public == set(exceptions.__all__) <= set(dynamorm.__all__)
    for name in public:
        assert issubclass(getattr(dynamorm, name), dynamorm.DynamoException)


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

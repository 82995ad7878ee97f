"""What the package gives at its top, and the import paths that existing code uses."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import dynamorm

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
    assert public - {"delete", "load", "save", "sync"} == set(dynamorm.__all__)  # which would shadow others
    assert set(dynamorm.__all__) >= FACE


def test_a_star_import_gives_just_what_all_says():
    code = (
        "before = set(dir())\nfrom dynamorm import *\nimport dynamorm\n"
        "found = set(dir()) - before - {'before', 'dynamorm'}\n"
        "assert found == set(dynamorm.__all__), found ^ set(dynamorm.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

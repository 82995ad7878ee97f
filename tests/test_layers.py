"""The architecture as a test: imports point downwards, and every third party stays in its room."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from . import layers
from .layers import PACKAGE, ROOMS, imports_of, is_downwards, modules, name_of, page, room_of

MARSHMALLOW = {
    "schema/marshmallow.py",
    "schema/marshmallow_fields.py",
    "schema/marshmallow_plans.py",
    "schema/marshmallow_validators.py",
    "schema/marshmallow_values.py",
    "schema/marshmallow_variants.py",
}
THIRD_PARTIES = {
    "boto3": {"connection"},
    "botocore": {"connection"},
    "orjson": {"connection"},
    "certifi": {"connection"},
    "blinker": {"signals"},
    "six": {"model"},
    "marshmallow": MARSHMALLOW,
    "schematics": {"schema/schematics"},
    "pydantic": {"schema/pydantic"},
    "pydantic_core": {"schema/pydantic"},
    "annotated_types": {"schema/pydantic"},
    "pytest": {"pytest_plugin", "testing"},
}
# The two places that import when something is first needed.
LATE = {"connection/registry.py"}

MODULES = modules()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_downwards(path):
    room = room_of(name_of(path))
    if room is None:
        assert not list(imports_of(path)), f"{name_of(path)} has no place in the layers yet"
        return
    wrong = {
        f"line {one.line}: {one.target}"
        for one in imports_of(path)
        if one.target and not is_downwards(room, one.target)
    }
    assert not wrong, f"{room} imports what does not stand below it"


def test_every_room_that_is_named_is_there():
    there = {room_of(name_of(path)) for path in MODULES}
    assert set(ROOMS) - there == set()


def test_the_whole_package_fits_on_one_page():
    shown = page()
    assert len(shown.splitlines()) <= 60
    assert all(len(line) <= 120 for line in shown.splitlines())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_third_parties_stay_in_their_rooms(path):
    file = path.relative_to(PACKAGE)
    around = {name_of(path).partition(".")[0], *(str(one) for one in (file, *file.parents))}
    for one in imports_of(path):
        if one.third_party:
            assert around & THIRD_PARTIES.get(one.third_party, set()), f"{file}:{one.line} imports {one.third_party}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_stand_at_the_top_of_a_module(path):
    tree = ast.parse(path.read_text())
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            late = [node.lineno for node in ast.walk(function) if isinstance(node, (ast.Import, ast.ImportFrom))]
            assert not late or str(path.relative_to(PACKAGE)) in LATE, f"{path.name}:{late} imports in a function"


def test_importing_dynamorm_imports_neither_boto3_nor_a_schema_library():
    program = (
        "import sys, dynamorm, dynamorm.local, socket\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & set(sys.argv[1:])))"
    )
    heavy = ["boto3", "botocore", "marshmallow", "schematics", "pydantic", "pytest", "urllib3", "moto"]
    answer = subprocess.run([sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_check_itself_sees_a_wrong_import(tmp_path, monkeypatch):
    monkeypatch.setattr(layers, "PACKAGE", tmp_path)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    wrong = tmp_path / "store.py"
    wrong.write_text("from .model import DynaModel\nimport boto3\n")
    with pytest.raises(AssertionError, match="does not stand below"):
        test_imports_point_downwards(wrong)
    with pytest.raises(AssertionError, match="imports boto3"):
        test_third_parties_stay_in_their_rooms(wrong)

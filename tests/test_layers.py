"""The architecture as a test: imports point downwards, and every third party stays in its room."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "dynamorm"

# From the ground up; a module may import from rooms that stand before its own, and inside its room.
ROOMS = (
    "frozen",
    "exceptions",
    "signals",
    "codec",
    "spec",
    "connection",
    "schema",
    "expressions",
    "documents",
    "indexes",
    "requests",
    "table_requests",
    "descriptions",
    "planning",
    "administration",
    "passthrough",
    "mapper",
    "updates",
    "cursors",
    "state",
    "names",
    "changes",
    "instances",
    "raw",
    "table",
    "items",
    "batch",
    "pages",
    "parallel",
    "keys",
    "query",
    "scans",
    "verbs",
    "definition",
    "related",
    "relationships",
    "model",
    "__init__",
)
# Beside the layers; each with what it may import besides itself.
BESIDE = {
    "local": {"exceptions"},
    "pytest_plugin": {"__init__", "local"},
    "types": {"schema"},
    "testing": {"__init__", "exceptions", "codec", "spec", "schema"},
}
THIRD_PARTIES = {
    "boto3": {"connection"},
    "botocore": {"connection"},
    "orjson": {"connection"},
    "certifi": {"connection"},
    "blinker": {"signals"},
    "six": {"model"},
    "marshmallow": {"schema/marshmallow"},
    "schematics": {"schema/schematics"},
    "pydantic": {"schema/pydantic"},
    "pydantic_core": {"schema/pydantic"},
    "annotated_types": {"schema/pydantic"},
    "pytest": {"pytest_plugin", "testing"},
}
# The two places that import when something is first needed.
LATE = {"connection/registry.py"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(path: Path) -> Iterator[tuple[str, str, ast.stmt]]:
    """Give each import of a module as (own room or "", third party or "", statement)."""
    tree = ast.parse(path.read_text())
    package = ("dynamorm", *path.relative_to(PACKAGE).parts[:-1])
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "dynamorm" else [module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "dynamorm":
                own = parts[1] if len(parts) > 1 else "__init__"
                known = own in ROOMS or own in BESIDE
                yield (own if known else "__init__"), "", node
            elif parts[0] not in sys.stdlib_module_names:
                yield "", parts[0], node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path):
    room = room_of(path)
    assert room in ROOMS or room in BESIDE, f"{room} has no place in the layers yet"
    for own, _third, node in imports_of(path):
        if not own or own == room:
            continue
        if room in BESIDE:
            allowed = own in BESIDE[room]
        else:
            allowed = own in ROOMS and ROOMS.index(own) < ROOMS.index(room)
        assert allowed, f"{path.name}:{node.lineno} of {room} imports {own}, which does not stand below it"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_third_parties_stay_in_their_rooms(path):
    file = path.relative_to(PACKAGE)
    places = {room_of(path), *(str(place) for place in (file, *file.parents))}
    for _own, third, node in imports_of(path):
        if third:
            assert places & THIRD_PARTIES.get(third, set()), f"{file}:{node.lineno} imports {third}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
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
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    wrong = tmp_path / "codec.py"
    wrong.write_text("from .model import DynaModel\nimport boto3\n")
    with pytest.raises(AssertionError, match="does not stand below"):
        test_imports_point_downwards(wrong)
    with pytest.raises(AssertionError, match="imports boto3"):
        test_third_parties_stay_in_their_rooms(wrong)

"""The architecture as a test: imports point downwards, and every third party stays in its room."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from . import layers
from .layers import ORDER, PACKAGE, ROOMS, imports_of, is_downwards, modules, name_of, page, room_of

THIRD_PARTIES = {
    "boto3": {"connection"},
    "botocore": {"connection"},
    "orjson": {"connection", "wire"},
    "msgspec": {"connection", "schema/compiler", "wire"},
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
# what is read here is the same whatever is installed beside it
pytestmark = pytest.mark.slow

LATE = {"connection/registry.py", "drivers.py"}

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


ABOVE_CONNECTION = [
    path for path in MODULES if (room := room_of(name_of(path))) in ROOMS if ORDER[ROOMS[room][0]] < ORDER["connection"]
]
BELOW_MODEL = [path for path in ABOVE_CONNECTION if ORDER[ROOMS[room_of(name_of(path))][0]] > ORDER["model"]]
BLOCKING = {
    "asyncio",
    "concurrent",
    "multiprocessing",
    "queue",
    "select",
    "selectors",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "time",
}


@pytest.mark.parametrize("path", ABOVE_CONNECTION, ids=name_of)
def test_nothing_above_the_connection_waits_or_calls_it(path):
    tree = ast.parse(path.read_text())
    assert blocking_imports(tree) == []
    assert calls_of(tree, {"call", "call_resource"}) == [], "steps are yielded; drivers call connections"


@pytest.mark.parametrize("path", BELOW_MODEL, ids=name_of)
def test_rooms_below_the_model_are_given_what_they_need(path):
    tree = ast.parse(path.read_text())
    assert reads_of_classes(tree) == [], "what a room needs of a model, its store tells"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_flows_take_no_step_while_they_are_thrown_away(path):
    assert steps_in_the_end(ast.parse(path.read_text())) == []


def blocking_imports(tree):
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in BLOCKING]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found += [node.module] if node.module.partition(".")[0] in BLOCKING else []
    return found


def calls_of(tree, names):
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [f"line {one.lineno}" for one in called if isinstance(one, ast.Attribute) and one.attr in names]


def reads_of_classes(tree):
    hung = {"_dynamorm", "_dynamorm_init", "_dynamorm_relationships"}
    read = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in hung]
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in hung]
    return [f"line {node.lineno}" for node in (*read, *named)]


def steps_in_the_end(tree):
    """Return the lines of steps in a ``finally``, or where ``BaseException`` is handled."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            catching_all = [
                handler
                for handler in node.handlers
                if handler.type is None or "BaseException" in ast.unparse(handler.type)
            ]
            ends = [*node.finalbody, *(part for handler in catching_all for part in handler.body)]
            found += [
                f"line {inner.lineno}"
                for part in ends
                for inner in ast.walk(part)
                if isinstance(inner, (ast.Yield, ast.YieldFrom))
            ]
    return found


def test_the_checks_themselves_see_what_is_wrong():
    wrong = ast.parse(
        "import time, os.path\n"
        "from concurrent.futures import Future\n"
        "def flow(place, cls):\n"
        "    try:\n"
        "        yield place.connection.call(cls._dynamorm.store)\n"
        "    except BaseException:\n"
        "        yield 1\n"
        "    finally:\n"
        "        yield from flow(getattr(cls, '_dynamorm_init'))\n"
    )
    assert blocking_imports(wrong) == ["time", "concurrent.futures"]
    assert calls_of(wrong, {"call"}) == ["line 5"]
    assert reads_of_classes(wrong) == ["line 5", "line 9"]
    assert steps_in_the_end(wrong) == ["line 9", "line 7"]


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

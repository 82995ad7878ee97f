"""The two faces, held against each other: every verb that blocks has one to be awaited, which says the same."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import dynamorm

PACKAGE = Path(dynamorm.__file__).parent
SCRIPT = PACKAGE.parent / "scripts" / "write_awaited.py"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_awaited", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = _script()


class Pair(NamedTuple):
    """A blocking verb and the awaited one; the ``owner`` is a class or a module."""

    owner: Any
    verb: str
    awaited: str

    @property
    def both(self) -> tuple[Any, Any]:
        # whichever class of the hierarchy has the awaited one
        return tuple(_function(inspect.getattr_static(self._home(name), name)) for name in (self.verb, self.awaited))

    def _home(self, name: str) -> Any:
        return dynamorm if inspect.ismodule(self.owner) and not hasattr(self.owner, name) else self.owner


def _function(found: Any) -> Any:
    return found.fget if isinstance(found, property) else getattr(found, "__func__", found)


def _owner(source: str, owner: str) -> Any:
    module = importlib.import_module("dynamorm." + source.removesuffix(".py").replace("/", "."))
    if not owner:
        return module
    kind = getattr(module, owner)
    if source.startswith("model/"):
        return dynamorm.DynaModel
    return module.DynamoTable3 if owner == "_Life" else kind


PAIRS = {
    f"{face.source}: {part.owner}.{verb}": Pair(_owner(face.source, part.owner), verb, face.names.get(verb, f"a{verb}"))
    for face in script.FACES
    for part in face.parts
    for verb in part.verbs
}
each_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)


@pytest.mark.slow  # which starts a formatter for each module
@pytest.mark.skipif(not Path(sys.executable).with_name("ruff").exists(), reason="ruff is not installed")
@pytest.mark.parametrize("face", script.FACES, ids=lambda face: face.target)
def test_what_is_written_is_what_the_script_writes(face):
    text = script.formatted(script.written(face), face.target)
    assert (PACKAGE / face.target).read_text() == text, "run python scripts/write_awaited.py"


# What blocks and has no verb to be awaited in its place, with what has to be used.
OTHERWISE = {
    "OneToOne.__delete__": "await partner.adelete()",
    "OneToOne.__get__": "await Child.relationship.aget(child)",
    "PartsOfItems.sync": "await book.areconcile()",
    "PlainItems.get_batch": "await Table.aget_batch(...), which is made of its flow",
    "ReadIterator.__bool__": "await query.aexists()",
    "StreamRouter.__call__": "await router.aroute(change)",
    "_Life.create": "the former name of create_table, which is not for new code",
}


def _blocking(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the functions that call the blocking driver, or a method beside them that does, with their classes."""
    for owner, body in _scopes(tree):
        functions = [node for node in body if isinstance(node, ast.FunctionDef)]
        found: set[str] = set()
        while True:
            more = {one.name for one in functions if _blocks(one, found)} - found
            if not more:
                break
            found |= more
        yield from ((owner, name) for name in sorted(found))


def _scopes(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    yield "", tree.body
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, node.body


def _blocks(function: ast.FunctionDef, blocking: set[str]) -> bool:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in ("run", "perform"):
            return True
        if isinstance(called, ast.Attribute) and called.attr in blocking and ast.unparse(called.value) in OF_ITSELF:
            return True
    return False


OF_ITSELF = ("self", "cls", "type(self)", "super()")


def _with_the_blocking_driver() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        drivers = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "drivers"]
        if any(alias.name in ("run", "perform") for node in drivers for alias in node.names):
            yield path, tree


@pytest.mark.slow
def test_no_verb_is_forgotten():
    forgotten, seen = [], set()
    for path, tree in _with_the_blocking_driver():
        module = importlib.import_module(
            ".".join(("dynamorm", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        )
        for owner, verb in _blocking(tree):
            name = f"{owner}.{verb}"
            seen.add(name)
            if name not in OTHERWISE and not _is_awaited(module, owner, verb):
                forgotten.append(f"{module.__name__}: {name}")
    assert forgotten == []
    assert OTHERWISE.keys() <= seen
    assert {"Reading.require", "WholeItems.save", "ReadIterator.count", ".load", "BatchWriter.__exit__"} <= seen


def _is_awaited(module: Any, owner: str, verb: str) -> bool:
    """Return whether there is an awaited verb in place of a blocking one, in the same class or module."""
    name = next((one.awaited for one in PAIRS.values() if one.owner is module and one.verb == verb), None)
    if not owner:
        return hasattr(dynamorm, name or f"a{verb}")
    kind: Any = getattr(module, owner)
    if module.__name__.startswith("dynamorm.model."):
        kind = dynamorm.DynaModel
    elif owner == "_Life":
        kind = module.DynamoTable3
    plain = verb.startswith("_") and not verb.startswith("__")
    awaited = f"__a{verb[2:]}" if verb.startswith("__") else f"_a{verb[1:]}" if plain else f"a{verb}"
    return inspect.iscoroutinefunction(getattr(kind, awaited, None))


@each_pair
def test_awaited_verbs_are_coroutine_functions(pair):
    blocking, awaited = pair.both
    assert inspect.iscoroutinefunction(awaited) and not inspect.iscoroutinefunction(blocking)


@each_pair
def test_both_faces_have_the_same_signature(pair):
    blocking, awaited = (inspect.signature(function) for function in pair.both)
    assert list(awaited.parameters.values()) == list(blocking.parameters.values())
    if pair.verb == "get_batch":  # where a coroutine cannot be gone through
        assert awaited.return_annotation == blocking.return_annotation.replace("Iterator[", "list[")
    else:
        assert awaited.return_annotation == blocking.return_annotation


@each_pair
def test_both_faces_say_the_same(pair):
    blocking, awaited = (_said(function.__doc__ or "") for function in pair.both)
    if pair.awaited == "areconcile":  # sync() has that name since there are two faces
        blocking = (blocking[0].replace("``sync``", "``reconcile``"), blocking[1])
    assert awaited[0] == blocking[0]
    assert len(awaited[1]) == len(blocking[1])
    if pair.verb in " ".join(blocking[1]):
        assert re.search(rf"await .*\b{pair.awaited}\(", " ".join(awaited[1]))


def _said(docstring: str) -> tuple[str, list[str]]:
    """Return what a docstring says, and the lines of its example."""
    text, _, example = docstring.partition("Example::\n")
    return text, example.splitlines()


def test_what_iterates_does_so_either_way():
    from dynamorm.many.typed_items import Iterating
    from dynamorm.reading.iteration import Iteration, PagesInTurn
    from dynamorm.reading.query import ReadIterator
    from dynamorm.relationships.to_many import QuerySet

    for kind in (Iterating, Iteration, PagesInTurn, ReadIterator, QuerySet):
        assert hasattr(kind, "__iter__") and hasattr(kind, "__aiter__"), kind
        assert not inspect.isasyncgenfunction(kind.__aiter__), "what is left early would have to be closed on its loop"


def test_who_awaits_nothing_does_not_import_asyncio(library, dynamo_local):
    code = "import sys, dynamorm\nassert 'asyncio' not in sys.modules, 'by dynamorm'\n"
    code += _use(library.name, dynamo_local.endpoint_url)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def _use(library: str, endpoint_url: str) -> str:
    schema = {
        "marshmallow": "from marshmallow import fields\nclass Schema: isbn = fields.String(required=True)\n",
        "schematics": "from schematics import types\nclass Schema: isbn = types.StringType(required=True)\n",
        "pydantic": "class Schema: isbn: str\n",
    }[library]
    return f"""
import uuid
{schema}
class Table:
    name = "unasync-" + uuid.uuid4().hex
    hash_key = "isbn"
    read = write = 1

Book = type(dynamorm.DynaModel)("Book", (dynamorm.DynaModel,), {{"Table": Table, "Schema": Schema}})
assert 'asyncio' not in sys.modules, 'by the schema library'
where = dict(region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local")
with dynamorm.using(endpoint_url={endpoint_url!r}, **where):
    Book.Table.create_table()
    Book(isbn="1").save()
    assert Book.get(isbn="1").isbn == "1" and Book.scan().count() == 1
    Book.put_batch([{{"isbn": "2"}}])
    assert len(list(Book.get_batch(["1", "2"]))) == 2
    Book.Table.delete(wait=False)
assert 'asyncio' not in sys.modules, 'by verbs'
"""

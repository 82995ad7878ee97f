"""The documentation is run, and names everything that is public."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import re
import sys
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import dynamorm
import dynamorm.exceptions
from dynamorm.reading.query import QueryIterator
from dynamorm.reading.scan import ScanIterator
from dynamorm.schema import registry

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst"))]
LIBRARIES = ("marshmallow", "schematics", "pydantic")
DIRECTIVE = re.compile(r"( *)\.\. (?:code-block|code|sourcecode):: *(\S*) *$")


def find_blocks(page: Path) -> Iterator[tuple[int, str, str]]:
    """The line number of the first line, the language and the text of every code block of a page."""
    lines = page.read_text().split("\n")
    for number, line in enumerate(lines):
        directive = DIRECTIVE.match(line)
        if not directive:
            continue
        margin = len(directive[1])
        start = end = number + 1
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (margin + 1))):
            end += 1
        while start < end and lines[start].strip():  # the directive's options
            start += 1
        yield start + 1, directive[2], textwrap.dedent("\n".join(lines[start:end])) + "\n"


def python_blocks(page: Path) -> list[tuple[int, str]]:
    names = ("python", "python3", "py")
    return [(line, code) for line, language, code in find_blocks(page) if language in names]


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in LIBRARIES),
    reason=f"the documentation uses all of {', '.join(LIBRARIES)}",
)
@pytest.mark.parametrize("page", [page for page in PAGES if python_blocks(page)], ids=lambda page: page.name)
def test_every_python_block_of_a_page_runs(page, dynamo_local, monkeypatch):
    module = ModuleType("page_" + page.stem)  # a real module, since classes are looked up in theirs
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "_registered", list(registry._registered))  # a page registers an adapter
    settings = dynamorm.using(
        endpoint_url=dynamo_local.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        table_prefix=f"docs-{uuid.uuid4().hex}-",
    )
    with settings:
        for line, code in python_blocks(page):
            # The empty lines let a traceback name, and show, the page's own line.
            source, flags = "\n" * (line - 1) + code, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            awaitable = eval(compile(source, str(page), "exec", flags, dont_inherit=True), module.__dict__)
            if awaitable is not None:  # the block awaits something
                asyncio.run(awaitable)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_block_escapes_being_run_by_its_form(page):
    text = page.read_text()
    assert not re.search(r"^ *>>> ", text, re.MULTILINE), "doctests are not run: write a Python block"
    assert not re.search(r"^ *\.\. (doctest|testcode|literalinclude|skip|highlight)::?", text, re.MULTILINE)
    for line, language, _ in find_blocks(page):
        assert language, f"{page.name}:{line}: a code block says its language"


def test_blocks_are_found_with_their_line_numbers(tmp_path):
    page = tmp_path / "page.rst"
    page.write_text(
        "Text\n\n.. code-block:: python\n    :caption: one\n\n    a = 1\n\n    if a:\n        b = 2\n\n"
        "Text\n\n.. note::\n\n    .. code-block:: python\n\n        c = 3\n\n    Text\n\n"
        ".. code-block:: sh\n\n    ls\n"
    )
    assert [(line, code.strip()) for line, code in python_blocks(page)] == [
        (5, "a = 1\n\nif a:\n    b = 2"),
        (16, "c = 3"),
    ]


def reference() -> str:
    """What the reference says: its own text, and the tree of exceptions where the reference includes it."""
    text = (ROOT / "docs" / "api.rst").read_text()
    if re.search(r"^ *\.\. automodule:: dynamorm\.exceptions$", text, re.MULTILINE):
        text += dynamorm.exceptions.__doc__ or ""
    return text


@pytest.mark.parametrize("module", [dynamorm, dynamorm.exceptions], ids=lambda module: module.__name__)
def test_every_public_name_is_in_the_reference(module):
    words = set(re.findall(r"\w+", reference()))
    assert [name for name in module.__all__ if name not in words] == []


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        (dynamorm.DynaModel, ["DynaModel"]),
        (QueryIterator, ["reading.query.QueryIterator"]),
        (ScanIterator, ["reading.query.QueryIterator", "reading.scan.ScanIterator"]),  # what both have is listed once
    ],
)
def test_every_public_method_of_models_and_queries_is_in_the_reference(kind, places):
    listed = {name for place in places for name in re.findall(rf"`~dynamorm\.{place}\.(\w+)`", reference())}
    listed |= set(re.findall(r"``Book\.(\w+)``", reference()))  # each model's own, which no link can lead to
    assert [name for name in dir(kind) if not name.startswith("_") and name not in listed] == []


def test_every_chapter_is_reached_from_the_first_page():
    chapters = {page.stem for page in (ROOT / "docs").glob("*.rst")} - {"index"}
    assert set(re.findall(r"^   (\w+)$", (ROOT / "docs" / "index.rst").read_text(), re.MULTILINE)) == chapters

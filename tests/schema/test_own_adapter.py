"""An adapter of someone's own: the one in the documentation, registered, installed, and put through the suite."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import subprocess
import sys
import textwrap
import uuid
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from dynamorm.exceptions import UnknownSchema
from dynamorm.schema import adapter_for, register, registry
from dynamorm.testing import SchemaKit, SchemaSuite

ROOT = Path(__file__).parents[2]


def shown_in_the_documentation():
    page = (ROOT / "docs" / "schemas.rst").read_text()
    blocks = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", page, re.MULTILINE)
    (code,) = (block for block in blocks if "class DataclassAdapter" in block)
    return textwrap.dedent(code)


CODE = shown_in_the_documentation()
own = ModuleType("own_adapter")
exec(CODE, own.__dict__)


@pytest.fixture(autouse=True, scope="module")
def registered():
    before = list(registry._registered)
    register(own.DataclassAdapter)
    yield
    registry._registered[:] = before


def at_most_1000(pages):
    if pages is not None and pages > 1000:
        raise ValueError("too long")


class DataclassKit(SchemaKit):
    library_error = own.Invalid
    counts = ("field",)

    def book(self):
        return Book

    def nullable(self):
        return Nullable

    def with_set(self):
        return WithSet

    def plain(self, native):
        return dataclasses.asdict(native) if native.city else {"name": native.name}

    def counted(self, calls: Counter):
        def count(value):
            assert isinstance(value, dt.datetime)
            calls["field"] += 1

        fields = [("isbn", str), ("published", dt.datetime, dataclasses.field(metadata={"check": count}))]
        return dataclasses.make_dataclass("Schema", fields)


@dataclasses.dataclass
class Publisher:
    name: str
    city: str | None = None


@dataclasses.dataclass
class Book:
    isbn: str
    title: str = "Untitled"
    pages: int | None = dataclasses.field(default=None, metadata={"check": at_most_1000})
    rating: float | None = None
    price: Decimal | None = None
    in_print: bool | None = None
    published: dt.datetime | None = None
    ident: uuid.UUID | None = None
    tags: list[str] | None = None
    stock: dict[str, int] | None = None
    genres: set[str] | None = None
    publisher: Publisher | None = None
    note: str | None = None
    shelf: str | None = dataclasses.field(default=None, metadata={"stored": "Shelf"})


@dataclasses.dataclass
class Nullable:
    isbn: str
    note: str | None


@dataclasses.dataclass
class WithSet:
    isbn: str
    genres: set[str]


class TestDataclasses(SchemaSuite):
    kit = DataclassKit()


def test_the_latest_adapter_is_asked_first_and_registering_twice_is_once():
    class Greedy(own.DataclassAdapter):
        pass

    assert adapter_for("Book", Book) is own.DataclassAdapter
    assert register(Greedy) is Greedy
    register(Greedy)
    try:
        assert adapter_for("Book", Book) is Greedy
    finally:
        registry._registered.remove(Greedy)
    assert adapter_for("Book", Book) is own.DataclassAdapter


def test_without_registration_nobody_claims_a_dataclass():
    registry._registered.remove(own.DataclassAdapter)
    try:
        with pytest.raises(UnknownSchema):
            adapter_for("Book", dataclasses.make_dataclass("Schema", []))
    finally:
        register(own.DataclassAdapter)


PROGRAM = """
import dataclasses, sys

from dynamorm import DynaModel


class Shop(DynaModel):
    class Table:
        name = "shops"
        hash_key = "name"

    @dataclasses.dataclass
    class Schema:
        name: str
        size: int = 3


assert "own_adapter" in sys.modules
print(type(Shop.Schema._dynamorm_adapter).__name__, Shop.to_item(Shop(name="Corner")))
"""


def test_an_installed_package_is_found_by_its_entry_point(tmp_path):
    (tmp_path / "own_adapter.py").write_text(CODE)
    info = tmp_path / "own_adapter-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-adapter\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dynamorm.schemas]\ndataclasses = own_adapter:DataclassAdapter\n")
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout == "DataclassAdapter {'name': {'S': 'Corner'}, 'size': {'N': '3'}}\n"

"""The fixtures, used as a project uses them: in a pytest of its own."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dynamorm import local

from .local.conftest import is_alive

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = any(point.value == "dynamorm.pytest_plugin" for point in importlib.metadata.entry_points(group="pytest11"))

MODELS = """
    import boto3
    import pytest
    from marshmallow import fields
    from dynamorm import DynaModel

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"
            billing_mode = "PAY_PER_REQUEST"
        class Schema:
            isbn = fields.String(required=True)

    class Author(DynaModel):
        class Table:
            name = "authors"
            hash_key = "name"
            billing_mode = "PAY_PER_REQUEST"
        class Schema:
            name = fields.String(required=True)

    @pytest.fixture
    def stored(dynamo_local):
        client = boto3.client(
            "dynamodb",
            endpoint_url=dynamo_local.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        return lambda: client.list_tables()["TableNames"]
"""

needs_marshmallow = pytest.mark.skipif(
    importlib.util.find_spec("marshmallow") is None,
    reason="the models of these tests are written in marshmallow",
)


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on the code of a test module, and return its result."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("DYNAMORM_LOCAL_ENGINE", raising=False)
    dynoxide = local.available()[0]
    if dynoxide.where:  # which is looked for from where pytest runs
        monkeypatch.setenv("DYNAMORM_DYNOXIDE", dynoxide.where)

    def run(*code: str, options: tuple[str, ...] = ()) -> pytest.RunResult:
        pytester.makepyfile("\n".join(code))
        load = () if INSTALLED else ("-p", "dynamorm.pytest_plugin")
        return pytester.runpytest_subprocess(*load, "-p", "no:cacheprovider", "-W", "error", *options)

    return run


def test_an_engine_runs_for_the_whole_session(run, tmp_path):
    result = run(
        f"""
        from pathlib import Path

        def note(engine):
            assert engine.answers()
            with Path({str(tmp_path / "ports")!r}).open("a") as ports:
                print(engine.port, engine.pid, file=ports)

        def test_one(dynamo_local):
            note(dynamo_local)

        def test_other(dynamo_local):
            note(dynamo_local)
        """
    )
    result.assert_outcomes(passed=2)
    one, other = (tmp_path / "ports").read_text().splitlines()
    assert one == other
    assert not is_alive(int(one.split()[1]))


ENGINE_NAME = """
    def test_name(dynamo_local):
        assert dynamo_local.name == "moto"
"""


def test_the_command_line_chooses_the_engine(run):
    run(ENGINE_NAME, options=("--dynamo-engine", "moto")).assert_outcomes(passed=1)


def test_the_ini_file_chooses_the_engine(run, pytester):
    pytester.makeini("[pytest]\ndynamo_engine = moto")
    run(ENGINE_NAME).assert_outcomes(passed=1)


def test_the_command_line_is_stronger_than_the_ini_file(run, pytester):
    pytester.makeini("[pytest]\ndynamo_engine = dynalite")
    run(ENGINE_NAME, options=("--dynamo-engine", "moto")).assert_outcomes(passed=1)


def test_an_engine_that_does_not_exist_is_an_error_that_lists_those_that_do(run):
    result = run(ENGINE_NAME, options=("--dynamo-engine", "dynalite"))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*EngineError*dynalite*dynoxide, dynamodb-local, moto"])


def test_without_an_engine_tests_that_ask_for_none_run(run, monkeypatch):
    monkeypatch.setenv("DYNAMORM_DYNOXIDE", "/there/is/none")
    run("def test_nothing(): pass").assert_outcomes(passed=1)


def test_loading_the_plugin_imports_no_boto3_and_no_schema_library():
    heavy = ("boto3", "botocore", "marshmallow", "schematics", "pydantic")
    code = f"import sys, dynamorm.pytest_plugin; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (result.stdout.strip(), result.stderr) == ("[]", "")


@needs_marshmallow
class TestTables:
    def test_are_created_under_a_prefix_of_the_tests_own_and_removed_afterwards(self, run):
        result = run(
            MODELS,
            """
    seen = []

    def test_tables(dynamo_tables, stored):
        assert dynamo_tables(Book, Author) == (Book, Author)
        assert sorted(stored()) == [dynamo_tables.prefix + "authors", dynamo_tables.prefix + "books"]
        assert Book.Table.exists
        seen.append(dynamo_tables.prefix)

    def test_others(dynamo_tables, stored):
        assert stored() == []
        assert seen and dynamo_tables.prefix not in seen
        """,
        )
        result.assert_outcomes(passed=2)

    def test_of_one_test_are_not_seen_by_another(self, run):
        result = run(
            MODELS,
            """
    @pytest.mark.parametrize("time", [1, 2])
    def test_books(dynamo_tables, time):
        dynamo_tables(Book)
        assert Book.get(isbn="1") is None
        Book(isbn="1").save()
        assert Book.get(isbn="1").isbn == "1"
        """,
        )
        result.assert_outcomes(passed=2)

    def test_are_removed_after_a_test_that_fails(self, run):
        result = run(
            MODELS,
            """
    def test_failing(dynamo_tables):
        dynamo_tables(Book, Author)
        assert False

    def test_raising(dynamo_tables):
        dynamo_tables(Book, Author)
        raise RuntimeError

    def test_what_is_left(stored):
        assert stored() == []
        """,
        )
        result.assert_outcomes(passed=1, failed=2)

    def test_are_removed_when_a_fixture_fails_after_them(self, run):
        result = run(
            MODELS,
            """
    @pytest.fixture
    def library(dynamo_tables):
        dynamo_tables(Book)
        raise RuntimeError

    def test_library(library):
        pass

    def test_what_is_left(stored):
        assert stored() == []
        """,
        )
        result.assert_outcomes(passed=1, errors=1)

    def test_that_the_test_removed_itself_are_no_error(self, run):
        result = run(
            MODELS,
            """
    def test_removal(dynamo_tables):
        dynamo_tables(Book)
        Book.Table.delete()
        """,
        )
        result.assert_outcomes(passed=1)

    def test_are_removed_although_their_models_protect_them(self, run):
        result = run(
            MODELS,
            """
    def test_protected(dynamo_tables, monkeypatch):
        monkeypatch.setattr(Book.Table, "deletion_protection", True)
        dynamo_tables(Book)
        with pytest.raises(Exception, match="(?i)protect"):
            Book.Table.delete()

    def test_what_is_left(stored):
        assert stored() == []
        """,
        )
        result.assert_outcomes(passed=2)

    def test_may_be_asked_for_again(self, run):
        result = run(
            MODELS,
            """
    @pytest.fixture
    def books(dynamo_tables):
        dynamo_tables(Book)

    def test_again(books, dynamo_tables, stored):
        Book(isbn="1").save()
        dynamo_tables(Book, Author)
        assert Book.get(isbn="1") is not None
        assert len(stored()) == 2

    def test_what_is_left(stored):
        assert stored() == []
        """,
        )
        result.assert_outcomes(passed=2)

    def test_leave_no_settings_behind(self, run):
        result = run(
            MODELS,
            """
    from dynamorm.connection import table_prefix

    def test_books(dynamo_tables):
        assert table_prefix() == dynamo_tables.prefix

    def test_nothing():
        assert table_prefix() == ""
        """,
        )
        result.assert_outcomes(passed=2)

    def test_hold_in_every_thread(self, run):
        result = run(
            MODELS,
            """
    import socket
    import threading
    from concurrent.futures import ThreadPoolExecutor
    import dynamorm

    nobody = socket.socket()
    nobody.bind(("127.0.0.1", 0))

    class Lent(Book):
        class Table(Book.Table):
            name = "lent"
            resource_kwargs = {
                "endpoint_url": "http://127.0.0.1:%d" % nobody.getsockname()[1],
                "region_name": "us-east-1",
                "aws_access_key_id": "real",
                "aws_secret_access_key": "real",
                "config": {"retries": {"max_attempts": 1, "mode": "standard"}},
            }

    pool = ThreadPoolExecutor(1)
    pool.submit(int).result()  # its thread is older than the test

    def test_threads(dynamo_tables, stored):
        dynamo_tables(Lent)
        pool.submit(Lent.put, {"isbn": "1"}).result()
        thread = threading.Thread(target=Lent.put, args=({"isbn": "2"},))
        thread.start()
        thread.join()
        assert sorted(book.isbn for book in pool.submit(lambda: Lent.scan().all()).result()) == ["1", "2"]
        with dynamorm.using(transport="boto3"):
            assert Lent.scan().count() == 2
        assert stored() == [dynamo_tables.prefix + "lent"]

    def test_afterwards(dynamo_local):
        with pytest.raises(dynamorm.ConnectionFailed):
            pool.submit(Lent.get, isbn="1").result()
        """,
        )
        result.assert_outcomes(passed=2)

    def test_come_before_settings_around_the_test(self, run):
        result = run(
            MODELS,
            """
    import dynamorm

    @pytest.fixture(scope="module")
    def around():
        with dynamorm.using(table_prefix="around-", transport="direct"):
            yield

    def test_inside(around, dynamo_tables, stored):
        dynamo_tables(Book)
        assert Book.Table.full_name == dynamo_tables.prefix + "books"
        assert Book.Table.connection.transport == "direct"
        with dynamorm.using(table_prefix="inner-"):
            assert Book.Table.full_name == "inner-books"
        assert stored() == [dynamo_tables.prefix + "books"]

    def test_afterwards(around):
        assert Book.Table.full_name == "around-books"
        """,
        )
        result.assert_outcomes(passed=2)

    @pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
    def test_of_parallel_workers_never_share_a_prefix(self, run, tmp_path):
        result = run(
            MODELS,
            f"""
    from pathlib import Path

    @pytest.mark.parametrize("number", range(12))
    def test_books(dynamo_tables, number):
        dynamo_tables(Book)
        Book(isbn=str(number)).save()
        assert [book.isbn for book in Book.scan()] == [str(number)]
        Path({str(tmp_path)!r}, dynamo_tables.prefix).touch()
        """,
            options=("-n", "3"),
        )
        result.assert_outcomes(passed=12)
        assert len(list(tmp_path.glob("test-*"))) == 12

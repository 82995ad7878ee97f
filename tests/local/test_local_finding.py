"""Which engines are found, and what is said when they are not."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dynamorm import local
from dynamorm.exceptions import EngineError
from dynamorm.local.engines import executable, npm_package


def test_available_lists_every_engine_in_the_order_of_preference():
    assert [finding.engine for finding in local.available()] == ["dynoxide", "dynamodb-local", "moto"]
    assert list(local.NAMES) == ["dynoxide", "dynamodb-local", "moto"]


def test_available_says_where_an_engine_is(script):
    file = script("exit 1")
    finding = local.available()[0]
    assert finding.found
    assert finding.where == str(file)
    assert str(finding) == f"dynoxide: {file}"


def test_available_says_how_to_get_what_is_missing(bare):
    findings = local.available()
    assert [finding.found for finding in findings] == [False, False, False]
    assert findings[0].hint.startswith("npm install @dynoxide/")
    assert "DYNAMODB_LOCAL_DIR" in findings[1].hint
    assert findings[2].hint == 'pip install "dynamorm[local]"'


def test_without_any_engine_the_error_says_what_was_looked_for_and_how_to_get_it(bare):
    with pytest.raises(EngineError) as caught:
        local.start()
    text = str(caught.value)
    for words in (
        "DYNAMORM_DYNOXIDE",
        str(bare),
        f"npm install {npm_package()}",
        "DynamoDBLocal.jar",
        "moto, flask, flask_cors",
        'pip install "dynamorm[local]"',
    ):
        assert words in text


def test_one_engine_that_is_missing_is_an_error_about_that_engine(bare):
    with pytest.raises(EngineError, match="The local engine dynoxide is not here") as caught:
        local.start("dynoxide")
    assert "moto" not in str(caught.value)


def test_a_name_that_no_engine_has_is_an_error_that_lists_the_names():
    with pytest.raises(EngineError, match="'dynalite': the names are dynoxide, dynamodb-local, moto"):
        local.start("dynalite")


def test_the_environment_chooses_the_engine(monkeypatch):
    monkeypatch.setenv("DYNAMORM_LOCAL_ENGINE", "dynalite")
    with pytest.raises(EngineError, match="'dynalite'"):
        local.start()


def test_the_argument_is_stronger_than_the_environment(monkeypatch, dynoxide):
    monkeypatch.setenv("DYNAMORM_LOCAL_ENGINE", "dynalite")
    with local.start("dynoxide") as engine:
        assert engine.name == "dynoxide"


def test_a_setting_that_names_no_file_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("DYNAMORM_DYNOXIDE", str(tmp_path / "nothing"))
    with pytest.raises(EngineError, match=r"DYNAMORM_DYNOXIDE names .*nothing"):
        local.start()


def test_dynoxide_is_preferred_to_moto(dynoxide):
    with local.start() as engine:
        assert engine.name == "dynoxide"


def test_moto_is_used_where_there_is_nothing_else(monkeypatch, tmp_path):
    monkeypatch.delenv("DYNAMORM_DYNOXIDE", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    with local.start() as engine:
        assert engine.name == "moto"


def test_dynoxide_is_found_on_the_path(bare, monkeypatch):
    (bare / "bin").mkdir()
    binary = bare / "bin" / "dynoxide"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    assert local.available()[0].where == str(binary)


@pytest.mark.parametrize("modules", ["node_modules", ".tools/node_modules"])
@pytest.mark.parametrize("place", ["", "inner/most"])
def test_dynoxide_is_found_where_npm_puts_it_here_and_above(bare, monkeypatch, modules, place):
    binary = bare / modules / npm_package() / "dynoxide"
    binary.parent.mkdir(parents=True)
    binary.write_text("#!/bin/sh\n")
    (bare / place).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(bare / place)
    assert local.available()[0].where == str(binary)


@pytest.mark.parametrize(
    ("system", "processor", "package"),
    [
        ("linux", "x86_64", "@dynoxide/linux-x64"),
        ("linux", "aarch64", "@dynoxide/linux-arm64"),
        ("darwin", "x86_64", "@dynoxide/darwin-x64"),
        ("darwin", "arm64", "@dynoxide/darwin-arm64"),
        ("win32", "AMD64", "@dynoxide/win32-x64"),
        ("win32", "ARM64", None),
        ("linux", "riscv64", None),
        ("freebsd14", "amd64", None),
    ],
)
def test_the_npm_package_is_that_of_the_platform(monkeypatch, system, processor, package):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    assert npm_package() == package


def test_on_a_platform_without_a_package_the_hint_does_not_name_one(bare, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert "npm" not in local.available()[0].hint


def test_a_binary_without_its_executable_bit_is_given_it(dynoxide, bare):
    binary = bare / "node_modules" / npm_package() / "dynoxide"
    binary.parent.mkdir(parents=True)
    shutil.copyfile(dynoxide, binary)
    binary.chmod(0o644)
    with local.start("dynoxide") as engine:
        assert engine.answers()
    assert stat.S_IMODE(binary.stat().st_mode) == 0o755


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make another's file")
def test_the_binary_of_somebody_else_without_its_executable_bit_is_copied(monkeypatch):
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "dynoxide"
        binary.write_text("#!/bin/sh\necho it runs")
        Path(folder).chmod(0o755)
        binary.chmod(0o644)
        copies = Path(folder) / "copies"
        copies.mkdir()
        copies.chmod(0o777)
        monkeypatch.setattr(tempfile, "tempdir", str(copies))
        os.seteuid(65534)
        try:
            with executable(str(binary)) as copy:
                assert Path(copy).is_relative_to(copies)
                assert subprocess.run([copy], capture_output=True, text=True).stdout == "it runs\n"
            assert list(copies.iterdir()) == []
        finally:
            os.seteuid(0)
        assert stat.S_IMODE(binary.stat().st_mode) == 0o644


class TestDynamoDBLocal:
    """Its own jar may not be passed on, so a program of the same arguments stands in for Java."""

    JAVA = """#!{python}
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{{"TableNames":[]}}')
print(*sys.argv[1:], flush=True)
port = int(sys.argv[sys.argv.index("-port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""

    @pytest.fixture
    def java(self, bare):
        (bare / "bin").mkdir()
        java = bare / "bin" / "java"
        java.write_text(self.JAVA.format(python=sys.executable))
        java.chmod(0o755)

    @pytest.fixture
    def jar(self, bare):
        (bare / "ddb").mkdir()
        jar = bare / "ddb" / "DynamoDBLocal.jar"
        jar.touch()
        return jar

    def test_is_run_in_memory_and_shared(self, java, jar, monkeypatch):
        monkeypatch.setenv("DYNAMODB_LOCAL_DIR", str(jar.parent))
        with local.start() as engine:
            assert engine.name == "dynamodb-local"
            assert engine.last_words.splitlines()[0].split()[1:] == [
                "-jar",
                str(jar),
                "-sharedDb",
                "-port",
                str(engine.port),
                "-inMemory",
            ]

    def test_keeps_its_tables_in_a_directory(self, java, jar, tmp_path):
        with local.start("dynamodb-local", tmp_path, directory=jar.parent) as engine:
            assert engine.last_words.splitlines()[0].split()[-2:] == ["-dbPath", str(tmp_path)]

    def test_cannot_keep_its_tables_in_a_file(self, java, jar):
        with pytest.raises(EngineError, match=r"in a directory, and .*DynamoDBLocal\.jar' is none"):
            local.start("dynamodb-local", jar, directory=jar.parent)

    def test_cannot_keep_its_tables_in_a_directory_that_is_not_there(self, java, jar, tmp_path):
        with pytest.raises(EngineError, match=r"in a directory, and .*nowhere' is not there"):
            local.start("dynamodb-local", tmp_path / "nowhere", directory=jar.parent)

    def test_is_what_a_directory_asks_for(self, java, jar, script):
        script("exit 1")
        with local.start(directory=jar.parent) as engine:
            assert engine.name == "dynamodb-local"

    def test_needs_its_jar(self, java, tmp_path):
        with pytest.raises(EngineError, match=r"Looked for DynamoDBLocal\.jar in '.*elsewhere'"):
            local.start("dynamodb-local", directory=tmp_path / "elsewhere")

    def test_needs_java(self, jar):
        with pytest.raises(EngineError, match="Looked for java on PATH"):
            local.start("dynamodb-local", directory=jar.parent)

    def test_that_java_cannot_run_is_an_error_with_javas_own_words(self, jar, monkeypatch):
        monkeypatch.setenv("PATH", os.defpath + os.pathsep + "/usr/bin")
        if not shutil.which("java"):
            pytest.skip("java is not installed")
        with pytest.raises(EngineError, match=r"(?i)jarfile"):
            local.start("dynamodb-local", directory=jar.parent)

"""What the tests of local engines share: processes to look at, and engines where they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from dynamorm import local

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    monkeypatch.delenv("DYNAMORM_LOCAL_ENGINE", raising=False)
    monkeypatch.delenv("DYNAMODB_LOCAL_DIR", raising=False)


@pytest.fixture
def dynoxide(monkeypatch) -> str:
    """The path of a real dynoxide, which is then found from any directory."""
    (finding,) = [finding for finding in local.available() if finding.engine == "dynoxide"]
    if finding.where is None:
        pytest.skip(str(finding))
    monkeypatch.setenv("DYNAMORM_DYNOXIDE", finding.where)
    return finding.where


@pytest.fixture(params=["dynoxide", "moto"])
def installed(request) -> str:
    """The name of each engine, in turn, that can be installed here."""
    (finding,) = [finding for finding in local.available() if finding.engine == request.param]
    if not finding.found:
        pytest.skip(str(finding))
    return request.param


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A place where no engine is installed."""
    monkeypatch.delenv("DYNAMORM_DYNOXIDE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "moto", None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def script(monkeypatch, tmp_path) -> Callable[[str], Path]:
    """Make a shell script that takes the place of dynoxide."""

    def write(text: str) -> Path:
        file = tmp_path / "fake-dynoxide"
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        monkeypatch.setenv("DYNAMORM_DYNOXIDE", str(file))
        return file

    return write


@pytest.fixture
def client() -> Callable[[local.Engine], object]:
    def connect(engine: local.Engine) -> object:
        return boto3.client(
            "dynamodb",
            endpoint_url=engine.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    return connect


@pytest.fixture
def books() -> Callable[[object], None]:
    def create(client) -> None:
        client.create_table(
            TableName="books",
            AttributeDefinitions=[{"AttributeName": "isbn", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "isbn", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.put_item(TableName="books", Item={"isbn": {"S": "1"}})

    return create


def is_alive(process: int) -> bool:
    """Whether the process exists and is more than the remains that nobody has asked about."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not Path("/proc/self").exists()


@pytest.fixture
def alive() -> Callable[[int], bool]:
    return is_alive


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Wait until a process is gone, and tell whether it is."""

    def wait(process: int, seconds: float = 10.0) -> bool:
        deadline = time.monotonic() + seconds
        while is_alive(process):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait


class Program:
    """A Python program that runs in a process, and says numbers on its standard output."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    def numbers(self) -> list[int]:
        """The numbers on the next line that the program prints."""
        assert self.process.stdout and self.process.stderr
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(self.process.stderr.read())
        return [int(word) for word in line.split()]


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def run(code: str, *arguments: str) -> Program:
        programs.append(Program(code, *arguments))
        return programs[-1]

    yield run
    for one in programs:
        one.process.kill()
        # Not until the end of its output, which children of its own may hold open.
        one.process.wait()
        one.process.stdout.close()
        one.process.stderr.close()

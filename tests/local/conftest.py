"""What the tests of local engines share: processes to look at, and engines where they are installed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest

from dynamorm import local
from dynamorm.local import process
from dynamorm.local.ports import HOST

ROOT = Path(__file__).resolve().parents[2]
# Seconds in which something happens on any machine, however busy; only what never happens takes as long.
PATIENCE = 120.0
# What programs of the tests sleep, where a test is over long before: longer than it waits.
ASLEEP = 600


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
def free_port() -> int:
    """A port that nobody is given by chance, being outside of those that systems choose from."""
    for port in range(20_000 + 2 * os.getpid() % 10_000, 32_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port
    pytest.fail("there is no free port")


@pytest.fixture
def clock(monkeypatch) -> Callable[[Path], None]:
    """Let the clock by which engines are waited for stand still until a file is there, and then run out."""

    def stop_until(file: Path) -> None:
        now = SimpleNamespace(monotonic=lambda: 1e6 if file.exists() else 0.0, sleep=time.sleep)
        monkeypatch.setattr(process, "time", now)

    return stop_until


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


def is_alive(pid: int) -> bool:
    """Whether the process exists and is more than the remains that nobody has asked about."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    except ProcessLookupError:  # it went while its file was open
        return False


@pytest.fixture
def alive() -> Callable[[int], bool]:
    return is_alive


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Wait until a process is gone, and tell whether it is."""

    def wait(pid: int, seconds: float = PATIENCE) -> bool:
        deadline = time.monotonic() + seconds
        while is_alive(pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait


def take_signals() -> None:
    """Let signals do to this process what they do to any; to be called in it before its program begins.

    Who runs the tests in the background, or with ``nohup``, ignores some, and so would every program that they start.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Program:
    """A Python program that runs in a process, and says numbers on its standard output."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # what was read ahead of a line would be lost to `rest`
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            preexec_fn=take_signals,
        )

    def numbers(self) -> list[int]:
        """The numbers on the next line that the program prints."""
        assert self.process.stdout and self.process.stderr
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(self.process.stderr.read().decode())
        return [int(word) for word in line.split()]

    def rest(self, timeout: float) -> tuple[str, str]:
        """What the program prints after the lines that were read, and its errors, until it ends."""
        output, errors = self.process.communicate(timeout=timeout)
        return output.decode(), errors.decode()


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def run(code: str, *arguments: str) -> Program:
        programs.append(Program(code, *arguments))
        return programs[-1]

    yield run
    for one in programs:
        if one.process.returncode is None:
            # With whatever it started, which outlives it.
            os.killpg(one.process.pid, signal.SIGKILL)
        # Not until the end of its output, which children of its own may hold open.
        one.process.wait()
        one.process.stdout.close()
        one.process.stderr.close()

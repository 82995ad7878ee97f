"""Starting an engine, waiting until it answers, and ending it, whatever becomes of the program."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from ..exceptions import EngineError
from .engines import Command, Kind, Location, choose
from .ports import HOST, claimed_port, is_taken

ATTEMPTS = 5
LAST_WORDS = 4000
SECONDS_TO_CLOSE_FILES = 5.0
SECONDS_TO_BE_GONE = 10.0
WATCHDOG = str(Path(__file__).with_name("watchdog.py"))

QUESTION = (
    "POST / HTTP/1.0\r\n"
    "Host: {host}\r\n"
    "Content-Type: application/x-amz-json-1.0\r\n"
    "Content-Length: 2\r\n"
    "X-Amz-Target: DynamoDB_20120810.ListTables\r\n"
    "X-Amz-Date: 20200101T000000Z\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}\r\n"
    "\r\n"
    "{{}}"
)


class PortLost(Exception):
    """Somebody else opened the port before the engine could."""


class Engine:
    """A running engine, made by :func:`start`.

    It runs until :meth:`stop`, until the end of a ``with`` block, or until the program ends in whatever way.
    In a forked child it can be used, and belongs to the parent: only there does :meth:`stop` end it.
    """

    def __init__(self, name: str, port: int, path: Path | None, command: Command) -> None:
        self.name = name
        self.port = port
        self.path = path
        self.host = HOST
        self._owner = os.getpid()
        # Nameless where the system allows, so that it is gone with the last process that holds it.
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        read_end, self._lifeline = os.pipe()
        _running.add(self)
        try:
            self.watchdog = self._watched(command, read_end)
        except BaseException:
            self._let_go()
            raise
        finally:
            os.close(read_end)
        self.pid = self._reported_pid()

    def _watched(self, command: Command, lifeline: int) -> subprocess.Popen[bytes]:
        """Run the command under a watchdog, which is out of reach of the terminal's Ctrl-C."""
        grace = 0 if self.path is None else SECONDS_TO_CLOSE_FILES
        return subprocess.Popen(
            [sys.executable, "-I", "-S", WATCHDOG, str(grace), *command.arguments],
            bufsize=0,
            stdin=lifeline,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **command.environment},
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    def _reported_pid(self) -> int:
        assert self.watchdog.stdout is not None
        with self.watchdog.stdout as report:
            return int(report.readline() or 0)

    def _let_go(self) -> None:
        """Close what this process holds of the engine, which the watchdog takes as the sign to end it."""
        _running.discard(self)
        os.close(self._lifeline)
        self._log.close()

    @property
    def endpoint_url(self) -> str:
        """What boto3 and ``dynamorm.configure`` call ``endpoint_url``."""
        return f"http://{self.host}:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether the engine has neither been stopped nor ended by itself."""
        if self._owner != os.getpid():
            return self.answers()
        return self.watchdog.poll() is None

    @property
    def last_words(self) -> str:
        """The end of what the engine has printed, while it is not stopped."""
        if self._log.closed:
            return ""
        log = self._log.fileno()
        size = os.fstat(log).st_size
        start = max(0, size - LAST_WORDS)
        if sys.platform == "win32":
            self._log.seek(start)
            words = self._log.read()
        else:
            # To seek would move the place at which the engine writes.
            words = os.pread(log, size - start, start)
        return words.replace(b"\0", b"").decode(errors="replace").strip()

    def answers(self) -> bool:
        """Whether the port answers ``ListTables`` as DynamoDB does."""
        question = QUESTION.format(host=f"{self.host}:{self.port}", signature="0" * 64).encode()
        answer = b""
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as connection:
                connection.sendall(question)
                while received := connection.recv(65536):
                    answer += received
        except OSError:
            return False
        status, _, rest = answer.partition(b"\r\n")
        return status.split()[1:2] == [b"200"] and b"TableNames" in rest

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the engine ends, and return its exit status.

        If that takes longer than ``timeout`` seconds, ``subprocess.TimeoutExpired`` is raised.
        """
        return self.watchdog.wait(timeout)

    def stop(self) -> None:
        """End the engine, and return when it is gone.  To do so again does nothing."""
        if self not in _running:
            return
        self._let_go()
        try:
            status = self.watchdog.wait(SECONDS_TO_BE_GONE)
        except subprocess.TimeoutExpired:
            self.watchdog.kill()
            status = self.watchdog.wait()
        if status < 0 and self.pid and sys.platform != "win32":
            # Killed itself, the watchdog may have left the engine behind.
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)

    def _disown(self) -> None:
        """Let go of the engine in a forked child, which would otherwise hold the lifeline for its parent."""
        self._let_go()
        # The child of another process is nothing that this one could wait for, or should warn of.
        if hasattr(self, "watchdog"):
            self.watchdog.returncode = 0

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        kept = "in memory" if self.path is None else f"in {str(self.path)!r}"
        return f"<Engine {self.name} {self.endpoint_url} {kept}, process {self.pid}>"


def start(
    engine: str | None = None,
    path: Location | None = None,
    *,
    port: int | None = None,
    directory: Location | None = None,
    timeout: float = 30.0,
) -> Engine:
    """Start a DynamoDB engine on this machine, and return it when it answers.

    :param engine: ``"dynoxide"``, ``"dynamodb-local"`` or ``"moto"``; without it what
        ``DYNAMORM_LOCAL_ENGINE`` says, or else the first of these that is installed.
    :param path: where tables are kept: a file for dynoxide, a directory for DynamoDB Local; without it, in
        memory.
    :param port: to be used instead of a free one.
    :param directory: where ``DynamoDBLocal.jar`` is, instead of ``DYNAMODB_LOCAL_DIR``; asks for that engine.
    :param timeout: seconds within which the engine has to answer.
    :raises EngineError: if it is not installed, ends, or does not answer; with what it printed last.
    """
    if not sys.executable:
        raise EngineError("A local engine needs a Python to watch over it, and sys.executable names none")
    place = None if path is None else Path(path).absolute()
    kind, where = choose(engine, place, directory)
    if port is not None:
        if is_taken(port):
            raise EngineError(f"{kind.name} cannot be started on port {port}: something listens there already")
        try:
            return _start_on(port, kind, where, place, timeout)
        except PortLost as lost:
            raise EngineError(str(lost)) from None
    reason: PortLost | None = None
    for _ in range(ATTEMPTS):
        with claimed_port() as free:
            try:
                return _start_on(free, kind, where, place, timeout)
            except PortLost as lost:
                reason = lost
    raise EngineError(f"{kind.name} found its port taken {ATTEMPTS} times in a row. {reason}")


def _start_on(port: int, kind: Kind, where: str, path: Path | None, timeout: float) -> Engine:
    with kind.command(where, port, path) as command:
        engine = Engine(kind.name, port, path, command)
        try:
            _wait_until_ready(engine, command, timeout)
        except BaseException:
            engine.stop()
            raise
        return engine


def _wait_until_ready(engine: Engine, command: Command, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    pause = 0.001
    while not (engine.answers() and engine.is_running):
        if not engine.is_running:
            story = f"ended with status {engine.wait()} before it answered"
            if is_taken(engine.port):
                raise PortLost(_account(engine, command, story))
            raise EngineError(_account(engine, command, story))
        if time.monotonic() > deadline:
            raise EngineError(_account(engine, command, f"did not answer within {timeout:g} seconds"))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def _account(engine: Engine, command: Command, story: str) -> str:
    words = engine.last_words
    said = f"Its last words:\n{words}" if words else "It printed nothing."
    return f"{engine.name} {story} on {engine.endpoint_url}. Command: {' '.join(command.arguments)}\n{said}"


_running: set[Engine] = set()


def _stop_all() -> None:
    for engine in list(_running):
        engine.stop()


def _disown_all() -> None:
    for engine in list(_running):
        engine._disown()


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)

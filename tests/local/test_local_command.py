"""``python -m dynamorm.local`` runs an engine until it is told to stop."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dynamorm import local

from .conftest import PATIENCE, take_signals

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def foreground():
    started = []

    def run(*arguments):
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "dynamorm.local", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                preexec_fn=take_signals,
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_endpoint_and_stops_on_a_signal(foreground, sent, dynoxide, free_port):
    process = foreground("--engine", "dynoxide", "--port", str(free_port))
    url = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    port = int(url.rpartition(":")[2])
    assert local.ports.is_taken(port)
    process.send_signal(sent)
    assert process.wait(PATIENCE) == 0
    assert not local.ports.is_taken(port)
    assert process.stderr.read() == ""


def test_it_listens_and_keeps_its_tables_where_it_is_told(foreground, dynoxide, tmp_path, free_port):
    process = foreground("--port", str(free_port), "--path", str(tmp_path / "books.db"))
    assert process.stdout.readline().strip() == f"http://127.0.0.1:{free_port}"
    assert (tmp_path / "books.db").is_file()


def test_an_engine_that_ends_is_reported(foreground, script, dynoxide, tmp_path):
    script(f'echo $$ > {tmp_path}/pid; exec {dynoxide} "$@"')
    process = foreground("--engine", "dynoxide")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", process.stdout.readline())
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    assert process.wait(PATIENCE) == 1
    assert process.stderr.read().startswith("dynoxide ended by itself.")


def test_an_error_is_a_message_and_no_traceback(foreground, tmp_path):
    process = foreground("--engine", "moto", "--path", str(tmp_path / "books.db"))
    assert process.wait(PATIENCE) == 1
    assert process.stderr.read().startswith("moto keeps its tables in memory only")


def test_a_name_that_no_engine_has_is_refused(foreground):
    process = foreground("--engine", "dynalite")
    assert process.wait(PATIENCE) == 2
    assert "dynoxide" in process.stderr.read()

"""Engines start, answer, keep what they are told to keep, and say why where they cannot."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from dynamorm import local
from dynamorm.exceptions import EngineError
from dynamorm.local import ports, watchdog

from .conftest import PATIENCE


def test_an_engine_answers_as_soon_as_it_is_returned(installed):
    with local.start(installed) as engine:
        assert engine.name == installed
        assert engine.endpoint_url == f"http://127.0.0.1:{engine.port}"
        assert engine.answers()
        assert engine.is_running
        os.kill(engine.pid, 0)


def test_boto3_talks_to_it(installed, client, books):
    with local.start(installed) as engine:
        dynamodb = client(engine)
        books(dynamodb)
        assert dynamodb.get_item(TableName="books", Key={"isbn": {"S": "1"}})["Item"] == {"isbn": {"S": "1"}}


def test_nothing_but_the_standard_library_is_needed_to_start_one(dynoxide):
    code = (
        "import sys; from dynamorm import local; local.start('dynoxide').stop();"
        "print([name for name in ('boto3', 'botocore', 'marshmallow', 'pydantic') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_in_memory_nothing_is_left_for_the_next(dynoxide, client, books):
    for _ in range(2):
        with local.start("dynoxide") as engine:
            assert client(engine).list_tables()["TableNames"] == []
            books(client(engine))


def test_what_is_in_a_file_survives_a_restart(dynoxide, client, books, tmp_path):
    with local.start("dynoxide", tmp_path / "books.db") as engine:
        books(client(engine))
    with local.start("dynoxide", tmp_path / "books.db") as engine:
        assert client(engine).scan(TableName="books")["Items"] == [{"isbn": {"S": "1"}}]


def test_what_is_in_a_file_survives_a_sigkill(dynoxide, client, books, tmp_path):
    with local.start("dynoxide", tmp_path / "books.db") as engine:
        books(client(engine))
        os.kill(engine.pid, signal.SIGKILL)
        engine.wait(PATIENCE)
    with local.start("dynoxide", tmp_path / "books.db") as engine:
        assert client(engine).scan(TableName="books")["Items"] == [{"isbn": {"S": "1"}}]


def test_a_file_is_found_from_where_the_program_is(dynoxide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with local.start("dynoxide", "books.db") as engine:
        assert engine.path == tmp_path / "books.db"
    assert (tmp_path / "books.db").is_file()


def test_moto_has_no_file():
    with pytest.raises(EngineError, match=r"moto keeps its tables in memory only.*'/somewhere/books\.db'"):
        local.start("moto", "/somewhere/books.db")


def test_where_only_moto_is_installed_a_path_is_an_error_that_tells_of_all_engines(monkeypatch, tmp_path):
    monkeypatch.delenv("DYNAMORM_DYNOXIDE", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError, match=r"(?s)books\.db.*npm install.*moto keeps its tables in memory only"):
        local.start(path=tmp_path / "books.db")


def test_a_directory_is_no_file_for_dynoxide(dynoxide, tmp_path):
    with pytest.raises(EngineError, match=r"in a file, and .* is a directory"):
        local.start("dynoxide", tmp_path)


def test_a_file_in_no_directory_is_an_error_before_anything_starts(dynoxide, tmp_path):
    with pytest.raises(EngineError, match="there is no directory for that file"):
        local.start("dynoxide", tmp_path / "nowhere" / "books.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_an_error_in_the_engines_own_words(dynoxide, tmp_path):
    (tmp_path / "books.db").write_text("this is no database, however long one looks at it")
    with pytest.raises(EngineError, match="not a valid SQLite database"):
        local.start("dynoxide", tmp_path / "books.db")


def test_an_engine_that_ends_at_once_is_an_error_with_its_last_words(script):
    file = script("echo starting up; echo 'no more disk' >&2; exit 7")
    with pytest.raises(EngineError) as caught:
        local.start("dynoxide")
    text = str(caught.value)
    assert "dynoxide ended with status 7 before it answered" in text
    assert f"{file} --host 127.0.0.1 --port" in text
    assert text.endswith("Its last words:\nstarting up\nno more disk")


def test_an_engine_that_ends_in_silence_is_said_to(script):
    script("exit 7")
    with pytest.raises(EngineError, match="It printed nothing"):
        local.start("dynoxide")


def test_of_an_engine_that_talks_a_lot_the_last_words_are_kept(script):
    script("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 1")
    with pytest.raises(EngineError) as caught:
        local.start("dynoxide")
    assert str(caught.value).endswith("line 1999")
    assert len(str(caught.value)) < 5000


def test_an_engine_that_does_not_answer_in_time_is_an_error_and_is_ended(script, clock, tmp_path, gone):
    script(f"echo thinking; echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 600")
    clock(tmp_path / "pid")
    with pytest.raises(EngineError, match=r"(?s)did not answer within 0\.5 seconds.*thinking"):
        local.start("dynoxide", timeout=0.5)
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_file_that_is_no_program_is_an_error_that_names_it(monkeypatch, tmp_path):
    (tmp_path / "dynoxide").write_bytes(b"\x00\x01\x02")
    monkeypatch.setenv("DYNAMORM_DYNOXIDE", str(tmp_path / "dynoxide"))
    with pytest.raises(EngineError, match="dynoxide cannot be run: "):
        local.start("dynoxide")


@pytest.mark.parametrize(("status", "body"), [(200, "Hello"), (404, '{"TableNames":[]}')])
def test_a_server_that_is_no_dynamodb_is_not_taken_for_one(script, clock, tmp_path, status, body):
    (tmp_path / "server.py").write_text(
        f"""
import http.server, pathlib, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response({status})
        self.end_headers()
        self.wfile.write({body.encode()!r})
        pathlib.Path({str(tmp_path / "answered")!r}).touch()

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
    )
    script(f"exec {sys.executable} {tmp_path / 'server.py'} $4")
    clock(tmp_path / "answered")
    with pytest.raises(EngineError, match=rf"(?s)did not answer.*POST / HTTP/1\.0. {status}"):
        local.start("dynoxide", timeout=2)


def test_an_interrupted_start_leaves_nothing_behind(program, gone, script, tmp_path):
    script(f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 600")
    one = program("from dynamorm import local; print(0, flush=True); local.start('dynoxide')")
    one.numbers()
    while not (tmp_path / "pid").exists():
        assert one.process.poll() is None
        time.sleep(0.01)
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(PATIENCE) != 0
    assert gone(int((tmp_path / "pid").read_text()))


def test_engines_that_start_together_get_ports_of_their_own(dynoxide):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(lambda _: local.start("dynoxide"), range(8)))
    try:
        assert len({engine.port for engine in engines}) == 8
        assert len({engine.pid for engine in engines}) == 8
        assert all(engine.answers() and engine.is_running for engine in engines)
    finally:
        for engine in engines:
            engine.stop()


def test_a_port_that_somebody_else_opens_first_is_given_up_for_another(dynoxide, script, tmp_path):
    squat = (
        "import os, socket, sys, time; os.setsid();"
        "server = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
        "open(sys.argv[2], 'w').close()\n"
        f"while not os.path.exists({str(tmp_path / 'done')!r}): time.sleep(0.01)"
    )
    script(
        f"""
        if [ -e {tmp_path}/first ]; then exec {dynoxide} "$@"; fi
        echo $4 > {tmp_path}/first
        {sys.executable} -c "{squat}" $4 {tmp_path}/squatted &
        while [ ! -e {tmp_path}/squatted ]; do sleep 0.01; done
        exec {dynoxide} "$@"
        """
    )
    try:
        with local.start("dynoxide") as engine:
            assert engine.port != int((tmp_path / "first").read_text())
            assert engine.answers()
    finally:
        (tmp_path / "done").touch()


def test_a_port_can_be_demanded(dynoxide, free_port):
    with local.start("dynoxide", port=free_port) as engine:
        assert engine.port == free_port


def test_a_port_that_is_demanded_and_taken_is_an_error(dynoxide):
    with (
        local.start("dynoxide") as engine,
        pytest.raises(EngineError, match=f"on port {engine.port}: something listens there already"),
    ):
        local.start("dynoxide", port=engine.port)


def test_a_random_port_is_free():
    # somebody may take one before it is looked at, but not three
    assert not all(ports.is_taken(local.get_random_port()) for _ in range(3))


def test_a_port_is_taken_while_somebody_listens_there(free_port):
    assert not ports.is_taken(free_port)
    with socket.create_server(("127.0.0.1", free_port)):
        assert ports.is_taken(free_port)


def test_a_port_is_not_claimed_twice_though_the_system_offers_it_twice(monkeypatch, free_port):
    one, other = free_port, free_port + 1
    offers = iter([one, one, other])
    monkeypatch.setattr(ports, "get_random_port", lambda: next(offers))
    with ports.claimed_port() as first, ports.claimed_port() as second:
        assert (first, second) == (one, other)


def test_no_file_is_left_in_the_temporary_directory(dynoxide, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with local.start("dynoxide"):
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_module_in_the_current_directory_does_not_get_in_motos_way(monkeypatch, tmp_path):
    if sys.version_info < (3, 11):
        pytest.skip("Python 3.10 always looks in the current directory first")
    (tmp_path / "moto.py").write_text("raise SystemExit('the wrong moto')")
    monkeypatch.chdir(tmp_path)
    with local.start("moto") as engine:
        assert engine.answers()


def test_what_an_engine_says_is_kept_short_while_it_runs():
    with tempfile.TemporaryFile() as log:
        log.write(b"x" * 1000)
        log.flush()
        watchdog.trim(log.fileno(), 1000)
        assert os.fstat(log.fileno()).st_size == 1000
        watchdog.trim(log.fileno(), 999)
        assert os.fstat(log.fileno()).st_size == 0
        os.write(log.fileno(), b"last words")
        assert os.fstat(log.fileno()).st_size == len(b"last words")


def test_an_engine_shows_itself(dynoxide, tmp_path):
    with local.start("dynoxide") as engine:
        assert repr(engine) == f"<Engine dynoxide {engine.endpoint_url} in memory, process {engine.pid}>"
    with local.start("dynoxide", tmp_path / "books.db") as engine:
        assert f"in '{tmp_path / 'books.db'}'" in repr(engine)

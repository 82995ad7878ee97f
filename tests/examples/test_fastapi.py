"""The service in ``examples/fastapi``: what it answers, and how it does under many requests at the same time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from dynamorm.connection import configuration

from ..connection.faults.proxy import FaultProxy

pytest.importorskip("fastapi")
pytest.importorskip("pydantic")
pytest.importorskip("uvicorn")
httpx = pytest.importorskip("httpx")

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICE = ROOT / "examples" / "fastapi"
PATIENCE = 30
ANN, BOB = {"reader": "Ann"}, {"reader": "Bob"}


def book(number=0, **changes):
    return {"isbn": f"978{number:010}", "title": f"Volume {number:03}", "author": "Ida Quill", "copies": 1, **changes}


# What it answers: in this process, so that every request to the engine is looked at.


@pytest.fixture
def ask(dynamo_tables, monkeypatch):
    """Let the service, with its tables, answer some requests: ``ask(function of a client)``."""
    monkeypatch.syspath_prepend(SERVICE)
    monkeypatch.setattr(configuration, "_process_wide", configuration.Settings())
    for name in ("app", "models"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    from app import app

    async def served(requests):
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as it:
            return await requests(it)

    yield lambda requests: asyncio.run(served(requests))
    for name in ("app", "models"):
        monkeypatch.delitem(sys.modules, name)


def test_books_are_added_once_and_shown(ask):
    async def requests(client):
        added, again = [await client.post("/books", json=book()) for _ in range(2)]
        assert (added.status_code, added.json()) == (201, {**book(), "available": 1, "revision": 1})
        assert (again.status_code, again.json()) == (409, {"detail": {"current": added.json()}})
        shown = await client.get("/books/9780000000000")
        assert (shown.status_code, shown.json()) == (200, added.json())
        assert (await client.get("/books/1")).status_code == 404
        refused = await client.post("/books", json=book(copies=0))
        assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "copies"])

    ask(requests)


def test_a_correction_of_what_has_changed_meanwhile_is_refused(ask):
    async def requests(client):
        seen = (await client.post("/books", json=book())).json()
        mine, yours = ({**seen, "title": title} for title in ("Mine", "Yours"))
        first = await client.put("/books/9780000000000", json=mine)
        assert (first.status_code, first.json()) == (200, {**mine, "revision": 2})
        second = await client.put("/books/9780000000000", json=yours)
        assert (second.status_code, second.json()) == (409, {"detail": {"current": first.json()}})
        assert (await client.put("/books/1", json=yours)).status_code == 404

    ask(requests)


def test_an_author_is_listed_page_by_page(ask):
    async def requests(client):
        for number in range(5):
            await client.post("/books", json=book(number))
        await client.post("/books", json=book(9, author="Per Lindh"))
        question, titles = {"author": "Ida Quill", "size": 2}, []
        while True:
            page = (await client.get("/books", params=question)).json()
            titles.append([one["title"] for one in page["books"]])
            if page["next_cursor"] is None:
                break
            question["cursor"] = page["next_cursor"]
        assert titles == [["Volume 000", "Volume 001"], ["Volume 002", "Volume 003"], ["Volume 004"]]
        for wrong in ({"author": "Per Lindh"}, {"author": ""}, {"size": 101}, {"cursor": "nonsense"}):
            assert (await client.get("/books", params={**question, **wrong})).status_code == 422

    ask(requests)


def test_a_copy_is_lent_to_one_reader_and_comes_back(ask):
    async def requests(client):
        loans = "/books/9780000000000/loans"
        assert (await client.post(loans, json=ANN)).status_code == 404
        await client.post("/books", json=book())
        lent = await client.post(loans, json=ANN)
        assert (lent.status_code, lent.json()["reader"]) == (201, "Ann")
        refused = await client.post(loans, json=BOB)
        assert (refused.status_code, refused.json()["detail"]["current"]["available"]) == (409, 0)
        assert (await client.get(loans)).json() == [lent.json()]
        assert [(await client.delete(f"{loans}/Ann")).status_code for _ in range(2)] == [204, 404]
        assert (await client.post(loans, json={"reader": ""})).status_code == 422
        assert (await client.post(loans, json=BOB)).status_code == 201

    ask(requests)


def test_an_engine_that_is_gone_is_no_fault_of_the_client(ask):
    async def requests(client):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        options = {"config": {"retries": {"max_attempts": 0}}}
        with configuration.redirected(endpoint_url=f"http://127.0.0.1:{port}", **options):
            assert (await client.get("/books/1")).status_code == 503

    ask(requests)


# How it does under many requests at once: as a process of its own.


@contextmanager
def serving(endpoint_url):
    """Run the service as one would; gives its port."""
    settings = {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LIBRARY_ENDPOINT_URL": endpoint_url,
        "LIBRARY_TABLE_PREFIX": f"library-{uuid.uuid4().hex[:12]}-",
        "PYTHONPATH": str(ROOT),
        "PYTHONASYNCIODEBUG": "0",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "DYNAMORM_"))}
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-W", "always::ResourceWarning", "-W", "always::RuntimeWarning", "-m", "uvicorn"]
        command += ["app:app", "--app-dir", str(SERVICE), "--no-access-log", "--fd", str(listener.fileno())]
        # whoever connects from now on is answered when the service is ready
        server = subprocess.Popen(
            command, env={**kept, **settings}, pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True
        )
    try:
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            _, said = server.communicate(timeout=PATIENCE)
        finally:
            server.kill()
    assert server.returncode in (0, -signal.SIGTERM), said
    assert "Traceback" not in said and "Warning" not in said, said
    assert "Application shutdown complete" in said


@contextmanager
def slow_engine(engine):
    """Stand in front of an engine, and hold each answer back for 50 ms; gives the URL."""
    with FaultProxy("127.0.0.1", engine.port, seed=0, rates={"stall": 1000}, stall=0.05) as proxy:
        yield f"http://127.0.0.1:{proxy.port}"


@pytest.fixture(scope="module")
def service(dynamo_local):
    with serving(dynamo_local.endpoint_url) as port:
        yield port


async def asked(port, method, path, body=None):
    """Return the status and the content of an answer, over a connection of its own."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: library\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + content)
        head, _, content = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    return int(head.split()[1]), json.loads(content)


def at_once(*requests):
    async def gathered():
        return await asyncio.wait_for(asyncio.gather(*(asked(*request) for request in requests)), PATIENCE)

    return asyncio.run(gathered())


def test_requests_do_not_wait_for_one_another(dynamo_local):
    with slow_engine(dynamo_local) as slow, serving(slow) as port:
        at_once((port, "POST", "/books", book()))
        durations = []
        for _ in range(3):
            begun = time.perf_counter()
            answers = at_once(*[(port, "GET", "/books/9780000000000")] * 20)
            durations.append(time.perf_counter() - begun)
            assert Counter(status for status, _ in answers) == {200: 20}
    # one after the other they take a second at least, however quick the machine is
    assert min(durations) < 0.5


def test_the_last_copy_is_lent_once(service):
    of_book = f"/books/{book(999)['isbn']}"
    at_once((service, "POST", "/books", book(999, copies=10)))
    lent = at_once(*((service, "POST", f"{of_book}/loans", {"reader": f"Reader {number}"}) for number in range(50)))
    assert Counter(status for status, _ in lent) == {201: 10, 409: 40}
    (_, left), (_, loans) = at_once((service, "GET", of_book), (service, "GET", f"{of_book}/loans"))
    assert left["available"] == 0
    assert sorted(loan["reader"] for loan in loans) == sorted(loan["reader"] for status, loan in lent if status == 201)


def test_two_hundred_requests_at_once_get_the_answers_that_are_theirs(service):
    expected = [{**book(number, author="Per Lindh"), "available": 1, "revision": 1} for number in range(200)]
    added = at_once(*((service, "POST", "/books", book(number, author="Per Lindh")) for number in range(200)))
    shown = at_once(*((service, "GET", f"/books/{one['isbn']}") for one in expected))
    assert added == [(201, one) for one in expected]
    assert shown == [(200, one) for one in expected]
    ((_, page),) = at_once((service, "GET", "/books?author=Per+Lindh&size=100"))
    assert page["books"] == expected[:100]


# How it is written.


@pytest.mark.slow
def test_type_checkers_have_nothing_to_say_of_it(tmp_path):
    pytest.importorskip("mypy")
    settings = tmp_path / "mypy.ini"
    settings.write_text(f"[mypy]\nstrict = True\nmypy_path = {ROOT}:{SERVICE}\nfollow_imports = silent\n")
    command = [sys.executable, "-m", "mypy", "--config-file", str(settings), "--cache-dir", str(tmp_path / "cache")]
    run = subprocess.run([*command, str(SERVICE / "app.py")], capture_output=True, text=True, cwd=tmp_path)
    assert (run.stdout, run.stderr) == ("Success: no issues found in 1 source file\n", "")

"""A TCP proxy that hurts: it passes requests on to an engine, and does to some answers what networks do.

Which fault meets which attempt of which call is decided by the seed alone: calls are told apart by the
``amz-sdk-invocation-id`` and attempts by the ``amz-sdk-request`` that every client sends, so that clients
which behave differently still meet the same faults.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import threading
import time
import zlib
from collections import Counter

# Kinds of faults and how often, in thousandths of all attempts.
USUAL_RATES = {
    "refuse": 4,
    "reset before the engine saw it": 12,
    "reset after the engine saw it": 12,
    "close without an answer": 12,
    "close while idle": 40,
    "close in mid-answer": 12,
    "delay": 30,
    "stall": 6,
    "drip": 15,
    "drip without end": 4,
    "cut short": 12,
    "flip a bit": 40,
    "status 500": 15,
    "status 503": 15,
    "throttle": 10,
    "garbage": 12,
    "garbage in a good frame": 8,
    "answer twice": 20,
}


class FaultProxy:
    """Listens at :attr:`port` in front of an engine, until closed.

    :param stall: how long a stalled answer takes; to be more than the clients' read timeout
    :param outage: how long nobody listens after a refusal began
    """

    def __init__(
        self,
        host: str,
        port: int,
        seed: int,
        rates: dict[str, int] | None = None,
        stall: float = 0.6,
        outage: float = 0.022,
    ) -> None:
        self._upstream = (host, port)
        self._seed = seed
        self._rates = USUAL_RATES if rates is None else rates
        self._stall = stall
        self._outage = outage
        self._lock = threading.Lock()
        self._calls: dict[str, int] = {}
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self.counts: Counter[str] = Counter()
        self.connections = 0
        self._listener: socket.socket | None = None
        self.port = 0
        self._listen()
        acceptor = threading.Thread(target=self._accept, daemon=True)
        acceptor.start()
        self._threads.append(acceptor)

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            for one in (*self._sockets, self._listener):
                if one is not None:
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        if self._listener is not None:
            self._listener.close()

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        listener.settimeout(0.05)
        self.port = listener.getsockname()[1]
        self._listener = listener

    def _accept(self) -> None:
        while not self._closing.is_set():
            listener = self._listener
            if listener is None:
                # refusing: nobody listens at the port for a moment
                time.sleep(self._outage)
                self._listen()
                continue
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                if self._closing.is_set():
                    return
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._sockets.add(client)
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, client: socket.socket) -> None:
        upstream = socket.create_connection(self._upstream)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            client.settimeout(None)
            with client.makefile("rb") as requests, upstream.makefile("rb") as answers:
                while not self._closing.is_set():
                    message, headers = _read_message(requests)
                    if not message:
                        return
                    kind, chance = self._fault_for(headers)
                    with self._lock:
                        self.counts[kind] += 1
                    if not self._act(kind, chance, client, upstream, answers, message):
                        return
        except OSError:
            pass
        finally:
            with self._lock:
                self._sockets.discard(client)
            client.close()
            upstream.close()

    def _fault_for(self, headers: dict[str, str]) -> tuple[str, random.Random]:
        call = headers.get("amz-sdk-invocation-id", "")
        attempt = headers.get("amz-sdk-request", "").partition("attempt=")[2].partition(";")[0]
        with self._lock:
            number = self._calls.setdefault(call, len(self._calls))
        chance = random.Random(f"{self._seed}/{number}/{attempt}")
        draw = chance.randrange(1000)
        for kind, share in self._rates.items():
            if draw < share:
                return kind, chance
            draw -= share
        return "none", chance

    def _act(
        self,
        kind: str,
        chance: random.Random,
        client: socket.socket,
        upstream: socket.socket,
        answers,
        message,
    ) -> bool:
        """Do what the fault says; false when the client's connection has come to its end."""
        if kind in ("refuse", "reset before the engine saw it"):
            if kind == "refuse":
                listener, self._listener = self._listener, None
                if listener is not None:
                    listener.close()
            return _reset(client)
        if kind in _CANNED:
            status, body = _CANNED[kind]
            client.sendall(_answer(status, body))
            return True
        if kind == "garbage":
            client.sendall(chance.randbytes(chance.randrange(1, 400)))
            return False
        if kind == "garbage in a good frame":
            body = b"<html><body>It works!</body></html>"
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return True
        upstream.sendall(message)
        answer, _ = _read_message(answers)
        if not answer:
            return False
        if kind == "reset after the engine saw it":
            return _reset(client)
        if kind == "close without an answer":
            return False
        if kind == "close in mid-answer":
            client.sendall(answer[: chance.randrange(1, len(answer))])
            return False
        if kind == "delay":
            time.sleep(0.03)
        elif kind == "stall":
            self._closing.wait(self._stall)
        elif kind in ("drip", "drip without end"):
            return self._drip(kind, client, answer)
        elif kind == "cut short":
            answer = _cut_short(answer, chance)
        elif kind == "flip a bit":
            changed = bytearray(answer)
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            answer = bytes(changed)
        elif kind == "answer twice":
            answer += answer
        client.sendall(answer)
        if kind == "close while idle":
            time.sleep(0.002)
            return False
        return True

    def _drip(self, kind: str, client: socket.socket, answer: bytes) -> bool:
        if kind == "drip":
            step = max(1, len(answer) // 8)
            for start in range(0, len(answer), step):
                client.sendall(answer[start : start + step])
                time.sleep(0.004)
            return True
        # slow enough never to end, quick enough that no single wait is too long
        for start in range(int(self._stall * 4 / 0.05)):
            client.sendall(answer[start : start + 1])
            if self._closing.wait(0.05):
                break
        return False


_CANNED = {
    "status 500": (b"500 Internal Server Error", {"__type": "x#InternalServerError", "message": "Trouble."}),
    "status 503": (b"503 Service Unavailable", {"__type": "x#ServiceUnavailable", "message": "Later."}),
    "throttle": (
        b"400 Bad Request",
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "Slow.",
        },
    ),
}


def _answer(status: bytes, content: dict[str, str]) -> bytes:
    body = json.dumps(content).encode()
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: FAULT\r\n"
        b"x-amz-crc32: %d\r\nContent-Length: %d\r\n\r\n%s" % (status, zlib.crc32(body), len(body), body)
    )


def _cut_short(answer: bytes, chance: random.Random) -> bytes:
    """The answer with the end of its body missing, in a frame that says nothing of it."""
    head, _, body = answer.partition(b"\r\n\r\n")
    body = body[: chance.randrange(len(body))] if body else body
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body


def _reset(client: socket.socket) -> bool:
    """Close with an RST instead of a FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _read_message(stream) -> tuple[bytes, dict[str, str]]:
    """Read one HTTP message with a Content-Length; empty at the end of the stream."""
    lines = []
    headers = {}
    while True:
        line = stream.readline()
        if not line:
            return b"", {}
        lines.append(line)
        if line == b"\r\n":
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    lines.append(stream.read(int(headers.get("content-length", 0))))
    return b"".join(lines), headers

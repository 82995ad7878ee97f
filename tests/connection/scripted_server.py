"""A server that says exactly what it is told to, byte for byte, and counts what it is asked."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import zlib


def answer(body=b"{}", status=b"200 OK", **headers):
    """An answer in DynamoDB's usual form; a header given as ``None`` is left out."""
    lines = {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amzn-RequestId": "REQUEST",
        "x-amz-crc32": str(zlib.crc32(body)),
        "Content-Length": str(len(body)),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return b"HTTP/1.1 " + status + b"\r\n" + head.encode() + b"\r\n" + body


class ScriptedServer:
    """Answers the n-th request with the n-th of ``script`` (the last one again and again).

    An entry is bytes, ``None`` (close the connection), a function of the request, or a list of pieces with
    pauses (seconds) between them.
    """

    def __init__(self, script, tls=None):
        self._script = list(script)
        self._tls = tls
        self.requests = []
        self.connections = 0
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self._ended = False
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self):
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._ended = True
        with contextlib.suppress(OSError):  # which ends the wait for somebody to connect
            socket.create_connection(("127.0.0.1", self.port)).close()
        self._threads[0].join(5)
        self.drop_connections()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def drop_connections(self):
        """Close what is open, as a server that restarts does."""
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            if self._ended:
                client.close()
                break
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, client):
        try:
            client.settimeout(60)
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            with self._lock:
                self.connections += 1
                self._open.append(client)
            with client.makefile("rb") as stream:
                while (request := read_request(stream)) is not None:
                    with self._lock:
                        step = self._script[min(len(self.requests), len(self._script) - 1)]
                        self.requests.append(request)
                    if not self._say(client, step(request) if callable(step) else step):
                        break
        except (OSError, ValueError):
            pass  # the client went away, or what it said is no HTTP
        finally:
            with self._lock:
                if client in self._open:
                    self._open.remove(client)
            client.close()

    def _say(self, client, step):
        if step is None:
            return False
        for piece in [step] if isinstance(step, bytes) else step:
            if piece is None:
                return False
            if isinstance(piece, bytes):
                client.sendall(piece)
            else:
                time.sleep(piece)
        return True


class Received:
    def __init__(self, head, headers, body):
        self.head = head
        self.headers = headers
        self.body = body


def read_request(stream):
    head = b""
    headers = {}
    while (line := stream.readline()) != b"\r\n":
        if not line:
            return None
        head += line
        name, _, value = line.decode("utf-8").partition(":")
        headers[name.lower()] = value.strip()
    return Received(head, headers, stream.read(int(headers.get("content-length", 0))))

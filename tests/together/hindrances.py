"""What keeps batches from going through at once: entries left undone, throttling, resets and a machine that stops."""

from __future__ import annotations

import random
import threading
import zlib
from collections import Counter
from typing import Any

import pytest

from dynamorm.connection import Connection

from ..connection.faults.proxy import FaultProxy


class Withholding:
    """Lets the engine do a part of each batch write, and says of the rest that it was left undone.

    Which entries those are follows from what is in them, and from how often they were seen, not from their order.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, share: float, seed: int = 0) -> None:
        self.withheld = 0
        self.requests = 0
        self.most_at_once = 0
        self._at_once = 0
        self._share = share
        self._seed = seed
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._call = Connection.call
        monkeypatch.setattr(Connection, "call", lambda connection, *args: self._answer(connection, *args))

    def _answer(self, connection: Any, request: Any, sender: Any = None) -> dict[str, Any]:
        if request.operation != "BatchWriteItem":
            return self._call(connection, request, sender)
        with self._lock:
            self.requests += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            done, rest = self._split(request.payload["RequestItems"])
            answer = self._call(connection, request._replace(payload={"RequestItems": done}), sender) if done else {}
            return {**answer, "UnprocessedItems": rest}
        finally:
            with self._lock:
                self._at_once -= 1

    def _split(self, requests: dict[str, list[Any]]) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
        done: dict[str, list[Any]] = {}
        rest: dict[str, list[Any]] = {}
        for table, entries in requests.items():
            for entry in entries:
                is_withheld = self._is_withheld(repr(entry))
                (rest if is_withheld else done).setdefault(table, []).append(entry)
        return done, rest

    def _is_withheld(self, shown: str) -> bool:
        with self._lock:
            self._seen[shown] += 1
            draw = zlib.crc32(f"{self._seed}/{self._seen[shown]}/{shown}".encode()) % 1_000
            if draw >= self._share * 1_000:
                return False
            self.withheld += 1
            return True


class HurtingProxy(FaultProxy):
    """Throttles some calls at each of their attempts, and resets the first attempts of others."""

    def __init__(self, host: str, port: int, seed: int, throttled: int = 80, reset: int = 150) -> None:
        self._throttled = throttled
        self._reset = reset
        super().__init__(host, port, seed)

    def _fault_for(self, headers: dict[str, str]) -> tuple[str, random.Random]:
        call = headers.get("amz-sdk-invocation-id", "")
        attempt = headers.get("amz-sdk-request", "").partition("attempt=")[2].partition(";")[0]
        with self._lock:
            number = self._calls.setdefault(call, len(self._calls))
        draw = random.Random(f"{self._seed}/{number}").randrange(1_000)
        chance = random.Random(f"{self._seed}/{number}/{attempt}")
        if draw < self._throttled:
            return "throttle", chance
        if draw < self._throttled + self._reset and attempt == "1":
            kinds = ["reset before the engine saw it", "reset after the engine saw it", "close without an answer"]
            return chance.choice(kinds), chance
        return "none", chance

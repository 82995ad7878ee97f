"""Reads and writes whose every answer can be judged: a model knows what each item may be by now.

A write that was acknowledged leaves one possibility, one that failed leaves two, and a read leaves what it
saw. Anything else is a wrong answer.  At the end the engine itself is asked for every item, so that no
acknowledged write can have been lost.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dynamorm import exceptions

Call = Callable[[str, dict[str, Any]], dict[str, Any]]

# What may come of faults.  Whatever else is raised is a finding.
EXPECTED_FAILURES = (exceptions.ConnectionFailed, exceptions.Unavailable, exceptions.Throttled)
RANGES = 6
HASHES = 5
ABSENT = None


@dataclass
class Tally:
    """What a run came to."""

    operations: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    longest: float = 0.0

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    def add(self, other: Tally) -> None:
        self.operations += other.operations
        for name, count in other.failures.items():
            self.failures[name] = self.failures.get(name, 0) + count
        self.wrong += other.wrong
        self.strange += other.strange
        self.longest = max(self.longest, other.longest)


class Traffic:
    """A seeded sequence of operations on a table with the key (``p``, ``s``), under hash keys of its own."""

    def __init__(self, call: Call, table: str, prefix: str, seed: int) -> None:
        self._call = call
        self._table = table
        self._prefix = prefix
        self._chance = random.Random(seed)
        self._possible: dict[tuple[int, int], set[str | None]] = {
            (p, s): {ABSENT} for p in range(HASHES) for s in range(RANGES)
        }
        self._writes = 0
        self.tally = Tally()

    def run(self, operations: int) -> Tally:
        verbs = [
            self._put,
            self._put,
            self._get,
            self._get,
            self._query,
            self._update,
            self._delete,
            self._batch,
        ]
        for _ in range(operations):
            verb = self._chance.choice(verbs)
            place = (self._chance.randrange(HASHES), self._chance.randrange(RANGES))
            self.tally.operations += 1
            begun = time.monotonic()
            try:
                verb(place)
            except EXPECTED_FAILURES as error:
                name = type(error).__mro__[1].__name__ if type(error).__name__.startswith("_") else type(error).__name__
                self.tally.failures[name] = self.tally.failures.get(name, 0) + 1
            except Exception as error:
                self.tally.strange.append(f"{verb.__name__}{place}: {type(error).__name__}: {error}")
                self._possible[place] = self._possible[place] | {self._value_of_write()}
            self.tally.longest = max(self.tally.longest, time.monotonic() - begun)
        return self.tally

    def audit(self, ask: Call) -> None:
        """Ask the engine itself for every item."""
        for p, s in self._possible:
            answer = ask("GetItem", {"TableName": self._table, "Key": self._key((p, s)), "ConsistentRead": True})
            self._judge("at the end", (p, s), answer.get("Item"))

    def _key(self, place: tuple[int, int]) -> dict[str, Any]:
        return {"p": {"S": f"{self._prefix}{place[0]}"}, "s": {"N": str(place[1])}}

    def _item(self, place: tuple[int, int], value: str) -> dict[str, Any]:
        return {**self._key(place), "v": {"S": value}, "b": {"B": value.encode()}, "pad": {"S": "é" * 100}}

    def _value_of_write(self) -> str:
        return f"v{self._writes}"

    def _next_value(self) -> str:
        self._writes += 1
        return self._value_of_write()

    def _judge(self, what: str, place: tuple[int, int], item: dict[str, Any] | None) -> None:
        value = None if item is None else item.get("v", {}).get("S", "no value at all")
        whole = item is None or item == self._item(place, str(value))
        if value not in self._possible[place] or not whole:
            self.tally.wrong.append(f"{what}: {place} is {item}, could be {self._possible[place]}")
        self._possible[place] = {value}

    def _put(self, place: tuple[int, int]) -> None:
        value = self._next_value()
        self._possible[place] = self._possible[place] | {value}
        self._call("PutItem", {"TableName": self._table, "Item": self._item(place, value)})
        self._possible[place] = {value}

    def _get(self, place: tuple[int, int]) -> None:
        answer = self._call("GetItem", {"TableName": self._table, "Key": self._key(place), "ConsistentRead": True})
        self._judge("GetItem", place, answer.get("Item"))

    def _query(self, place: tuple[int, int]) -> None:
        answer = self._call(
            "Query",
            {
                "TableName": self._table,
                "KeyConditionExpression": "p = :p",
                "ExpressionAttributeValues": {":p": self._key(place)["p"]},
                "ConsistentRead": True,
            },
        )
        if answer.get("LastEvaluatedKey") or len(answer["Items"]) != answer["Count"]:
            self.tally.wrong.append(f"Query: not a whole page: {answer}")
        found = {int(item["s"]["N"]): item for item in answer["Items"]}
        for s in range(RANGES):
            self._judge("Query", (place[0], s), found.get(s))

    def _batch(self, place: tuple[int, int]) -> None:
        keys = [self._key((p, place[1])) for p in range(HASHES)]
        answer = self._call("BatchGetItem", {"RequestItems": {self._table: {"Keys": keys, "ConsistentRead": True}}})
        if answer.get("UnprocessedKeys"):
            self.tally.wrong.append(f"BatchGetItem: unprocessed keys: {answer}")
        found = {item["p"]["S"]: item for item in answer["Responses"].get(self._table, ())}
        for p in range(HASHES):
            self._judge("BatchGetItem", (p, place[1]), found.get(f"{self._prefix}{p}"))

    def _update(self, place: tuple[int, int]) -> None:
        """A write on condition that the value is the one last seen."""
        before = self._possible[place]
        if len(before) != 1 or ABSENT in before:
            return self._put(place)
        (old,) = before
        value = self._next_value()
        self._possible[place] = {old, value}
        try:
            answer = self._call(
                "UpdateItem",
                {
                    "TableName": self._table,
                    "Key": self._key(place),
                    "UpdateExpression": "SET v = :new, b = :binary",
                    "ConditionExpression": "v = :old",
                    "ExpressionAttributeValues": {
                        ":new": {"S": value},
                        ":old": {"S": str(old)},
                        ":binary": {"B": value.encode()},
                    },
                    "ReturnValues": "ALL_NEW",
                },
            )
        except exceptions.ConditionFailed as error:
            # the first attempt may have been carried out and its answer lost
            if error.attempts < 2:  # type: ignore[attr-defined]
                self.tally.wrong.append(f"UpdateItem: {place} refused at the first attempt, could be {before}")
            return None
        self._possible[place] = {value}
        self._judge("UpdateItem", place, answer.get("Attributes"))
        return None

    def _delete(self, place: tuple[int, int]) -> None:
        self._possible[place] = self._possible[place] | {ABSENT}
        self._call("DeleteItem", {"TableName": self._table, "Key": self._key(place)})
        self._possible[place] = {ABSENT}

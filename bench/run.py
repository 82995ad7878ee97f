"""Measures everybody, in turns, against one engine."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from dynamorm import local

from .children import LeftOut, told, user_seconds
from .contenders.floor import Line
from .items import KINDS, MAIN, Kind, Sizes
from .measure import GROWTH, OPERATIONS
from .results import Results
from .roster import CLIENT, COLD, ENTRIES, FLOOR, IN_ALL_KINDS, LIBRARIES, WITH_AWAITED, Entry, of_ours

Measured = TypeVar("Measured")

OTHER_TASKS = ("growth", "async", "building", "cold", "memory")
IN_OTHER_KINDS = tuple(operation for operation in OPERATIONS if operation != "scan")
GROWING = (CLIENT, FLOOR, of_ours("direct", "marshmallow"), *(of_ours("default", library) for library in LIBRARIES))


class Plan(NamedTuple):
    """What is measured, and how long.

    ``turns`` is for the first kind of items, ``fewer_turns`` for the others; ``least`` are the seconds of CPU in a
    round.  ``only`` holds words: tasks and kinds, and parts of the names of contenders.
    """

    turns: int = 4
    fewer_turns: int = 2
    cold_turns: int = 5
    rounds: int = 2
    least: float = 0.03
    sizes: Sizes = Sizes()
    tasks: frozenset[str] = frozenset((*OPERATIONS, *OTHER_TASKS))
    kinds: tuple[str, ...] = tuple(KINDS)
    words: tuple[str, ...] = ()

    def wants(self, entry: Entry) -> bool:
        return not self.words or any(word in entry.name or word in entry.title for word in self.words)

    def restricted(self, only: Sequence[str]) -> Plan:
        """Return a plan for the tasks, kinds and contenders that some words choose."""
        tasks = self.tasks & set(only)
        kinds = tuple(kind for kind in KINDS if kind in only)
        words = tuple(word for word in only if word not in self.tasks and word not in KINDS)
        for word in words:
            if not any(word in entry.name or word in entry.title for entry in COLD + ENTRIES + WITH_AWAITED):
                raise SystemExit(f"--only {word}: neither a task, a kind nor a contender")
        return self._replace(tasks=tasks or self.tasks, kinds=kinds or self.kinds, words=words)


QUICK = Plan(
    turns=1,
    fewer_turns=1,
    cold_turns=1,
    rounds=1,
    least=0.002,
    sizes=Sizes(stored=1_200, page=400, few=100, read_batch=20, write_batch=10),
    kinds=(MAIN, "nested"),
)


class Run:
    """One run against one engine."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self.plan, self.say = plan, say
        self.results = Results()

    def everything(self) -> Results:
        begun = time.monotonic()
        with local.start("dynoxide") as engine:
            self.endpoint = engine.endpoint_url
            self.fill()
            self.measure_operations()
            self.measure_awaiting()
            self.measure_building()
            self.measure_cold_starts()
            self.measure_memory()
            self.results.about.update(about(engine.name, self.plan, time.monotonic() - begun))
        return self.results

    def fill(self) -> None:
        """Make the tables of all kinds, and put the items into those that are read."""
        line = Line(self.endpoint)
        for kind in KINDS.values():
            types = {field.name: "N" if field.type == "integer" else "S" for field in kind.fields}
            keys = {kind.hash_key: "HASH", kind.range_key: "RANGE"}
            for table in (kind.table, kind.written):
                described = {
                    "TableName": table,
                    "BillingMode": "PAY_PER_REQUEST",
                    "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in keys.items()],
                    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": types[name]} for name in keys],
                }
                line.post("CreateTable", described)
            # A process that starts cold defines models of all kinds, and reads but one.
            if kind.name not in self.plan.kinds and kind.name != MAIN:
                continue
            self.say(f"storing {self.plan.sizes.stored} items: {kind.title}")
            for first in range(0, self.plan.sizes.stored, 25):
                numbers = range(first, min(first + 25, self.plan.sizes.stored))
                puts = [{"PutRequest": {"Item": kind.wire(number)}} for number in numbers]
                answer = json.loads(line.post("BatchWriteItem", {"RequestItems": {kind.table: puts}}))
                if answer.get("UnprocessedItems") != {}:
                    raise SystemExit(f"the engine does not store the items: {answer}")

    def measure_operations(self) -> None:
        for turn in range(self.plan.turns):
            for kind in map(KINDS.__getitem__, self.plan.kinds):
                if kind.name != MAIN and turn >= self.plan.fewer_turns:
                    continue
                for entry in self.in_turn(ENTRIES if kind.name == MAIN else IN_ALL_KINDS, turn):
                    self.measure(entry, kind, turn)

    def measure(self, entry: Entry, kind: Kind, turn: int) -> None:
        growing = kind.name == MAIN and entry.name in GROWING and "growth" in self.plan.tasks
        wanted = OPERATIONS if kind.name == MAIN else IN_OTHER_KINDS
        operations = [name for name in wanted if name in self.plan.tasks] + list(GROWTH if growing else ())
        if not operations:
            return
        self.say(f"turn {turn + 1} of {self.plan.turns}, {kind.title}: {entry.title}")
        answer = self.told(
            entry,
            "measure",
            kind=kind.name,
            operations=operations,
            least=self.plan.least,
            rounds=self.plan.rounds,
            distributions=entry.distributions,
        )
        if answer is None:
            return
        self.keep(kind.name, kind.title, entry, turn, answer)

    def measure_awaiting(self) -> None:
        if "async" not in self.plan.tasks:
            return
        for turn in range(self.plan.turns):
            for entry in self.in_turn(WITH_AWAITED, turn):
                self.say(f"turn {turn + 1} of {self.plan.turns}, async: {entry.title}")
                task = {"kind": MAIN, "least": self.plan.least, "rounds": self.plan.rounds}
                answer = self.told(entry, "awaiting", distributions=entry.distributions, **task)
                if answer is not None:
                    self.keep("async", "async", entry, turn, answer)

    def keep(self, section: str, title: str, entry: Entry, turn: int, answer: dict[str, Any]) -> None:
        """Keep what somebody has answered: figures, and why there are none."""
        self.results.versions.setdefault(entry.name, answer["versions"])
        for operation, seconds in answer["seconds"].items():
            self.results.add(section, entry.name, operation, turn, seconds)
        for operation, reason in answer["failed"].items():
            self.results.left_out[f"{entry.title}, {title}, {operation}"] = reason

    def measure_building(self) -> None:
        if "building" not in self.plan.tasks:
            return
        entries = [entry for entry in ENTRIES if entry.name in [of_ours("direct", name) for name in LIBRARIES]]
        for turn in range(self.plan.turns):
            for entry in self.in_turn(entries, turn):
                self.say(f"turn {turn + 1} of {self.plan.turns}, building requests: {entry.title}")
                task = {"kind": MAIN, "least": self.plan.least, "rounds": self.plan.rounds}
                answer = self.told(entry, "building", **task)
                for part, seconds in (answer or {"seconds": {}})["seconds"].items():
                    self.results.add("building", entry.name, part, turn, seconds)

    def measure_cold_starts(self) -> None:
        if "cold" not in self.plan.tasks:
            return
        for turn in range(self.plan.cold_turns):
            for entry in self.in_turn(COLD, turn):
                self.say(f"turn {turn + 1} of {self.plan.cold_turns}, cold start: {entry.title}")
                seconds = self.tried(entry, lambda entry=entry: user_seconds(entry, self.endpoint))
                if seconds is not None:
                    self.results.add("cold", entry.name, "start", turn, seconds)

    def measure_memory(self) -> None:
        if "memory" not in self.plan.tasks:
            return
        for kind in self.plan.kinds:
            count = self.plan.sizes.stored - 1 if kind == MAIN else self.plan.sizes.page
            for entry in self.in_turn(ENTRIES if kind == MAIN else IN_ALL_KINDS, 0):
                if entry.is_ours and not entry.name.startswith("dynamorm_models:direct:"):
                    continue  # what an instance takes does not depend on how it came
                self.say(f"memory, {KINDS[kind].title}: {entry.title}")
                answer = self.told(entry, "memory", kind=kind, count=count)
                if answer is not None:
                    self.results.add("memory", entry.name, kind, 0, answer["bytes"])

    # Whom to ask, and what becomes of those who do not answer.

    def in_turn(self, entries: Iterable[Entry], turn: int) -> list[Entry]:
        """Those who are wanted, and still there; from the end in every other turn, so that nobody is always first."""
        wanted = [entry for entry in entries if self.plan.wants(entry) and entry.title not in self.results.left_out]
        return wanted[::-1] if turn % 2 else wanted

    def told(self, entry: Entry, module: str, **task: Any) -> dict[str, Any] | None:
        return self.tried(entry, lambda: told(entry, module, endpoint=self.endpoint, sizes=self.plan.sizes, **task))

    def tried(self, entry: Entry, measure: Callable[[], Measured]) -> Measured | None:
        try:
            return measure()
        except LeftOut as reason:
            self.results.left_out[entry.title] = str(reason)
            return None


def about(engine: str, plan: Plan, seconds: float) -> dict[str, Any]:
    """What a reader has to know to judge the figures, and nothing that names the machine."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "engine": engine,
        "turns": plan.turns,
        "sizes": plan.sizes._asdict(),
        "seconds": round(seconds),
    }

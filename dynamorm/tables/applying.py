"""Doing what is planned: one request at a time, waiting in between, from wherever an earlier run stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from ..connection import Connection
from ..exceptions import RequestRefused, TableMismatch, TableNotActive, TableNotFound
from ..requests import Request
from ..requests.tables import (
    build_after_creation,
    build_create_table,
    build_delete_table,
    build_describe_pitr,
    build_describe_table,
    build_describe_ttl,
    build_list_tags,
)
from ..spec import TableSpec
from .live import LiveTable, read_table
from .planning import Plan, Step

log = logging.getLogger("dynamorm.table")

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0
# Descriptions are eventually consistent: what was changed may not show in the next one.
STALE_FOR = 10.0
# A table that is described as active may yet refuse a change for a moment.
BUSY_FOR = 60.0


class Patience:
    """Pauses, short ones first, for a number of seconds altogether."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._pause = FIRST_PAUSE

    def pause(self, reason: str) -> None:
        """Sleep a while.

        :raises TableNotActive: with the reason, when there is no time left.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TableNotActive(f"{reason}, after {self.seconds:.0f} seconds; the next run goes on from there")
        time.sleep(min(self._pause, left))
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)


def is_there(connection: Connection, name: str) -> bool:
    """Whether there is a table with a name, in whatever state."""
    try:
        connection.call(build_describe_table(name))
    except TableNotFound:
        return False
    return True


def start_creating(connection: Connection, spec: TableSpec) -> None:
    """Ask for the table, and do not wait."""
    connection.call(build_create_table(spec))


def finish_creating(connection: Connection, spec: TableSpec, timeout: float) -> None:
    """Wait until a new table can be used, and ask for what can only be asked for then."""
    describe_active(connection, spec, Patience(timeout))
    for request in build_after_creation(spec):
        patience, busy = Patience(timeout), Patience(BUSY_FOR)
        while not _is_taken(connection, request, patience, busy):
            pass


def delete(connection: Connection, name: str, wait: bool, timeout: float) -> None:
    """Delete the table; with ``wait`` come back when it is gone."""
    connection.call(build_delete_table(name))
    patience = Patience(timeout)
    while wait and is_there(connection, name):
        patience.pause(f"table {name} is still there")


def describe(connection: Connection, spec: TableSpec) -> LiveTable:
    """Describe the live table, asking for no more than what can be compared with the declared one."""
    return _completed(connection, spec, connection.call(build_describe_table(spec.name))["Table"])


def _completed(connection: Connection, spec: TableSpec, table: dict[str, Any]) -> LiveTable:
    ttl = backups = tags = None
    if spec.ttl is not None:
        ttl = connection.call(build_describe_ttl(spec.name))["TimeToLiveDescription"]
    if spec.pitr is not None:
        backups = connection.call(build_describe_pitr(spec.name))["ContinuousBackupsDescription"]
    if spec.tags:
        tags = _all_tags(connection, table["TableArn"])
    return read_table(table, ttl, backups, tags)


def _all_tags(connection: Connection, arn: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    start = None
    while True:
        answer = connection.call(build_list_tags(arn, start))
        tags.update((tag["Key"], tag["Value"]) for tag in answer.get("Tags") or ())
        start = answer.get("NextToken")
        if not start:
            return tags


def describe_active(connection: Connection, spec: TableSpec, patience: Patience) -> LiveTable:
    """Describe the live table, once it and all its indexes are active."""
    while True:
        table = connection.call(build_describe_table(spec.name))["Table"]
        trouble = read_table(table).trouble
        if not trouble:
            return _completed(connection, spec, table)
        patience.pause(trouble)


def carry_out(connection: Connection, spec: TableSpec, plan_for: Callable[[LiveTable], Plan], timeout: float) -> int:
    """Take one step after the other, each planned from the table as it then is; give their number.

    :param plan_for: the plan for a live table
    :param timeout: the seconds that one step may take
    :raises TableMismatch: if a step is refused, before any is taken
    """
    taken = 0
    announced: tuple[int, str] | None = None
    last: Step | None = None
    patience, stale, busy = Patience(timeout), Patience(STALE_FOR), Patience(BUSY_FOR)
    while True:
        live = describe_active(connection, spec, patience)
        plan = plan_for(live)
        refuse(spec, plan)
        if not plan:
            return taken
        step = plan[0]
        if last is not None and (step.what, step.before, step.after) == (last.what, last.before, last.after):
            stale.pause(f"table {spec.name} took the change of {step.change}, and is described as before")
            continue
        if step.what == "ttl" and live.ttl_status in ("ENABLING", "DISABLING"):
            patience.pause(f"time to live of table {spec.name} is {live.ttl_status}")
            continue
        if announced != (taken, step.change):
            announced = taken, step.change
            _announce(spec, step)
        assert step.request is not None
        if not _is_taken(connection, step.request, patience, busy):
            continue
        taken += 1
        last = step
        patience, stale, busy = Patience(timeout), Patience(STALE_FOR), Patience(BUSY_FOR)


def _announce(spec: TableSpec, step: Step) -> None:
    if step.danger:
        log.warning("table %s: %s; %s", spec.name, step.change, step.danger)
    else:
        log.info("table %s: %s", spec.name, step.change)


def refuse(spec: TableSpec, plan: Plan) -> None:
    """Raise what a plan refuses."""
    if plan.refusals:
        reasons = "\n".join(f"{step.change}\n  {step.refused}" for step in plan.refusals)
        raise TableMismatch(f"table {spec.name} is not changed:\n{reasons}", plan.refusals)


def _is_taken(connection: Connection, request: Request, patience: Patience, busy: Patience) -> bool:
    """Send a request that changes a table; ``False``, after a pause, where the table is busy with an earlier change."""
    try:
        connection.call(request)
        return True
    except TableNotActive as error:
        busy.pause(str(error))
    except RequestRefused as error:
        # what DynamoDB answers for some minutes after a table was made
        if error.code != "ContinuousBackupsUnavailableException":
            raise
        patience.pause(str(error))
    return False

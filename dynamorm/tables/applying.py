"""Doing what is planned: one request at a time, waiting in between, from wherever an earlier run stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from ..exceptions import RequestRefused, TableMismatch, TableNotActive, TableNotFound
from ..flows import Call, Connection, Flow, Now, Pause
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
from .plan import Plan, Step
from .planning import compare

log = logging.getLogger("dynamorm.table")

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0
# Descriptions are eventually consistent: what was changed may not show in the next one.
STALE_FOR = 10.0
# A table that is described as active may yet refuse a change for a moment.
BUSY_FOR = 60.0


class Patience:
    """Pauses, short ones first, for a number of seconds altogether, from the first one on."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._deadline: float | None = None
        self._pause = FIRST_PAUSE

    def pause(self, reason: str) -> Flow[None]:
        """Wait a while.

        :raises TableNotActive: with the reason, when there is no time left.
        """
        now = yield Now()
        if self._deadline is None:
            self._deadline = now + self.seconds
        left = self._deadline - now
        if left <= 0:
            raise TableNotActive(f"{reason}, after {self.seconds:.0f} seconds; the next run goes on from there")
        yield Pause(min(self._pause, left))
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)


def is_there(connection: Connection, name: str) -> Flow[bool]:
    """Return whether there is a table with a name, in whatever state."""
    try:
        yield Call(connection, build_describe_table(name))
    except TableNotFound:
        return False
    return True


def create(connection: Connection, spec: TableSpec, wait: bool, timeout: float) -> Flow[None]:
    """Ask for the table; with ``wait`` come back when it can be used."""
    yield Call(connection, build_create_table(spec))
    if wait:
        yield from finish_creating(connection, spec, timeout)


def create_missing(tables: Sequence[Any], timeout: float) -> Flow[None]:
    """Create the declared tables that are not there, all at once, and compare the others with what is declared."""
    missing: dict[Any, tuple[Any, Connection, TableSpec]] = {}
    for table in tables:
        if table._address not in missing and not (yield from is_there(table.connection, table.full_name)):
            missing[table._address] = table, table.connection, table._spec_to_create()
    for address, (_, connection, spec) in list(missing.items()):
        try:
            yield Call(connection, build_create_table(spec))
        except TableNotActive:  # somebody else was quicker
            del missing[address]
    for _, connection, spec in missing.values():
        yield from finish_creating(connection, spec, timeout)
    created = [table for table, _, _ in missing.values()]
    for table in tables:
        if table not in created:
            connection, spec = table.connection, table.spec
            live = yield from describe_active(connection, spec, Patience(timeout))
            refuse_differences(spec, live, table._owner)


def finish_creating(connection: Connection, spec: TableSpec, timeout: float) -> Flow[None]:
    """Wait until a new table can be used, and ask for what can only be asked for then."""
    yield from describe_active(connection, spec, Patience(timeout))
    for request in build_after_creation(spec):
        patience, busy = Patience(timeout), Patience(BUSY_FOR)
        while not (yield from _is_taken(connection, request, patience, busy)):
            pass


def delete(connection: Connection, name: str, wait: bool, timeout: float) -> Flow[None]:
    """Delete the table; with ``wait`` come back when it is gone."""
    yield Call(connection, build_delete_table(name))
    patience = Patience(timeout)
    while wait and (yield from is_there(connection, name)):
        yield from patience.pause(f"table {name} is still there")


def describe(connection: Connection, spec: TableSpec) -> Flow[LiveTable]:
    """Describe the live table, asking for no more than what can be compared with the declared one."""
    return (yield from _completed(connection, spec, (yield Call(connection, build_describe_table(spec.name)))["Table"]))


def _completed(connection: Connection, spec: TableSpec, table: dict[str, Any]) -> Flow[LiveTable]:
    ttl = backups = tags = None
    if spec.ttl is not None:
        ttl = (yield Call(connection, build_describe_ttl(spec.name)))["TimeToLiveDescription"]
    if spec.pitr is not None:
        backups = (yield Call(connection, build_describe_pitr(spec.name)))["ContinuousBackupsDescription"]
    if spec.tags:
        tags = yield from _all_tags(connection, table["TableArn"])
    return read_table(table, ttl, backups, tags)


def _all_tags(connection: Connection, arn: str) -> Flow[dict[str, str]]:
    tags: dict[str, str] = {}
    start = None
    while True:
        answer = yield Call(connection, build_list_tags(arn, start))
        tags.update((tag["Key"], tag["Value"]) for tag in answer.get("Tags") or ())
        start = answer.get("NextToken")
        if not start:
            return tags


def describe_active(connection: Connection, spec: TableSpec, patience: Patience) -> Flow[LiveTable]:
    """Describe the live table, once it and all its indexes are active."""
    while True:
        table = (yield Call(connection, build_describe_table(spec.name)))["Table"]
        trouble = read_table(table).trouble
        if not trouble:
            return (yield from _completed(connection, spec, table))
        yield from patience.pause(trouble)


def carry_out(
    connection: Connection, spec: TableSpec, plan_for: Callable[[LiveTable], Plan], timeout: float
) -> Flow[int]:
    """Take one step after the other, each planned from the table as it then is; returns their number.

    :param plan_for: the plan for a live table
    :param timeout: the seconds that one step may take
    :raises TableMismatch: if a step is refused, before any is taken
    """
    taken = 0
    announced: tuple[int, str] | None = None
    last: Step | None = None
    patience, stale, busy = Patience(timeout), Patience(STALE_FOR), Patience(BUSY_FOR)
    while True:
        live = yield from describe_active(connection, spec, patience)
        plan = plan_for(live)
        refuse(spec, plan)
        if not plan:
            return taken
        step = plan[0]
        if last is not None and (step.what, step.before, step.after) == (last.what, last.before, last.after):
            yield from stale.pause(f"table {spec.name} took the change of {step.change}, and is described as before")
            continue
        if step.what == "ttl" and live.ttl_status in ("ENABLING", "DISABLING"):
            yield from patience.pause(f"time to live of table {spec.name} is {live.ttl_status}")
            continue
        if announced != (taken, step.change):
            announced = taken, step.change
            _announce(spec, step)
        assert step.request is not None
        if not (yield from _is_taken(connection, step.request, patience, busy)):
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


def _is_taken(connection: Connection, request: Request, patience: Patience, busy: Patience) -> Flow[bool]:
    """Send a request that changes a table; ``False``, after a pause, where the table is busy with an earlier change."""
    try:
        yield Call(connection, request)
        return True
    except TableNotActive as error:
        yield from busy.pause(str(error))
    except RequestRefused as error:
        # what DynamoDB answers for some minutes after a table was made
        if error.code != "ContinuousBackupsUnavailableException":
            raise
        yield from patience.pause(str(error))
    return False


def refuse_differences(spec: TableSpec, live: LiveTable, owner: str, strict: bool = False) -> None:
    """Raise where a live table is not the declared one."""
    found = compare(spec, live)
    differences: tuple[Step, ...] = tuple(step for step in found if strict or not step.harmless)
    if differences:
        listed = "\n".join(step.change for step in differences)
        raise TableMismatch(
            f"table {spec.name} is not as {owner} declares it:\n{listed}\n"
            "plan() says what update_table() would do about it",
            differences,
        )

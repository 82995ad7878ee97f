"""Waiting between steps: tables that take their time, which no local engine does."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamorm import drivers
from dynamorm.drivers import run
from dynamorm.exceptions import RequestRefused, TableNotActive
from dynamorm.requests.tables import build_create_table
from dynamorm.spec import IndexSpec, TableSpec
from dynamorm.tables import applying
from dynamorm.tables.planning import plan_changes

from ..clocks import Clock
from ..specs import single_key
from .simulated import ARN, RefusedBySimulation, SimulatedTable

KEY = single_key("id", "S")
ONE = IndexSpec("one", single_key("a", "S"), True, None, 1, 1)
TWO = IndexSpec("two", single_key("b", "N"), True, (), 1, 1)
BEFORE = TableSpec("things", KEY, 1, 1, indexes=(ONE,), stream="NEW_IMAGE", ttl="x")
AFTER = TableSpec(
    "things",
    KEY,
    2,
    2,
    indexes=(ONE.replace(included=()), TWO),
    stream="KEYS_ONLY",
    ttl="y",
    pitr=True,
    tags=(("k", "v"),),
    deletion_protection=True,
)


class SlowConnection:
    """A table for which every change takes a number of descriptions, and every n-th one tells what was before."""

    def __init__(self, table, *, busy=0, stale=0, ttl=0, no_backups=0, refusals=0):
        self.table = table
        self.busy, self.stale, self.ttl = busy, stale, ttl
        self.no_backups, self.refusals = no_backups, refusals
        self.status, self.left, self.ttl_left, self.stale_left, self.refused = "ACTIVE", 0, 0, 0, 0
        self.index_left = 0
        self.before = None
        self.deleting = []
        self.taken = []
        self.described = 0

    def call(self, request, sender=None):
        if request.operation.startswith("Describe") or request.operation.startswith("List"):
            return getattr(self, request.operation)()
        self._refuse(request)
        self.before, self.stale_left = copy.deepcopy(self.table), self.stale
        self.table.take(request)
        kept = {index["IndexName"] for index in self.table.indexes}
        self.deleting = [index for index in self.before.indexes if index["IndexName"] not in kept]
        self.taken.append(request.operation)
        self.refused = 0
        if request.operation == "UpdateTable":
            self.left = self.busy
            self.index_left = self.busy * 2 if "GlobalSecondaryIndexUpdates" in request.payload else 0
        if request.operation == "UpdateTimeToLive":
            self.ttl_left = self.ttl
        return {}

    def _refuse(self, request):
        if request.operation == "UpdateTable" and (self.left > 0 or self.index_left > 0):
            raise RefusedBySimulation("sent while the table was not active")
        if request.operation == "UpdateTimeToLive" and self.ttl_left > 0:
            raise RefusedBySimulation("sent while time to live was changing")
        if request.operation == "UpdateContinuousBackups" and self.no_backups > 0:
            self.no_backups -= 1
            error = RequestRefused("Backups are being enabled for the table. Please retry later")
            error.code = "ContinuousBackupsUnavailableException"
            raise error
        if self.refused < self.refusals:
            self.refused += 1
            raise TableNotActive("UpdateTable on table things: ResourceInUseException")

    def _now(self):
        if self.stale_left > 0 and self.before is not None:
            self.stale_left -= 1
            return self.before
        return self.table

    def DescribeTable(self):
        self.described += 1
        self.left, self.index_left, self.ttl_left = self.left - 1, self.index_left - 1, self.ttl_left - 1
        table = copy.deepcopy(self._now().table)
        if self.left > 0:
            table["TableStatus"] = "UPDATING"
        indexes = table["GlobalSecondaryIndexes"]
        if self.index_left > 0 and self.deleting:
            indexes[:] = [*(one for one in indexes if one not in self.deleting), *copy.deepcopy(self.deleting)]
            indexes[-1]["IndexStatus"] = "DELETING"
        elif self.index_left > 0 and indexes:
            indexes[-1]["IndexStatus"] = "CREATING"
        return {"Table": table}

    def DescribeTimeToLive(self):
        description = dict(self._now().ttl)
        if self.ttl_left > 0:
            description["TimeToLiveStatus"] = {"ENABLED": "ENABLING", "DISABLED": "DISABLING"}[
                description["TimeToLiveStatus"]
            ]
        return {"TimeToLiveDescription": description}

    def DescribeContinuousBackups(self):
        status = {"PointInTimeRecoveryStatus": self._now().recovery}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": status}}

    def ListTagsOfResource(self):
        tags = [{"Key": key, "Value": value} for key, value in self._now().tags.items()]
        return {"Tags": tags}


def before():
    table = SimulatedTable(build_create_table(BEFORE))
    table.ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": "x"}
    return table


def carry_out(connection, timeout=5.0):
    return run(
        applying.carry_out(connection, AFTER, lambda live: plan_changes(AFTER, live, allow_rebuild=True), timeout)
    )


@pytest.fixture(scope="module", autouse=True)
def clock():
    made = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drivers, "time", made)
        yield made


@given(
    busy=st.integers(0, 4),
    stale=st.integers(0, 4),
    ttl=st.integers(0, 6),
    no_backups=st.integers(0, 3),
    refusals=st.integers(0, 2),
)
def test_every_step_is_taken_once_when_the_table_is_ready_for_it(busy, stale, ttl, no_backups, refusals):
    connection = SlowConnection(before(), busy=busy, stale=stale, ttl=ttl, no_backups=no_backups, refusals=refusals)
    planned = plan_changes(AFTER, connection.table.describe(), allow_rebuild=True)
    assert carry_out(connection) == len(planned) == len(connection.taken) == 11
    assert connection.taken == [step.request.operation for step in planned]
    assert plan_changes(AFTER, connection.table.describe()) == ()
    assert connection.left <= 0
    assert connection.index_left <= 0


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"busy": 10**9}, r"table things is UPDATING, after 0 seconds; the next run goes on from there"),
        (
            {"ttl": 10**9},
            r"time to live of table things is DISABLING, after 0 seconds; the next run goes on from there",
        ),
        ({"no_backups": 10**9}, r"Please retry later, after 0 seconds; the next run goes on from there"),
        (
            {"stale": 10**9},
            r"took the change of deletion protection: off -> on, and is described as before, after 0 sec",
        ),
        ({"refusals": 10**9}, r"ResourceInUseException, after 0 seconds; the next run goes on from there"),
    ],
)
def test_what_takes_too_long_says_what_it_is_and_is_finished_by_the_next_run(trouble, message, monkeypatch):
    monkeypatch.setattr(applying, "STALE_FOR", 0.1)
    monkeypatch.setattr(applying, "BUSY_FOR", 0.1)
    connection = SlowConnection(before(), **trouble)
    with pytest.raises(TableNotActive, match=message):
        carry_out(connection, timeout=0.1)
    first = len(connection.taken)
    assert first < 11
    again = SlowConnection(connection.table)
    assert carry_out(again) == 11 - first
    assert connection.taken + again.taken == [
        step.request.operation for step in plan_changes(AFTER, before().describe(), allow_rebuild=True)
    ]


def test_a_danger_is_logged_once_however_often_the_table_was_busy(caplog):
    connection = SlowConnection(before(), refusals=2)
    dangers = plan_changes(AFTER, connection.table.describe(), allow_rebuild=True).dangers
    with caplog.at_level("WARNING", "dynamorm.table"):
        carry_out(connection)
    assert [record.getMessage() for record in caplog.records] == [
        f"table things: {step.change}; {step.danger}" for step in dangers
    ]


def test_an_index_that_is_being_made_is_named(monkeypatch):
    connection = SlowConnection(before(), busy=3)
    connection.index_left = 10**9
    with pytest.raises(TableNotActive, match=r"index one of table things is CREATING, after 0 seconds"):
        carry_out(connection, timeout=0.1)
    assert connection.taken == []


def test_pauses_begin_short_and_grow_to_a_bound(clock):
    clock.slept.clear()
    patience = applying.Patience(1000)
    for _ in range(20):
        run(patience.pause("still there"))
    assert clock.slept[:3] == pytest.approx([0.05, 0.075, 0.1125])
    assert clock.slept[-1] == max(clock.slept) == 5.0


def test_tags_are_read_page_by_page():
    class Paged:
        def call(self, request, sender=None):
            assert request.payload["ResourceArn"] == ARN
            if request.payload.get("NextToken") == "more":
                return {"Tags": [{"Key": "b", "Value": "2"}]}
            return {"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "more"}

    assert run(applying._all_tags(Paged(), ARN)) == {"a": "1", "b": "2"}

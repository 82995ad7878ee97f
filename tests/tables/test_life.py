"""Tables of models, from creation to removal, on real engines."""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import dynamorm
from dynamorm import (
    DynaModel,
    GlobalIndex,
    LocalIndex,
    MissingTableAttribute,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    TableExists,
    TableMismatch,
    TableNotActive,
    TableNotFound,
    drivers,
)
from dynamorm.flows import Now
from dynamorm.tables import applying

from ..clocks import Clock
from .engines import changes, tables_of_our_own

fields = pytest.importorskip("marshmallow.fields")

ROOT = Path(__file__).parents[2]


def define(*indexes, name="Thing", **table):
    body = {
        "Table": type("Table", (), {"name": "things", "hash_key": "id", **table}),
        "Schema": type(
            "Schema",
            (),
            {
                "id": fields.String(),
                "color": fields.String(),
                "size": fields.Integer(),
                "expires": fields.Integer(data_key="Expires"),
            },
        ),
        **{index.__name__: index for index in indexes},
    }
    return type(DynaModel)(name, (DynaModel,), body)


def index(name="by-color", hash_key="color", projection=None, kind=GlobalIndex, **more):
    body = {"name": name, "hash_key": hash_key, "projection": projection or ProjectAll(), "read": 1, "write": 1, **more}
    return type("By" + name.title().replace("-", ""), (kind,), body)


PROVISIONED = {"read": 3, "write": 4}
ON_DEMAND = {"billing_mode": "PAY_PER_REQUEST"}


@pytest.fixture(autouse=True)
def no_models_of_earlier_tests():
    gc.collect()


@pytest.fixture
def quick(dynamo_local):
    with tables_of_our_own(dynamo_local) as (client, prefix):
        yield client, prefix + "things"


# moto's server takes no other encryption for a table that exists, so that is left to the simulated table
@pytest.fixture
def on_moto(moto):
    with tables_of_our_own(moto) as (client, prefix):
        yield client, prefix + "things"


# Creating and deleting.


def test_a_table_is_created_with_everything_that_is_declared(on_moto):
    client, name = on_moto
    thing = define(
        index(),
        index("by-size", "size", ProjectInclude("color")),
        index("keys", "id", ProjectKeys(), LocalIndex, range_key="size"),
        **PROVISIONED,
        range_key="color",
        stream="NEW_IMAGE",
        ttl="expires",
        pitr=True,
        sse=True,
        table_class="STANDARD_INFREQUENT_ACCESS",
        tags={"team": "books"},
        deletion_protection=True,
    )
    with changes() as sent:
        created = thing.Table.create_table()
    assert sent == ["CreateTable", "UpdateTimeToLive", "UpdateContinuousBackups"]
    assert created.table_status == "ACTIVE"
    table = client.describe_table(TableName=name)["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["DeletionProtectionEnabled"] is True
    assert client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == [{"Key": "team", "Value": "books"}]
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "Expires"}
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    projections = {one["IndexName"]: one["Projection"] for one in table["GlobalSecondaryIndexes"]}
    assert projections == {
        "by-color": {"ProjectionType": "ALL"},
        "by-size": {"ProjectionType": "KEYS_ONLY"},  # the color is in it as the table's key
    }
    (local,) = table["LocalSecondaryIndexes"]
    assert local["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert [part["AttributeName"] for part in local["KeySchema"]] == ["id", "size"]


def test_creating_without_waiting_leaves_the_rest_to_an_update(quick):
    thing = define(**ON_DEMAND, ttl="expires")
    with changes() as sent:
        thing.Table.create_table(wait=False)
    assert sent == ["CreateTable"]
    assert thing.Table.update_table() == 1
    assert thing.Table.plan() == ()


def test_the_former_name_of_creating_is_deprecated(quick):
    thing = define(**ON_DEMAND)
    with pytest.warns(DeprecationWarning, match=r"Table\.create_table\(\)") as caught:
        created = thing.Table.create()
    assert created.name == thing.Table.full_name
    assert [one.filename for one in caught if one.category is DeprecationWarning] == [__file__]


def test_a_table_that_is_there_is_not_created_again(quick):
    thing = define(**ON_DEMAND)
    thing.Table.create_table()
    with pytest.raises(TableExists, match=r"CreateTable on table .* There is a table of that name: update_table\(\)"):
        thing.Table.create_table()


@pytest.mark.parametrize("verb", ["plan", "update_table", "validate"])
def test_a_table_that_is_not_there_has_no_plan(quick, verb):
    with pytest.raises(TableNotFound, match="DescribeTable on table"):
        getattr(define(**ON_DEMAND).Table, verb)()


def test_deleting_waits_until_the_table_is_gone(quick):
    thing = define(**ON_DEMAND)
    thing.Table.create_table()
    assert thing.Table.delete() is True
    assert not thing.Table.exists
    with pytest.raises(TableNotFound):
        thing.Table.delete()


def there(connection, name):
    yield Now()
    return True


def test_waiting_ends_with_what_the_table_is(quick, monkeypatch):
    thing = define(**ON_DEMAND)
    thing.Table.create_table()
    # no engine here stays busy for long
    monkeypatch.setattr(applying, "is_there", there)
    monkeypatch.setattr(drivers, "time", Clock())
    with pytest.raises(TableNotActive, match=r"table .*things is still there, after 0 seconds; the next run goes on"):
        thing.Table.delete(timeout=0.2)


def test_a_table_lives_and_dies(dynamo_local, dynamo_tables):
    class Short(DynaModel):
        class Table:
            name = "short-lived"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"
            stream = "NEW_IMAGE"

        class Schema:
            id = fields.String()

    created = Short.Table.create_table()
    assert created.table_status == "ACTIVE"
    assert created.name == Short.Table.full_name == dynamo_tables.prefix + "short-lived"
    assert Short.Table.exists
    assert Short.Table.delete() is True
    assert not Short.Table.exists


# Updating.


def there_is(*indexes, **table):
    """Create a table, and let no model of this program have it."""
    thing = define(*indexes, **table)
    thing.Table.create_table()
    thing.Table.name = "no table"


def test_dangerous_steps_are_logged_before_they_are_taken(quick, caplog):
    there_is(index(), **ON_DEMAND, stream="NEW_IMAGE")
    table = define(**ON_DEMAND).Table
    with caplog.at_level(logging.WARNING, "dynamorm.table"):
        assert table.update_table() == 2
    assert [record.getMessage() for record in caplog.records] == [
        f"table {table.full_name}: index by-color: (color S; all attributes) -> none; removed, because it is not "
        "declared: queries on it fail, and having it again takes a backfill",
        f"table {table.full_name}: stream: NEW_IMAGE -> none; switched off, because it is not declared: it gets no "
        "more records, and those it has are gone in 24 hours",
    ]


def test_a_refused_step_keeps_every_other_from_being_taken(quick):
    there_is(index(), **PROVISIONED)
    thing = define(index(range_key="size"), read=9, write=9)
    with changes() as sent, pytest.raises(TableMismatch, match="allow_rebuild=True") as caught:
        thing.Table.update_table()
    assert sent == []
    assert [step.what for step in caught.value.differences] == ["index by-color"]
    assert thing.Table.update_table(allow_rebuild=True) == 3


def test_an_index_that_another_model_of_the_table_declares_is_kept(quick):
    one = define(index(), **ON_DEMAND, name="One")
    one.Table.create_table()
    two = define(index("by-size", "size"), **ON_DEMAND, name="Two")
    with pytest.raises(TableMismatch, match=r"index by-color: .*\n +One\.ByByColor declares it on the same table\."):
        two.Table.update_table()
    both = define(index(), index("by-size", "size"), **ON_DEMAND, name="Both")
    assert both.Table.update_table() == 1


@pytest.mark.parametrize("way", ["allow_removal", "a class that is collected"])
def test_an_index_that_a_former_model_declares_is_removed_where_that_is_allowed(quick, way):
    def former():
        define(**ON_DEMAND, name="V1").Table.create_table()
        second = define(index(), index("by-size", "size"), **ON_DEMAND, name="V2")
        assert second.Table.update_table() == 2
        return second

    second = former()
    third = define(index("by-size", "size"), **ON_DEMAND, name="V3")
    with pytest.raises(TableMismatch, match="allow_removal=True, or delete the class"):
        third.Table.update_table()
    if way == "allow_removal":
        assert third.Table.plan(allow_removal=True).refusals == ()
        assert third.Table.update_table(allow_removal=True) == 1
    else:
        del second
        gc.collect()
        assert third.Table.update_table() == 1
    assert third.Table.update_table() == 0


@pytest.mark.usefixtures("quick")
def test_an_index_of_a_table_elsewhere_or_of_a_class_that_was_defined_anew_is_not_kept():
    former = define(index(), **ON_DEMAND)
    former.Table.create_table()
    elsewhere = define(index(), **ON_DEMAND, resource_kwargs={"use_ssl": False}, name="Elsewhere")
    anew = define(**ON_DEMAND)
    assert former.Table.full_name == elsewhere.Table.full_name == anew.Table.full_name
    assert anew.Table.plan().refusals == ()


@pytest.mark.usefixtures("on_moto")
def test_what_is_not_declared_is_left_alone():
    there_is(
        **PROVISIONED,
        ttl="expires",
        pitr=True,
        sse=True,
        table_class="STANDARD_INFREQUENT_ACCESS",
        tags={"team": "books"},
        deletion_protection=True,
    )
    undeclared = define()
    assert undeclared.Table.plan() == ()
    undeclared.Table.validate(strict=True)


ON_MOTO = [
    ({"pitr": True}, {"pitr": False}, ["pitr: on -> off"]),
    ({}, {"pitr": True}, ["pitr: off -> on"]),
    ({"stream": "NEW_IMAGE"}, {}, ["stream: NEW_IMAGE -> none"]),
    ({"ttl": "expires"}, {"ttl": "size"}, ["ttl: Expires -> none", "ttl: none -> size"]),
    ({"deletion_protection": True}, {"deletion_protection": False}, ["deletion protection: on -> off"]),
]


@pytest.mark.parametrize(("before", "after", "steps"), ON_MOTO)
def test_on_an_engine_that_knows_more_it_is_changed_too(on_moto, before, after, steps):
    there_is(**PROVISIONED, **before)
    table = define(**PROVISIONED, **after).Table
    plan = table.plan()
    assert [step.change for step in plan] == steps
    with changes() as sent:
        assert table.update_table() == len(plan) == len(sent) > 0
    assert table.plan() == ()


def test_the_throughput_of_an_index_is_changed_by_itself(on_moto):
    client, name = on_moto
    there_is(index(), index("by-size", "size"), **PROVISIONED)
    table = define(index(), index("by-size", "size", read=5), **PROVISIONED).Table
    assert [step.what for step in table.plan()] == ["throughput of index by-size"]
    assert table.update_table() == 1
    units = {
        one["IndexName"]: one["ProvisionedThroughput"]["ReadCapacityUnits"]
        for one in client.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]
    }
    assert units == {"by-color": 1, "by-size": 5}


def test_a_change_that_an_engine_takes_and_does_not_make_is_told(quick, monkeypatch):
    # dynoxide takes another throughput for an index, and goes on describing the former
    monkeypatch.setattr(applying, "STALE_FOR", 0.2)
    there_is(index(), **PROVISIONED)
    table = define(index(read=9), **PROVISIONED).Table
    with pytest.raises(TableNotActive, match=r"took the change of throughput of index by-color: .* as before"):
        table.update_table()


@pytest.mark.usefixtures("on_moto")
def test_a_table_that_is_active_and_yet_refuses_as_busy_is_told(monkeypatch):
    # moto's server never gives a table a second stream
    monkeypatch.setattr(applying, "BUSY_FOR", 0.2)
    there_is(**PROVISIONED, stream="NEW_IMAGE")
    table = define(**PROVISIONED, stream="OLD_IMAGE").Table
    with pytest.raises(TableNotActive, match=r"UpdateTable on table .*: ResourceInUseException: Cannot enable stream"):
        table.update_table()
    assert [step.change for step in table.plan()] == ["stream: none -> OLD_IMAGE"]


# Comparing.


def test_additional_indexes_wider_projections_and_streams_are_no_mismatch_unless_strict(quick):
    there_is(
        index(),
        index("by-size", "size"),
        index("keys", "id", ProjectAll(), LocalIndex, range_key="size"),
        index("more", "id", ProjectAll(), LocalIndex, range_key="expires"),
        **ON_DEMAND,
        range_key="color",
        stream="NEW_IMAGE",
    )
    table = define(
        index(projection=ProjectInclude("size")),
        index("keys", "id", ProjectKeys(), LocalIndex, range_key="size"),
        **ON_DEMAND,
        range_key="color",
    ).Table
    table.validate()
    with pytest.raises(TableMismatch) as caught:
        table.validate(strict=True)
    assert [step.what for step in caught.value.differences] == [
        "local index keys",
        "local index more",
        "index by-color",
        "index by-size",
        "index by-color",
        "stream",
    ]


def test_a_mismatch_lists_every_difference(quick):
    there_is(index(projection=ProjectKeys()), **PROVISIONED)
    table = define(index(), index("by-size", "size"), read=9, write=9, stream="NEW_IMAGE").Table
    with pytest.raises(TableMismatch) as caught:
        table.validate()
    assert str(caught.value) == (
        f"table {table.full_name} is not as Thing.Table declares it:\n"
        "index by-color: (color S; keys only) -> none\n"
        "throughput: 3 read, 4 write -> 9 read, 9 write\n"
        "index by-color: none -> (color S; all attributes) with 1 read, 1 write\n"
        "index by-size: none -> (size N; all attributes) with 1 read, 1 write\n"
        "stream: none -> NEW_IMAGE\n"
        "plan() says what update_table() would do about it"
    )
    assert [step.what for step in caught.value.differences][:2] == ["index by-color", "throughput"]


# Killed between two steps.

KILLED = """
    import os, signal, sys
    import dynamorm
    from dynamorm import DynaModel, GlobalIndex, ProjectAll
    from dynamorm.signals import post_request
    from marshmallow import fields

    dynamorm.configure(endpoint_url=sys.argv[1], table_prefix=sys.argv[2], region_name="us-east-1",
                       aws_access_key_id="local", aws_secret_access_key="local")
    left = int(sys.argv[3])

    class Thing(DynaModel):
        class Table:
            name = "things"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"
            stream = "KEYS_ONLY"
            ttl = "expires"
            tags = {"team": "books"}
            table_class = "STANDARD_INFREQUENT_ACCESS"
            deletion_protection = True
        class ByColor(GlobalIndex):
            name = "by-color"
            hash_key = "color"
            range_key = "size"
            projection = ProjectAll()
        class BySize(GlobalIndex):
            name = "by-size"
            hash_key = "size"
            projection = ProjectAll()
        class Schema:
            id = fields.String()
            color = fields.String()
            size = fields.Integer()
            expires = fields.Integer()

    def kill(sender, request, **facts):
        global left
        if request.operation[:8] != "Describe" and request.operation[:4] != "List":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    post_request.connect(kill)
    print(getattr(Thing.Table, sys.argv[4])(**eval(sys.argv[5])))
"""


def run_killed(engine, prefix, after, verb="update_table", arguments="dict(allow_rebuild=True)"):
    program = [sys.executable, "-c", textwrap.dedent(KILLED), engine.endpoint_url, prefix, str(after), verb, arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(program, capture_output=True, text=True, env=environment, timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("steps", range(1, 10))
def test_a_run_that_was_killed_after_any_step_is_finished_by_the_next(steps, dynamo_local):
    with tables_of_our_own(dynamo_local) as (_client, prefix):
        there_is(index(), index("gone", "size"), **PROVISIONED, stream="NEW_IMAGE")
        killed = run_killed(dynamo_local, prefix, steps)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        finished = run_killed(dynamo_local, prefix, 0)
        assert finished.stdout.strip() == str(11 - steps), finished.stderr
        assert run_killed(dynamo_local, prefix, 0, "plan", "{}").stdout.strip() == "nothing to do"


def test_a_creation_that_was_killed_half_way_is_finished_by_an_update(dynamo_local):
    with tables_of_our_own(dynamo_local) as (_client, prefix):
        killed = run_killed(dynamo_local, prefix, 1, "create_table", "{}")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert run_killed(dynamo_local, prefix, 0).stdout.strip() == "1"
        assert run_killed(dynamo_local, prefix, 0, "plan", "{}").stdout.strip() == "nothing to do"


# Many tables.


def test_missing_tables_are_created_together_and_the_others_compared(quick):
    one = define(**ON_DEMAND, ttl="expires", name="One")
    two = define(index(), **ON_DEMAND, name="Two")
    two.Table.name = "other-things"
    three = define(**ON_DEMAND, name="Three")
    three.Table.name = "third-things"
    three.Table.create_table()
    with changes() as sent:
        dynamorm.create_tables(one, two, three)
    assert sent == ["CreateTable", "CreateTable", "UpdateTimeToLive"]
    for model in (one, two, three):
        assert model.Table.plan() == ()
    with changes() as sent:
        dynamorm.create_tables(one, two, three)
    assert sent == []
    changed = define(**ON_DEMAND, stream="NEW_IMAGE", name="Changed")
    with pytest.raises(TableMismatch, match=r"Changed\.Table declares it:\nstream: none -> NEW_IMAGE"):
        dynamorm.create_tables(changed)


def test_models_that_share_a_table_create_it_once(quick):
    parent = define(**ON_DEMAND, name="Parent")
    child = type(DynaModel)("Child", (parent,), {})
    twin = define(**ON_DEMAND, name="Twin")
    with changes() as sent:
        dynamorm.create_tables(parent, child, twin)
    assert sent == ["CreateTable"]


def test_nothing_is_created_when_one_of_the_models_cannot_be(quick):
    one = define(**ON_DEMAND, name="One")
    two = define(name="Two")
    two.Table.name = "other-things"
    with changes() as sent, pytest.raises(MissingTableAttribute, match=r"Two\.Table has no read"):
        dynamorm.create_tables(one, two)
    assert sent == []


@pytest.mark.slow
def test_without_arguments_all_models_that_are_defined_get_their_tables(dynamo_local):
    # the second definition replaces the first, whose table would be another
    anew = "class Thing(Thing):\n    class Table(Thing.Table):\n        stream = None\n\n"
    program = textwrap.dedent(KILLED).replace("print(", f"{anew}dynamorm.create_tables()\nprint(")
    with tables_of_our_own(dynamo_local) as (client, prefix):
        arguments = [dynamo_local.endpoint_url, prefix, "0", "plan", "{}"]
        ran = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=60,
        )
        assert ran.stdout.strip() == "nothing to do", ran.stderr
        assert client.describe_table(TableName=prefix + "things")["Table"]["TableStatus"] == "ACTIVE"

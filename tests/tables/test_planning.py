"""Planning as a pure function: whatever is declared and whatever is there, the steps lead from one to the other."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamorm.requests.tables import build_after_creation, build_create_table
from dynamorm.spec import IndexSpec, KeySpec, TableSpec
from dynamorm.tables.planning import compare, plan_changes

from ..specs import single_key
from ..traffic import assert_valid
from .simulated import SimulatedTable

KEY = single_key("id", "S", "rank", "N")
TYPES = {"id": "S", "rank": "N", "a": "S", "b": "N", "c": "B", "d": "S"}
LOCAL = IndexSpec("local", single_key("id", "S", "b", "N"), is_global=False, included=("x",))
KMS = "arn:aws:kms:us-east-1:000000000000:key/"


def key(names, hashes):
    """Return the key of so many hash attributes, the other names being range attributes."""
    typed = tuple((name, TYPES[name]) for name in names)
    return KeySpec(typed[:hashes], typed[hashes:])


units = st.integers(1, 3)
keys = (
    st.lists(st.sampled_from(["a", "b", "c", "d", "id"]), min_size=1, max_size=5, unique=True)
    .flatmap(lambda names: st.tuples(st.just(names), st.integers(max(1, len(names) - 4), min(4, len(names)))))
    .map(lambda drawn: key(*drawn))
)
projections = st.none() | st.sets(st.sampled_from("xyz")).map(lambda names: tuple(names))
indexes = st.lists(st.sampled_from(["one", "two", "three"]), unique=True).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                lambda name, key_, included, read, write: IndexSpec(name, key_, True, included, read, write),
                st.just(name),
                keys,
                projections,
                units,
                units,
            )
            for name in names
        )
    )
)
switches = st.sampled_from([None, True, False])
tags = st.dictionaries(st.sampled_from("kl"), st.sampled_from("vw")).map(lambda tags: tuple(sorted(tags.items())))
specs = st.builds(
    lambda indexes, encryption, **rest: TableSpec(
        name="things", key=KEY, indexes=(LOCAL, *indexes), sse=encryption[0], kms_key=encryption[1], **rest
    ),
    indexes=indexes,
    encryption=st.sampled_from([(None, None), (True, None), (False, None), (True, "k1"), (True, KMS + "k2")]),
    read=units,
    write=units,
    on_demand=st.booleans(),
    stream=st.sampled_from([None, "NEW_IMAGE", "KEYS_ONLY"]),
    ttl=st.sampled_from([None, False, "expires", "purged"]),
    pitr=switches,
    table_class=st.sampled_from([None, "STANDARD", "STANDARD_INFREQUENT_ACCESS"]),
    tags=tags,
    deletion_protection=switches,
)
some_undeclared = specs.flatmap(
    lambda spec: st.sampled_from([spec, spec.replace(on_demand=None, read=None, write=None)])
)


def created(spec):
    table = SimulatedTable(build_create_table(spec))
    for request in build_after_creation(spec):
        table.take(request)
    return table


@given(specs, some_undeclared)
def test_the_steps_of_a_plan_lead_to_what_is_declared(live, declared):
    table = created(live)
    plan = plan_changes(declared, table.describe(), allow_rebuild=True)
    assert not plan.refusals
    for number, step in enumerate(plan):
        assert_valid(step.request)
        table.take(step.request)
        rest = plan_changes(declared, table.describe(), allow_rebuild=True)
        assert [one.change for one in rest] == [one.change for one in plan[number + 1 :]]
        assert [one.request for one in rest] == [one.request for one in plan[number + 1 :]]
    assert compare(declared, table.describe()) == ()


@given(specs)
def test_what_was_created_as_declared_needs_no_step(spec):
    assert compare(spec, created(spec).describe()) == ()


@given(specs, specs)
def test_what_is_reached_is_like_what_is_created(live, declared):
    table = created(live)
    for step in plan_changes(declared, table.describe(), allow_rebuild=True):
        table.take(step.request)
    reached, fresh = table.describe(), created(declared).describe()
    left_alone = {
        "tags": reached.tags,
        **({"ttl": reached.ttl, "ttl_status": reached.ttl_status} if declared.ttl is None else {}),
        **({"pitr": reached.pitr} if declared.pitr is None else {}),
        **({"sse": reached.sse} if declared.sse is None else {}),
        **({"kms_key": reached.kms_key} if declared.kms_key is None else {}),
        **({"table_class": reached.table_class} if declared.table_class is None else {}),
        **({"deletion_protection": reached.deletion_protection} if declared.deletion_protection is None else {}),
    }
    assert reached.tags == {**dict(live.tags), **dict(declared.tags)}
    assert by_name(reached) == by_name(fresh.replace(**left_alone))


def by_name(live):
    return live.replace(indexes=tuple(sorted(live.indexes, key=lambda index: index.name)))


@given(specs, some_undeclared)
def test_without_leave_to_rebuild_only_rebuilding_is_refused(live, declared):
    described = created(live).describe()
    plan = plan_changes(declared, described)
    allowed = plan_changes(declared, described, allow_rebuild=True)
    assert [step.change for step in plan] == [step.change for step in allowed]
    there = {index.name for index in live.indexes}
    rebuilt = {step.what for step in plan if step.before is None and step.what.removeprefix("index ") in there}
    assert {step.what for step in plan.refusals} == {what for what in rebuilt if what.startswith("index ")}


@given(specs, some_undeclared)
def test_plans_are_values_that_print_pickle_and_go_into_json(live, declared):
    plan = plan_changes(declared, created(live).describe())
    again = pickle.loads(pickle.dumps(plan))
    assert again == plan
    assert type(again) is type(plan)
    assert str(again) == str(plan)
    listed = json.loads(json.dumps([step.as_dict() for step in plan]))
    assert [one["what"] for one in listed] == [step.what for step in plan]
    for step in plan:
        assert step.change in str(plan).replace("\n   ", "\n")
        assert step.danger in str(plan)


@given(specs)
def test_planning_changes_nothing_that_it_was_given(spec):
    described = created(spec).describe()
    before = repr((spec, described))
    plan_changes(spec, described)
    assert repr((spec, described)) == before


@pytest.mark.parametrize("read", [None, 0])
def test_throughput_that_an_engine_does_not_tell_is_not_compared(read):
    index = IndexSpec("one", single_key("a", "S"), True, None, 5, 5)
    spec = TableSpec("things", KEY, 1, 1, indexes=(index,))
    table = created(spec)
    table.indexes[0]["ProvisionedThroughput"] = {"ReadCapacityUnits": read, "WriteCapacityUnits": read}
    assert plan_changes(spec, table.describe()) == ()


def test_half_a_throughput_is_compared_by_half_and_sent_whole():
    table = created(TableSpec("things", KEY, 2, 3))
    assert plan_changes(TableSpec("things", KEY, read=2), table.describe()) == ()
    (step,) = plan_changes(TableSpec("things", KEY, read=5), table.describe())
    assert step.request.payload["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 3}


def test_an_index_that_is_being_deleted_counts_as_gone():
    index = IndexSpec("one", single_key("a", "S"), True, None, 5, 5)
    spec = TableSpec("things", KEY, 1, 1, indexes=(index,))
    table = created(spec)
    table.indexes[0]["IndexStatus"] = "DELETING"
    assert [step.change for step in plan_changes(spec, table.describe())] == [
        "index one: none -> (a S; all attributes) with 5 read, 5 write"
    ]


def test_an_attribute_may_change_its_type_where_no_index_that_stays_has_it():
    before = IndexSpec("one", single_key("a", "S"), True, None, 5, 5)
    other = IndexSpec("two", single_key("b", "N", "a", "S"), True, None, 5, 5)
    table = created(TableSpec("things", KEY, 1, 1, indexes=(before, other)))
    declared = TableSpec(
        "things",
        KEY,
        1,
        1,
        indexes=(
            IndexSpec("one", single_key("a", "N"), True, None, 5, 5),
            IndexSpec("two", single_key("b", "N", "a", "N"), True, None, 5, 5),
        ),
    )
    plan = plan_changes(declared, table.describe(), allow_rebuild=True)
    for step in plan:
        table.take(step.request)
    assert [step.what for step in plan] == ["index one", "index two", "index one", "index two"]
    assert plan_changes(declared, table.describe()) == ()

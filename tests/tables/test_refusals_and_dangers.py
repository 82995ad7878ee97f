"""What is refused says the way out, and what may lose something says so before it is done."""

from __future__ import annotations

import pickle

import pytest

from dynamorm.exceptions import TableMismatch
from dynamorm.requests.tables import build_create_table, build_ttl
from dynamorm.spec import IndexSpec, TableSpec
from dynamorm.tables.planning import plan_changes

from ..specs import single_key
from .simulated import SimulatedTable

KEY = single_key("id", "S")
INDEX = IndexSpec("by-color", single_key("color", "S"), True, ("note",), 2, 2)
LOCAL = IndexSpec("local", single_key("id", "S", "size", "N"), False, ("note",))
BASE = TableSpec("things", single_key("id", "S", "rank", "N"), 3, 4)


def declared(**changes):
    return BASE.replace(**changes)


def live(spec, *requests):
    table = SimulatedTable(build_create_table(spec))
    for request in requests:
        table.take(request)
    return table.describe()


ON_A_TABLE_THAT_EXISTS = (
    "DynamoDB cannot change it on a table that exists. Declare it as it is, or declare another name for the table, "
    "create it, and copy the items"
)


@pytest.mark.parametrize(
    ("before", "after", "change", "refusal"),
    [
        (
            BASE,
            declared(key=single_key("id", "S")),
            "key of the table: id S, rank N -> id S",
            ON_A_TABLE_THAT_EXISTS,
        ),
        (
            BASE,
            declared(key=single_key("id", "S", "rank", "S")),
            "type of the table's key: id S, rank N -> id S, rank S",
            ON_A_TABLE_THAT_EXISTS,
        ),
        (
            BASE,
            declared(indexes=(LOCAL,)),
            "local index local: none -> (id S, size N; keys and note)",
            "DynamoDB adds local indexes to no table that exists. Declare a GlobalIndex with the same keys, or declare "
            "another name for the table, create it, and copy the items",
        ),
        (
            declared(indexes=(LOCAL,)),
            declared(indexes=(LOCAL.replace(included=None),)),
            "local index local: (id S, size N; keys and note) -> (id S, size N; all attributes)",
            ON_A_TABLE_THAT_EXISTS,
        ),
        (
            declared(indexes=(LOCAL,)),
            declared(indexes=(LOCAL.replace(key=single_key("id", "S", "age", "N")),)),
            "local index local: (id S, size N; keys and note) -> (id S, age N; keys and note)",
            ON_A_TABLE_THAT_EXISTS,
        ),
        (
            declared(indexes=(INDEX,)),
            declared(indexes=(INDEX.replace(key=single_key("size", "N")),)),
            "index by-color: (color S; keys and note) -> none",
            "a changed key takes removing and adding the index again. Allow it with allow_rebuild=True, or declare the "
            "changed index under another name, beside this one, and let this one go later",
        ),
        (
            declared(indexes=(INDEX,)),
            declared(indexes=(INDEX.replace(included=None),)),
            "index by-color: (color S; keys and note) -> none",
            "a changed projection takes removing and adding the index again. Allow it with allow_rebuild=True, or "
            "declare the changed index under another name, beside this one, and let this one go later",
        ),
        (
            declared(indexes=(LOCAL,)),
            declared(indexes=(LOCAL, INDEX.replace(key=single_key("size", "S")))),
            "index by-color: none -> (size S; keys and note) with 2 read, 2 write",
            "size would be a key of type S, and is one of type N in index local; DynamoDB wants one type for an "
            "attribute. Declare a field of that type",
        ),
        (
            BASE,
            declared(indexes=(INDEX.replace(read=None),)),
            "index by-color: none -> (color S; keys and note)",
            "index by-color declares no read, which it needs while the table is provisioned: declare it, or make the "
            'table on demand with billing_mode = "PAY_PER_REQUEST"',
        ),
        (
            declared(on_demand=True, indexes=(INDEX,)),
            declared(read=None, write=None, indexes=(INDEX.replace(write=None),)),
            "billing mode: PAY_PER_REQUEST -> PROVISIONED",
            "the table declares no read and write, which it needs while the table is provisioned: declare it, or make "
            'the table on demand with billing_mode = "PAY_PER_REQUEST"; index by-color declares no write, which it '
            "needs while the table is provisioned: declare it, or make the table on demand with billing_mode = "
            '"PAY_PER_REQUEST"',
        ),
    ],
)
def test_what_dynamodb_cannot_do_is_refused_with_the_way_out(before, after, change, refusal):
    (step,) = plan_changes(after, live(before)).refusals
    assert step.change == change
    assert step.refused == refusal


def test_an_index_that_another_model_declares_is_not_removed():
    plan = plan_changes(BASE, live(declared(indexes=(INDEX,))), elsewhere={"by-color": "Other.ByColor"})
    (step,) = plan.refusals
    assert step.refused == (
        "Other.ByColor declares it on the same table. Declare it here too, or let both models have the same Table. If "
        "that model is out of use, allow it with allow_removal=True, or delete the class: one that was collected does "
        "not count"
    )
    allowed = {"allow_removal": True, "elsewhere": {"by-color": "Other.ByColor"}}
    assert plan_changes(BASE, live(declared(indexes=(INDEX,))), **allowed).refusals == ()


TTL = build_ttl("things", "expires", True)


@pytest.mark.parametrize(
    ("before", "after", "change", "danger"),
    [
        (
            live(declared(indexes=(INDEX,))),
            BASE,
            "index by-color: (color S; keys and note) -> none",
            "removed, because it is not declared: queries on it fail, and having it again takes a backfill",
        ),
        (
            live(declared(indexes=(INDEX,))),
            declared(indexes=(INDEX.replace(key=single_key("size", "N")),)),
            "index by-color: (color S; keys and note) -> none",
            "removed to be added again with another key: queries on it fail until the backfill is done",
        ),
        (
            live(declared(indexes=(INDEX,))),
            declared(indexes=(INDEX.replace(included=()),)),
            "index by-color: (color S; keys and note) -> none",
            "removed to be added again with another projection: queries on it fail until the backfill is done",
        ),
        (
            live(declared(on_demand=True)),
            BASE,
            "billing mode: PAY_PER_REQUEST -> PROVISIONED with 3 read, 4 write",
            "requests beyond what is provisioned are throttled",
        ),
        (
            live(declared(stream="NEW_IMAGE")),
            BASE,
            "stream: NEW_IMAGE -> none",
            "switched off, because it is not declared: it gets no more records, and those it has are gone in 24 hours",
        ),
        (
            live(declared(stream="NEW_IMAGE")),
            declared(stream="KEYS_ONLY"),
            "stream: NEW_IMAGE -> none",
            "switched off, because its kind changes: it gets no more records, and those it has are gone in 24 hours",
        ),
        (live(BASE, TTL), declared(ttl=False), "ttl: expires -> none", "items no longer expire by expires"),
        (
            live(BASE),
            declared(ttl="expires"),
            "ttl: none -> expires",
            "items whose expires lies in the past are deleted",
        ),
        (
            live(BASE).replace(pitr=True),
            declared(pitr=False),
            "pitr: on -> off",
            "the table can no longer be restored to any moment of the past",
        ),
        (
            live(BASE),
            declared(sse=True, kms_key="k1"),
            "sse: key of DynamoDB -> KMS key k1",
            "who may not use that key can no longer read the table",
        ),
        (
            live(declared(deletion_protection=True)),
            declared(deletion_protection=False),
            "deletion protection: on -> off",
            "from then on the table can be deleted",
        ),
    ],
)
def test_what_may_lose_something_is_marked(before, after, change, danger):
    (step,) = plan_changes(after, before, allow_rebuild=True).dangers
    assert step.change == change
    assert step.danger == danger


@pytest.mark.parametrize(
    ("before", "after", "change", "cost"),
    [
        (BASE, declared(read=1, write=9), "throughput: 3 read, 4 write -> 1 read, 9 write", "more is paid for, one of"),
        (BASE, declared(on_demand=True), "billing mode: PROVISIONED with 3 read, 4 write -> PAY", "every request is"),
        (BASE, declared(pitr=True), "pitr: off -> on", "paid for by the size of the table"),
        (BASE, declared(sse=True), "sse: key of DynamoDB -> KMS key of the account", "requests to KMS are paid for"),
        (BASE, declared(table_class="STANDARD_INFREQUENT_ACCESS"), "table class: STANDARD ->", "possible twice in 30"),
        (BASE, declared(stream="NEW_IMAGE"), "stream: none -> NEW_IMAGE", "reads of the stream are paid for"),
        (BASE, declared(tags=(("a", "b"),)), "tags: none -> a=b", ""),
        (BASE, declared(deletion_protection=True), "deletion protection: off -> on", ""),
        (
            BASE,
            declared(indexes=(INDEX,)),
            "index by-color: none ->",
            "a backfill from 5 items (500 bytes), in minutes",
        ),
    ],
)
def test_every_other_step_says_what_it_costs_and_is_no_danger(before, after, change, cost):
    plan = plan_changes(after, live(before))
    (step,) = plan
    assert change in step.change
    assert cost in step.cost
    assert plan.dangers == plan.refusals == ()


def test_a_plan_prints_each_step_with_its_cost_danger_and_refusal():
    wider = INDEX.replace(included=None)
    plan = plan_changes(declared(indexes=(wider,), read=9), live(declared(indexes=(INDEX,))))
    assert str(plan) == (
        "1. index by-color: (color S; keys and note) -> none\n"
        "     danger: removed to be added again with another projection: queries on it fail until the backfill is "
        "done\n"
        "     refused: a changed projection takes removing and adding the index again. Allow it with "
        "allow_rebuild=True, or declare the changed index under another name, beside this one, and let this one go "
        "later\n"
        "2. throughput: 3 read, 4 write -> 9 read, 4 write\n"
        "     cost: more is paid for\n"
        "3. index by-color: none -> (color S; all attributes) with 2 read, 2 write\n"
        "     cost: a backfill from 5 items (500 bytes), in minutes or hours, and then a write to the index for each "
        "write to the table"
    )
    assert str(plan_changes(BASE, live(BASE))) == "nothing to do"


def test_a_mismatch_can_be_pickled_with_its_differences():
    steps = tuple(plan_changes(declared(read=9), live(BASE)))
    error = pickle.loads(pickle.dumps(TableMismatch("not the same", steps)))
    assert (str(error), error.differences) == ("not the same", steps)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (12_345, "12 KB"), (5_000_000_000, "5 GB"), (5 * 10**16, "50,000 TB")],
)
def test_sizes_are_told_in_units_that_people_read(size, text):
    before = live(BASE).replace(size=size, items=1234567)
    (step,) = plan_changes(declared(indexes=(INDEX,)), before)
    assert f"a backfill from 1,234,567 items ({text})" in step.cost

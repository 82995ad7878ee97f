"""Any sequence of moves of accounts: nothing is taken twice, shown when it is expired, or left in an old form."""

from __future__ import annotations

import collections
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from ..libraries import Library
from ..profiles import LONG, examples
from .accounts import Program, account_model
from .looks import Looks
from .plain_accounts import CURRENT, UNIQUE, Fields


class Way(NamedTuple):
    """Which programs write to a table, and what no two items of it may share."""

    written: tuple[int, ...]
    unique: tuple[Fields, ...] = UNIQUE


BANKS = {
    "unique": Way((CURRENT,)),
    "while a release is rolled out": Way((CURRENT, 1, 2)),
    "without anything unique": Way((CURRENT, 1), ()),
}


# what has to have happened in the long form, so that it says something
REFUSALS = {
    *("ConditionFailed", "DoesNotExist", "HashKeyExists", "IncompleteKey", "PartialInstance"),
    *("TransactionCanceled", "ValidationError"),
}
MADE = {
    *("put", "put_unique", "create", "get_or_create", "put_batch", "BatchWriter", "delete_batch", "delete_item"),
    *("update_item", "update_item with given", "patch with given", "upsert", "boto3 beside", "change_key", "save"),
    *("partial save", "update", "atomic save", "transaction", "transaction that passes on", "query().update()"),
    *("query().update() of an index", "query().delete()", "get_batch", "scan", "query", "query of an index"),
    *("put of version 1", "put of version 2", "time passes", "others write meanwhile"),
}


def programs_of(library: Library, bank: Way) -> tuple[Program, ...]:
    words = {} if bank.unique else {"unique": None}
    return tuple(Program(account_model(library, version, **words), version) for version in bank.written)


@pytest.mark.slow
@pytest.mark.parametrize("name", BANKS)
def test_whatever_is_written_to_accounts(library, name, dynamo_tables):
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    programs = programs_of(library, BANKS[name])
    dynamo_tables(*(program.model for program in programs))
    machine = type("Machine", (Looks,), {"programs": programs, "unique": BANKS[name].unique, "counts": counts})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples(quick=6, long=300), stateful_step_count=60, report_multiple_bugs=False),
    )
    print_counts(counts)
    if settings.default.max_examples >= LONG:
        refusals = REFUSALS | ({"UniqueViolation"} if BANKS[name].unique else set())
        assert sorted(refusals - {outcome for _, outcome in counts}) == []
        assert sorted(move for move in MADE if not counts[move, "made"]) == []


def print_counts(counts):
    for move in sorted({move for move, _ in counts}):
        outcomes = {outcome: number for (one, outcome), number in sorted(counts.items()) if one == move}
        print(f"{move:<45} {', '.join(f'{outcome} {number}' for outcome, number in outcomes.items())}")

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


class Moves(Looks):
    pass


class Way(NamedTuple):
    """Which programs write to a table, and what no two items of it may share."""

    written: tuple[int, ...]
    unique: tuple[Fields, ...] = UNIQUE


BANKS = {
    "unique": Way((CURRENT,)),
    "while a release is rolled out": Way((CURRENT, 1, 2)),
    "without anything unique": Way((CURRENT, 1), ()),
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
    machine = type("Machine", (Moves,), {"programs": programs, "unique": BANKS[name].unique, "counts": counts})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples(quick=8, long=300), stateful_step_count=60, report_multiple_bugs=False),
    )
    print_counts(counts)
    if settings.default.max_examples >= LONG:
        pass


def print_counts(counts):
    for move in sorted({move for move, _ in counts}):
        outcomes = {outcome: number for (one, outcome), number in sorted(counts.items()) if one == move}
        print(f"{move:<45} {', '.join(f'{outcome} {number}' for outcome, number in outcomes.items())}")

"""Any sequence of moves in a shop whose keys are made of parts: no key is ever other than its item's fields say."""

from __future__ import annotations

import collections

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from ..profiles import LONG, examples
from . import drawn
from .moves_of_queries import MovesOfQueries
from .moves_together import MovesTogether


class Moves(MovesTogether, MovesOfQueries):
    """Every move there is.

    A run starts with some items, and with two instances of each: what one of them writes, the other has not seen.
    """

    @initialize(several=st.lists(drawn.items(), min_size=3, max_size=5))
    def open(self, several):
        for kind, values in several:
            self.put((kind, values), as_instance=False, unique=False)
            self.get((kind, {name: values[name] for name in kind.parts}), twice=True)


# what has to have happened in the long form, so that it says something
REFUSALS = {
    *("ConditionFailed", "DoesNotExist", "HashKeyExists", "IncompleteKey", "InvalidKey", "NotProjected"),
    *("ObjectsNotFound", "PartialInstance", "PathMissing", "TransactionCanceled", "ValidationError"),
}
MADE = {
    *("put", "put_unique", "create", "get_or_create", "put_batch", "BatchWriter", "delete_batch", "delete_item"),
    *("update_item", "update_item with given", "patch with given", "upsert", "boto3 beside", "transaction"),
    *("save", "partial save", "update", "update by path", "incr + partial save", "incr + sync", "sync", "refresh"),
    *("change_key", "delete", "dynamorm.load", "dynamorm.save", "dynamorm.sync", "query().delete()"),
    *("query().update() of the table", "query().update() of an index", "query().update() of an index of keys"),
    "update over what others changed",
}


@pytest.mark.slow
def test_keys_follow_their_fields_whatever_is_written(shop):
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    by_kind = {"Customer": shop.customer, "order": shop.order, "Line": shop.line}
    machine = type("Machine", (Moves,), {"models": by_kind, "base": shop.base, "counts": counts})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples(quick=8, long=300), stateful_step_count=60, report_multiple_bugs=False),
    )
    print_counts(counts)
    if settings.default.max_examples >= LONG:
        assert sorted(REFUSALS - {outcome for _, outcome in counts}) == []
        assert sorted(move for move in MADE if not counts[move, "made"]) == []


def print_counts(counts):
    for move in sorted({move for move, _ in counts}):
        outcomes = {outcome: number for (one, outcome), number in sorted(counts.items()) if one == move}
        print(f"{move:<45} {', '.join(f'{outcome} {number}' for outcome, number in outcomes.items())}")

"""Reads that are held to a budget."""

from __future__ import annotations

import time

import pytest

from dynamorm import InvalidExpression
from dynamorm.signals import post_request


@pytest.mark.parametrize("parallel", [False, True], ids=["one by one", "parallel"])
def test_rate_limit_holds_reads_to_a_budget(score, parallel):
    read = score.scan().page_size(1).consistent()
    read = read.parallel(2) if parallel else read
    list(read)
    consumed = read.capacity
    assert consumed >= 6
    limited = read.rate_limit(consumed / 0.6)
    begun = time.monotonic()
    assert len(list(limited)) == 12
    seconds = time.monotonic() - begun
    assert 0.4 < seconds < 3
    begun = time.monotonic()
    list(read.rate_limit(1_000_000))
    assert time.monotonic() - begun < 0.4
    for wrong in (0, -1, float("nan")):
        with pytest.raises(InvalidExpression, match="capacity units"):
            read.rate_limit(wrong)


def test_what_hydration_consumes_counts(score):
    plain = score.ByNote.query(note="odd")
    whole = plain.hydrate()
    list(plain)
    list(whole)
    assert whole.capacity > plain.capacity > 0
    consumed = []

    def note(sender, consumed=None, _into=consumed, **rest):
        _into.append(consumed)

    with post_request.connected_to(note, sender=score):
        begun = time.monotonic()
        list(whole.page_size(2).rate_limit(whole.capacity / 0.6))
        assert time.monotonic() - begun > 0.25
    assert all(consumed)

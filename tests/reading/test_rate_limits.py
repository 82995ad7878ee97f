"""Reads that are held to a budget."""

from __future__ import annotations

import pytest

from dynamorm import InvalidExpression, drivers
from dynamorm.signals import post_request

from ..clocks import Clock


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(drivers, "time", made)
    return made


@pytest.mark.parametrize("parallel", [False, True], ids=["one by one", "parallel"])
def test_rate_limit_holds_reads_to_a_budget(score, clock, parallel):
    read = score.scan().page_size(1).consistent()
    read = read.parallel(2) if parallel else read
    list(read)
    consumed = read.capacity
    assert consumed >= 6
    limited = read.rate_limit(consumed / 0.6)
    assert clock.slept == []
    assert len(list(limited)) == 12
    # what the last requests take is paid for by nobody, and threads that sleep at once are added up
    assert sum(clock.slept) > 0.4
    assert parallel or sum(clock.slept) < 0.6
    clock.slept.clear()
    list(read.rate_limit(1_000_000))
    assert sum(clock.slept) < 0.001
    for wrong in (0, -1, float("nan")):
        with pytest.raises(InvalidExpression, match="capacity units"):
            read.rate_limit(wrong)


def test_what_hydration_consumes_counts(score, clock):
    plain = score.ByNote.query(note="odd")
    whole = plain.hydrate()
    list(plain)
    list(whole)
    assert whole.capacity > plain.capacity > 0
    consumed = []

    def note(sender, consumed=None, _into=consumed, **rest):
        _into.append(consumed)

    with post_request.connected_to(note, sender=score):
        list(whole.page_size(2).rate_limit(whole.capacity / 0.6))
    assert 0.25 < sum(clock.slept) < 1
    assert all(consumed)

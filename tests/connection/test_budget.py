"""What one get costs in function calls, which are the same however busy the machine is."""

from __future__ import annotations

import os
import sys

import pytest

import dynamorm

from .conftest import Request, create_table, key

# Calls of Python's functions and of C's, some 15 % above what a get makes.  Whoever needs more of them pays for
# it in every call.
BUDGETS = {
    # everything, the signer and the sockets included
    "direct": (47, 95),
    # what is the project's own: botocore in between makes some hundreds more, which change with its releases
    "default": (43, 101),
}
OWN = os.path.dirname(dynamorm.__file__) + os.sep


def calls_of(function, counts):
    """How many functions one call of ``function`` leads to, in the files that count."""
    seen = {"call": 0, "c_call": 0}

    def note(frame, event, argument):
        if event in seen and counts(frame.f_code.co_filename):
            seen[event] += 1

    for _ in range(20):
        function()
    earlier = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(earlier)
    return seen["call"], seen["c_call"]


@pytest.mark.parametrize("transport", BUDGETS)
def test_a_get_stays_within_its_budget_of_function_calls(transport, opened):
    conn = opened(transport)
    request = Request("GetItem", TableName=create_table(conn), Key=key())

    def counts(name):
        return transport == "direct" or name.startswith(OWN)

    # the second may turn between two calls, and each second has a signature's texts made anew
    calls, c_calls = map(min, zip(*(calls_of(lambda: conn.call(request), counts) for _ in range(3)), strict=True))
    most_calls, most_c_calls = BUDGETS[transport]
    assert calls <= most_calls
    assert c_calls <= most_c_calls

"""What one get costs in function calls, which are the same however busy the machine is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .conftest import create_table, key

# Calls of Python's functions and of C's, some 15 % above what a get makes.  Whoever needs more of them pays for
# it in every call.
BUDGETS = {
    # everything, the signer and the sockets included
    "direct": (40, 87),
    # what is the project's own: botocore in between makes some hundreds more, which change with its releases
    "default": (53, 115),
}

# In a process of its own: what other tests have imported may listen to botocore, and then there is more to ask.
PROGRAM = """
import json, os, sys
import dynamorm
from dynamorm import connection
from dynamorm.requests import build_get

transport, endpoint, table, key = json.loads(sys.argv[1])
own = os.path.dirname(dynamorm.__file__) + os.sep
dynamorm.configure(
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="local",
    aws_secret_access_key="local",
    transport=transport,
)
conn = connection.connection_for()
request = build_get(table, key)

def calls_of_one():
    seen = {"call": 0, "c_call": 0}
    def note(frame, event, argument):
        if event in seen and (transport == "direct" or frame.f_code.co_filename.startswith(own)):
            seen[event] += 1
    sys.setprofile(note)
    try:
        conn.call(request)
    finally:
        sys.setprofile(None)
    return seen["call"], seen["c_call"]

for _ in range(20):
    conn.call(request)
# the second may turn between two calls, and each second has a signature's texts made anew
print(json.dumps([min(counts) for counts in zip(*(calls_of_one() for _ in range(5)))]))
conn.close()
"""


@pytest.mark.parametrize("transport", BUDGETS)
def test_a_get_stays_within_its_budget_of_function_calls(transport, opened):
    conn = opened(transport)
    question = [transport, conn.client.meta.endpoint_url, create_table(conn), key()]
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(question)], capture_output=True, text=True, check=True
    )
    calls, c_calls = json.loads(answer.stdout)
    most_calls, most_c_calls = BUDGETS[transport]
    assert calls <= most_calls
    assert c_calls <= most_c_calls

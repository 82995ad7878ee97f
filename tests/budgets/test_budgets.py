"""What operations cost in function calls, which are the same however busy the machine is.

``budgets.json`` has what each may cost, some 15 % above what it does on Python 3.11: whoever needs more pays for it in
every call, and whoever needs much less lowers the budget.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUDGETS = json.loads((HERE / "budgets.json").read_text())


@pytest.mark.parametrize("library", BUDGETS)
def test_operations_stay_within_their_budgets(library, dynamo_local):
    pytest.importorskip(library)
    command = [sys.executable, "-m", "tests.budgets.counted", library, dynamo_local.endpoint_url]
    done = subprocess.run(command, cwd=HERE.parent.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    assert counted.keys() == BUDGETS[library].keys()
    budgets = BUDGETS[library]
    over = {name: (calls, budgets[name]) for name, calls in counted.items() if calls > budgets[name]}
    assert not over, "calls, and the budget"
    wide = {name: (calls, budgets[name]) for name, calls in counted.items() if calls < budgets[name] / 2}
    assert not wide, "the budget is far too wide: calls, and the budget"

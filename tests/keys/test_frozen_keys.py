"""Keys are written as they were when ``golden/keys.json`` was: other ones would not be found in tables.

Each line of the file is one key: a template, values as Python expressions, and the text.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

from dynamorm.keys.templates import Template

CASES = json.loads((Path(__file__).parent.parent / "golden" / "keys.json").read_text(encoding="utf-8"))
SCOPE = {"Decimal": Decimal, **{name: vars(dt)[name] for name in ("date", "datetime", "time", "timedelta", "timezone")}}


@pytest.mark.parametrize("case", CASES, ids=[f"{place}: {case['template']!r}" for place, case in enumerate(CASES)])
def test_a_key_is_what_it_was(case):
    template = Template.of(case["template"], escape=case.get("escape", True))
    values = {field: eval(expression, SCOPE) for field, expression in case["values"].items()}
    assert template.render(values) == case["text"]
    read = template.read(case["text"])
    assert read is not None and set(read) <= set(values)
    assert template.render({**values, **read}) == case["text"]


def test_the_file_has_keys_with_everything_that_a_template_can_hold():
    sources = "".join(case["template"] for case in CASES)
    for piece in ("!l", "!u", ":d", "012d", "012.2f", *(f"%{letter}" for letter in "YmdjyHIMSf%")):
        assert piece in sources
    assert any(not case.get("escape", True) for case in CASES)
    assert any(not case["values"] for case in CASES)

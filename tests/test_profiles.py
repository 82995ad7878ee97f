"""Property tests draw the same examples every time, or those that follow from a seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

TEST = """
from hypothesis import given, strategies as st
{imports}

drawn = []

@given(st.integers() | st.floats(allow_nan=False) | st.text(max_size=5))
def test_nothing(value):
    drawn.append(value)

def test_tell():
    print(len(drawn), repr(drawn))
"""


@pytest.fixture
def drawn(tmp_path):
    """Return what a property test draws in a pytest of its own."""

    def run(*options: str, imports: str = "", hashes: str = "0", ci: str = "") -> str:
        (tmp_path / "conftest.py").write_text("from tests import profiles")
        (tmp_path / "constants.py").write_text("FOUND = [-31337, 8.125, 'some text of a module']")
        (tmp_path / "test_it.py").write_text(TEST.format(imports=imports))
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *options, "test_it.py"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hashes}
        environment.pop("CI", None)
        if ci:
            environment["CI"] = ci
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return next(line for line in ran.stdout.splitlines() if line.startswith("."))

    return run


@pytest.mark.slow
def test_the_quick_form_draws_the_same_whatever_is_imported_and_however_texts_are_hashed(drawn):
    assert drawn() == drawn(imports="import constants", hashes="1", ci="true")


@pytest.mark.slow
def test_the_long_form_draws_many_more_which_follow_from_the_seed(drawn):
    runs = ((1, ""), (1, "true"), (2, "true"))
    once, again, otherwise = (
        drawn("--hypothesis-profile=long", f"--hypothesis-seed={seed}", ci=ci) for seed, ci in runs
    )
    assert once == again != otherwise
    assert int(once.lstrip(".").split()[0]) == 2_000

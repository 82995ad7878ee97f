"""The benchmarks run, from the command to the table, the figures and the chart."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.awaiting import AWAITABLE
from bench.children import LeftOut, started
from bench.measure import GROWTH, OPERATIONS
from bench.roster import ENTRIES, WITH_AWAITED, Entry
from bench.run import Plan, Run
from dynamorm import local

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = [name for name in ("marshmallow", "schematics", "pydantic") if importlib.util.find_spec(name)]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "bench", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=1_800
    )


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="the models that are measured need a schema library")
@pytest.mark.skipif(
    not any(finding.engine == "dynoxide" and finding.found for finding in local.available()),
    reason="everybody is measured against dynoxide",
)
def test_a_quick_run_measures_prints_draws_and_can_be_shown_again(tmp_path):
    figures, drawn = tmp_path / "figures.json", tmp_path / "chart.svg"
    ours = f"dynamorm_models:direct:{INSTALLED[0]}"
    awaited = f"dynamorm_awaited:direct:{INSTALLED[0]}"
    measured = run("--quick", "--only", f"{ours},{awaited},floor,boto3_client", "--json", figures, "--svg", drawn)
    assert (measured.returncode, measured.stderr) == (0, "")
    found = json.loads(figures.read_text())["figures"]
    assert set(found["book"][ours]) == {*OPERATIONS, *GROWTH}
    assert set(found["nested"]["floor"]) == set(OPERATIONS) - {"scan"}
    assert {name: set(whats) for name, whats in found["async"].items()} == {
        name: set(AWAITABLE) for name in (ours, awaited, "boto3_client")
    }
    assert set(found["building"][ours]) == {"condition", "filter", "update"}
    assert {ours, "floor", "boto3_client"} <= set(found["cold"])
    assert set(found["memory"]["floor"]) == {"book", "nested"}
    assert all(
        figure > 0
        for section in found.values()
        for contender in section.values()
        for turns in contender.values()
        for figure in turns
    )
    assert f"DynamORM, {INSTALLED[0]}, direct" in measured.stdout
    assert f"DynamORM, {INSTALLED[0]}, awaited" in measured.stdout
    assert drawn.read_text().startswith("<svg ")
    again = run("--from", figures, "--svg", tmp_path / "again.svg")
    assert again.stdout == measured.stdout
    assert (tmp_path / "again.svg").read_text() == drawn.read_text()


@pytest.mark.parametrize("part", ["--quick", "--only=get"])
def test_the_documentation_is_not_filled_with_a_part_of_the_figures(part):
    refused = run("--docs", part)
    assert (refused.returncode, "--docs shows a whole run" in refused.stderr) == (2, True)


NOBODY = Entry("floor", "nobody", "an-environment-that-nobody-made")


def test_a_contender_that_is_not_installed_is_told_apart_from_one_that_fails():
    with pytest.raises(LeftOut, match=r"not installed \(bench/requirements-an-environment-that-nobody-made.txt"):
        started(NOBODY, "cold", "floor", "http://127.0.0.1:1")
    with pytest.raises(LeftOut, match="ConnectionRefusedError"):
        started(Entry("floor", "floor"), "cold", "floor", "http://127.0.0.1:1")


def test_who_fails_once_is_left_out_from_then_on():
    run = Run(Plan(), lambda line: None)
    run.endpoint = "http://127.0.0.1:1"
    assert run.told(NOBODY, "measure") is None
    assert list(run.results.left_out) == ["nobody"]
    assert run.in_turn([NOBODY, ENTRIES[0]], 0) == [ENTRIES[0]]


def test_every_other_turn_begins_with_those_who_came_last():
    run = Run(Plan(), lambda line: None)
    assert run.in_turn(ENTRIES[:3], 1) == run.in_turn(ENTRIES[:3], 0)[::-1]


@pytest.mark.parametrize("peer", sorted({entry.peer for entry in ENTRIES + WITH_AWAITED if entry.peer}))
def test_the_requirements_of_each_environment_are_there(peer):
    assert (ROOT / "bench" / f"requirements-{peer}.txt").is_file()

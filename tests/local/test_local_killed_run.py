"""A test run that is killed leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from dynamorm import local

from .conftest import PATIENCE

ROOT = Path(__file__).resolve().parents[2]

TEST = """
import time

def test_that_hangs(dynamo_local, tmp_path_factory):
    with open(r"{numbers}.part", "w") as file:
        print(dynamo_local.pid, dynamo_local.watchdog.pid, file=file)
    __import__("os").rename(r"{numbers}.part", r"{numbers}")
    time.sleep(600)
"""


def test_a_killed_test_run_leaves_no_engine_behind(tmp_path, installed, alive, gone):
    numbers = tmp_path / "numbers"
    (tmp_path / "test_it.py").write_text(TEST.format(numbers=numbers))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    dynoxide = local.available()[0]
    if dynoxide.where:  # which is looked for from where the run is
        environment["DYNAMORM_DYNOXIDE"] = dynoxide.where
    plugins = {point.value for point in metadata.entry_points(group="pytest11")}
    load = [] if "dynamorm.pytest_plugin" in plugins else ["-p", "dynamorm.pytest_plugin"]
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *load, "-p", "no:cacheprovider", "--dynamo-engine", installed],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not numbers.exists():
            assert run.poll() is None and time.monotonic() < deadline, "the run did not get as far as its test"
            time.sleep(0.05)
        engine, watchdog = map(int, numbers.read_text().split())
        assert alive(engine) and alive(watchdog)
    finally:
        run.kill()
        run.wait()
    assert gone(engine)
    assert gone(watchdog)

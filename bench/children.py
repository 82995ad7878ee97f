"""Starts the processes in which contenders are measured, each with the Python that has what it needs."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import tempfile
from typing import Any

from .items import ACCESS_KEY, REGION, SECRET_KEY
from .roster import ROOT, Entry

LIMIT_SECONDS = 300


class LeftOut(Exception):
    """Why somebody cannot be measured here."""


def started(entry: Entry, module: str, *arguments: str) -> str:
    """Run the ``main`` of a module of this package for an entry, and give what it prints."""
    if not entry.python.exists():
        raise LeftOut(f"it is not installed (bench/requirements-{entry.peer}.txt into .venvs/bench-{entry.peer})")
    # One of the others is a former release of this very package: theirs have to be found before ours.
    place = "append" if entry.peer else "insert"
    where = repr(str(ROOT)) if entry.peer else f"0, {str(ROOT)!r}"
    program = f"import sys; sys.path.{place}({where}); from bench.{module} import main; main()"
    run = subprocess.run(
        [str(entry.python), "-I", "-W", "ignore", "-c", program, *arguments],
        env=surroundings(),
        cwd=tempfile.gettempdir(),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    if run.returncode:
        raise LeftOut((run.stderr.strip() or f"it ended with {run.returncode}").splitlines()[-1])
    return run.stdout


def surroundings() -> dict[str, str]:
    """The environment of every child: credentials that everybody finds, and nothing of this machine's own for AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def told(entry: Entry, module: str, **task: Any) -> dict[str, Any]:
    """Return a child its task, and what it answers."""
    answer: dict[str, Any] = json.loads(started(entry, module, json.dumps({"name": entry.name, **task})))
    return answer


def user_seconds(entry: Entry, endpoint: str) -> float:
    """The user CPU of a whole process that defines five models and reads one item."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    started(entry, "cold", entry.name, endpoint)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

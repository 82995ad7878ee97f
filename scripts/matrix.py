"""Runs the quick tests with no schema library, and with each alone at both ends of its versions.

    python scripts/matrix.py [--full] [--own | --others] [--list] [-k WORD] [-- PYTEST ARGUMENTS]

The ranges are those of ``setup.cfg``: a job called ``-oldest`` has the floor of the schema library and of
every package that DynamORM itself requires.  Environments are kept in ``.venvs`` and made anew when anything
that went into them has changed.  By default the newest Python found meets the newest libraries, the oldest
Python the oldest ones, the Python that runs this file what neither of them meets, and those in between one each;
``--full`` runs them all on all.
"""

from __future__ import annotations

import argparse
import configparser
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venvs"
MINORS = (10, 11, 12, 13)
LIBRARIES = ("marshmallow", "schematics", "pydantic")
QUICK = "not slow and not network"
# Tests of the engines themselves, of locks, and of the text of the code: no schema library changes them.
ELSEWHERE = ("tests/local", "tests/bench", "tests/test_pytest_plugin.py", "tests/test_layers.py", "tests/test_locks.py")
# Tests that hold results against recorded ones, thousands of them: with the newest versions the whole suite runs them,
# and the oldest are the furthest from these.
WITH_OLDEST_ONES = ("tests/golden",)
# Tests of what lies below the schemas, which take minutes: with --full the jobs without a library run them, against
# both ends of boto3's versions.
BELOW_SCHEMAS = ("tests/connection", "tests/wire")
# Tests of tables' lives: no library changes them, so the jobs without one run them.
WITHOUT_LIBRARY = ("tests/tables",)
TOOLS = ("hypothesis", "pytest", "pytest-xdist", "setuptools")
AT_ONCE = 2
ONE_ON_ALL_CORES = ["-n", "2", "--dist", "loadfile"]
LIMIT_SECONDS = 900

_editable_install = threading.Lock()  # it writes to the checkout


@dataclass
class Job:
    minor: int
    python: str
    name: str
    requirements: list[str]
    library: str | None
    counts: dict[str, int] = field(default_factory=dict)
    versions: str = ""
    seconds: float = 0.0
    failure: str = ""

    @property
    def label(self) -> str:
        return f"3.{self.minor}-{self.name}"

    @property
    def venv(self) -> Path:
        return VENVS / self.label

    @property
    def executable(self) -> str:
        return str(self.venv / "bin" / "python")


def read_requirements() -> tuple[list[str], dict[str, list[str]]]:
    """What the library requires, and what each extra adds, as ``setup.cfg`` has it."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")

    def split(text: str) -> list[str]:
        return [line for line in text.split("\n") if line and not line.startswith("#")]

    extras = {name: split(text) for name, text in config["options.extras_require"].items()}
    return split(config["options"]["install_requires"]), extras


def floor(requirement: str) -> str:
    """``boto3>=1.28.0,<2`` -> ``boto3==1.28.0``"""
    name, version = re.match(r"([\w\[\]-]+)>=([\w.]+)", requirement).groups()  # type: ignore[union-attr]
    return f"{name}=={version}"


def pinned_tools() -> list[str]:
    lines = (ROOT / "requirements" / "dev.txt").read_text().split("\n")
    return [line for line in lines if line.split("==")[0] in TOOLS]


def library_choices() -> dict[str, tuple[str | None, list[str]]]:
    """The name of each choice of schema library, which one it is, and what to install for it."""
    base, extras = read_requirements()
    oldest = [floor(requirement) for requirement in base]
    (marshmallow,), (schematics,), (pydantic,) = (extras[library] for library in LIBRARIES)
    # The engine that the tests run against, where the native one could not be had.
    engine = [] if list((ROOT / ".tools").glob("node_modules/@dynoxide/*/dynoxide")) else extras["local"]
    base = base + engine
    oldest = oldest + engine
    return {
        "none": (None, base),
        "none-oldest": (None, oldest),
        "marshmallow-oldest": ("marshmallow", [*oldest, floor(marshmallow)]),
        "marshmallow-3": ("marshmallow", [*base, f"{marshmallow},<4"]),
        "marshmallow": ("marshmallow", [*base, marshmallow]),
        "schematics": ("schematics", [*base, schematics]),
        "pydantic-oldest": ("pydantic", [*oldest, floor(pydantic)]),
        "pydantic": ("pydantic", [*base, pydantic]),
    }


def find_pythons() -> dict[int, str]:
    """An interpreter for each minor version: the running one, one on PATH, or one of pyenv's."""
    found = {}
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for minor in MINORS:
        candidates = [sys.executable] if minor == sys.version_info.minor else []
        candidates += filter(None, [shutil.which(f"python3.{minor}")])
        candidates += sorted(glob.glob(f"{pyenv}/versions/3.{minor}*/bin/python"), reverse=True)
        for candidate in candidates:
            # pyenv puts names on PATH that lead nowhere, and Debian ships Pythons without venv.
            code = f"import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, {minor}))"
            if subprocess.run([candidate, "-c", code], capture_output=True).returncode == 0:
                found[minor] = candidate
                break
    return found


def plan(full: bool) -> list[Job]:
    pythons = find_pythons()
    choices = library_choices()
    own = sys.version_info.minor
    oldest, newest = ["marshmallow-oldest", "pydantic-oldest"], ["none", *LIBRARIES]
    jobs = []
    for minor, python in sorted(pythons.items()):
        if full:
            names = list(choices)
        elif minor == own:
            left_to_others = [*(oldest if minor > min(pythons) else ()), *(newest if minor < max(pythons) else ())]
            names = [name for name in choices if name not in left_to_others]
        elif minor == min(pythons):
            names = oldest
        elif minor == max(pythons):
            names = newest
        else:
            names = ["marshmallow" if minor % 2 else "pydantic"]  # what lies between the ends has few surprises
        jobs += [Job(minor, python, name, choices[name][1], choices[name][0]) for name in names]
    missing = [f"3.{minor}" for minor in MINORS if minor not in pythons]
    if missing:
        print(f"Not covered, as no such Python is on PATH or in pyenv: {', '.join(missing)}", flush=True)
    return jobs


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS, stdin=subprocess.DEVNULL
    )


def make_venv(job: Job) -> None:
    """Makes the job's environment unless it is there already, and looks whether it is what it should be."""
    requirements = [*job.requirements, *pinned_tools()]
    ingredients = [job.python, str(ROOT), (ROOT / "setup.cfg").read_text(), *requirements]
    checksum = hashlib.sha256("\n".join(ingredients).encode()).hexdigest()
    stamp = job.venv / "checksum"
    try:
        if not (stamp.exists() and stamp.read_text() == checksum):
            print(f"Making {job.venv.relative_to(ROOT)} ...", flush=True)
            pip = [job.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            run(job.python, "-m", "venv", "--clear", str(job.venv)).check_returncode()
            run(*pip, *requirements).check_returncode()
            with _editable_install:
                run(*pip, "--no-build-isolation", "--no-deps", "-e", ".").check_returncode()
            run(job.executable, "-m", "pip", "check").check_returncode()
            stamp.write_text(checksum)
        code = (
            "from importlib.metadata import version; from importlib.util import find_spec\n"
            f"present = [name for name in {LIBRARIES!r} if find_spec(name)]\n"
            f"assert present == {[job.library] if job.library else []!r}, present\n"
            "print(*(f'{name} {version(name)}' for name in [*present, 'boto3']), sep=', ')"
        )
        inspected = run(job.executable, "-c", code)
        inspected.check_returncode()
        job.versions = inspected.stdout.strip()
    except subprocess.CalledProcessError as error:
        job.failure = f"{error}\n{error.stdout}{error.stderr}"
    except (OSError, subprocess.TimeoutExpired) as error:
        job.failure = str(error)
    if job.failure:
        stamp.unlink(missing_ok=True)  # the next run makes it anew


def run_tests(job: Job, arguments: list[str], full: bool, alone: bool) -> None:
    if not job.failure:
        started = time.monotonic()
        command = [job.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", QUICK]
        command += ONE_ON_ALL_CORES if alone else []
        ignored = ELSEWHERE if full and job.library is None else ELSEWHERE + BELOW_SCHEMAS
        ignored += WITHOUT_LIBRARY if job.library else ()
        ignored += WITH_OLDEST_ONES if not full and not job.name.endswith("-oldest") else ()
        command += [*(f"--ignore={path}" for path in ignored), *arguments]
        try:
            result = run(*command)
        except subprocess.TimeoutExpired as error:
            job.failure = str(error)
        else:
            (VENVS / f"{job.label}.log").write_text(result.stdout + result.stderr)
            closing = result.stdout.strip().rsplit("\n", 1)[-1]
            counts = re.findall(r"(\d+) ([a-z]+?)s?\b", closing)
            job.counts = {word: int(number) for number, word in counts}
            if result.returncode != 0 or not job.counts.get("passed"):
                job.failure = (result.stdout + result.stderr)[-8000:]
        job.seconds = time.monotonic() - started
    report(job)


def report(job: Job) -> None:
    counts = [str(job.counts.get(word, 0)) for word in ("passed", "failed", "skipped")]
    print_row(job.label, *counts, f"{job.seconds:.1f}", "FAILED" if job.failure else "ok", job.versions)


def print_row(*cells: str) -> None:
    widths = (24, 7, 7, 8, 8, 7, 0)
    print("".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip(), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Tests with each schema library alone.")
    parser.add_argument("--full", action="store_true", help="every library on every Python")
    parser.add_argument("--own", action="store_true", help="only the Python that runs this file")
    parser.add_argument("--others", action="store_true", help="only the other Pythons")
    parser.add_argument("--list", action="store_true", help="say what would run")
    parser.add_argument("-k", metavar="WORD", default="", help="only jobs with WORD in their name")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args()

    missing = [
        path for path in ELSEWHERE + WITH_OLDEST_ONES + BELOW_SCHEMAS + WITHOUT_LIBRARY if not Path(ROOT, path).exists()
    ]
    if missing:
        parser.error(f"these tests have moved, and this file has to name them anew: {', '.join(missing)}")
    jobs = [job for job in plan(options.full) if options.k in job.label]
    if options.own != options.others:
        jobs = [job for job in jobs if (job.minor == sys.version_info.minor) == options.own]
    if options.list:
        for job in jobs:
            print(f"{job.label:<24}{' '.join(job.requirements)}")
        return 0
    VENVS.mkdir(exist_ok=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(make_venv, jobs))
    print_row("python-library", "passed", "failed", "skipped", "seconds", "", "with")
    # of two jobs at once, the longer one would leave a core idle
    one_by_one = len(jobs) <= AT_ONCE
    with ThreadPoolExecutor(1 if one_by_one else AT_ONCE) as pool:
        list(pool.map(lambda job: run_tests(job, options.pytest, options.full, one_by_one), jobs))

    failures = [job for job in jobs if job.failure]
    for job in failures:
        print(f"\n==== {job.label}\n{job.failure}")
    passed, failed, errors, skipped = (
        sum(job.counts.get(word, 0) for job in jobs) for word in ("passed", "failed", "error", "skipped")
    )
    print(f"\n{len(jobs) - len(failures)} of {len(jobs)} environments in order; the tests of all of them:")
    print(f"{passed} passed, {failed + errors} failed, {skipped} skipped")
    return 1 if failures or not (jobs or options.others) else 0


if __name__ == "__main__":
    sys.exit(main())

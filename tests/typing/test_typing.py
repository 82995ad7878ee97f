"""Type checkers know what the verbs give: mypy, in its strict mode, over programs that say what they expect of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dynamorm

pytest.importorskip("mypy")
pytest.importorskip("marshmallow")

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
ROOT = Path(__file__).resolve().parent.parent.parent
FOUND = re.compile(r"(?P<file>[\w/\\.:-]+\.py):(?P<line>\d+): (?P<kind>note|error): (?P<text>.*)")
REVEALED = re.compile(r'Revealed type is "(.*)"')
MODULES = re.compile(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])")

Findings = dict[tuple[str, int], str]


def expected(program: Path) -> Findings:
    """What the comments of a program say, by line."""
    said = {}
    for number, line in enumerate(program.read_text().split("\n"), 1):
        code, _, comment = line.partition("  # ")
        if comment and (code.lstrip().startswith("reveal_type(") or comment.startswith("error: ")):
            said[program.name, number] = comment
    return said


def found(output: str) -> Findings:
    """What mypy says, by line; types without the modules that they are from."""
    said = {}
    for line in output.split("\n"):
        match = FOUND.fullmatch(line)
        if match is None:
            continue
        revealed = REVEALED.fullmatch(match["text"])
        if match["kind"] == "error":
            text = f"error: {match['text'].rpartition('[')[2].rstrip(']')}"
        elif revealed is not None:
            text = MODULES.sub("", revealed[1])
        else:
            continue
        said[Path(match["file"]).name, int(match["line"])] = text
    return said


@pytest.fixture(scope="module")
def findings(tmp_path_factory) -> Findings:
    """What mypy says of all programs, in one run."""
    settings = tmp_path_factory.mktemp("typing") / "mypy.ini"
    settings.write_text(f"[mypy]\nstrict = True\nmypy_path = {ROOT}\nfollow_imports = silent\n")
    command = [sys.executable, "-m", "mypy", "--config-file", str(settings), "--no-error-summary"]
    command += ["--cache-dir", str(settings.parent / "cache"), *map(str, PROGRAMS)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=settings.parent, timeout=1_800)
    assert ran.stderr == "" and ran.returncode in (0, 1), ran.stdout + ran.stderr
    return found(ran.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_mypy_finds_in_a_program_just_what_the_program_says(program, findings):
    here = {place: text for place, text in findings.items() if place[0] == program.name}
    assert expected(program)
    assert here == expected(program)


def test_the_package_says_that_it_is_typed():
    assert (Path(dynamorm.__file__).parent / "py.typed").is_file()


def test_what_mypy_says_is_read_as_it_is_meant():
    output = (
        'programs/a.py:3: note: Revealed type is "list[programs.a.Book | None]"\n'
        'programs/a.py:4: error: Argument 1 has incompatible type "str"; expected "int"  [arg-type]\n'
        "programs/a.py:4: note: something more about it\n"
    )
    assert found(output) == {("a.py", 3): "list[Book | None]", ("a.py", 4): "error: arg-type"}

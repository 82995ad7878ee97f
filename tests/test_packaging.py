"""What is shipped: the wheel and the sdist, and the wheel at work where no schema library is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from configparser import ConfigParser
from email.parser import Parser
from pathlib import Path

import pytest

import dynamorm

ROOT = Path(__file__).resolve().parent.parent

SHIPPED_FILES = {
    "CHANGELOG.rst",
    "LICENSE",
    "MANIFEST.in",
    "Makefile",
    "README.rst",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
}
SHIPPED_FOLDERS = ("bench", "docs", "dynamorm", "examples", "requirements", "scripts", "tests")
MADE_BY_PROGRAMS = ("__pycache__", "*.py[cod]", "_build", ".*_cache", ".hypothesis", "*.egg-info", "*.db*")

# Left by other work in a checkout; none of it may be shipped.
LITTER = [
    ".git/config",
    ".hypothesis/examples/1",
    ".tools/node_modules/engine/engine.js",
    ".venv/lib/python/site-packages/other.py",
    ".venvs/3.12-none/lib/other.py",
    "build/lib/dynamorm/removed_long_ago.py",
    "dist/dynamorm-0.9.tar.gz",
    "docs/_build/html/index.html",
    "dynamorm/__pycache__/codec.cpython-312.pyc",
    "notes.txt",
    "tests/.hypothesis/unicode_data/1",
    "tests/.pytest_cache/v/cache/lastfailed",
    "tests/__pycache__/test_docs.cpython-312.pyc",
    "tests/local.db",
]

# A program for another interpreter: what comes along with ``import dynamorm``.
UNASKED = """
import sys
import dynamorm
print(*sorted({name.partition(".")[0] for name in sys.modules}
              & {"boto3", "botocore", "marshmallow", "schematics", "pydantic", "moto", "click", "pytest"}))
"""


def run(*command: str | Path, **kwargs) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    kwargs.update(env=environment, capture_output=True, text=True, timeout=1_800)
    return subprocess.run([str(part) for part in command], **kwargs)


def files_under(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A copy of the checkout without what programs left in it."""
    folder = tmp_path_factory.mktemp("source") / "dynamorm"
    folder.mkdir()
    for name in SHIPPED_FILES:
        shutil.copy(ROOT / name, folder)
    for name in SHIPPED_FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(*MADE_BY_PROGRAMS))
    return folder


@pytest.fixture(scope="module")
def distributions(source, tmp_path_factory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it, of a checkout in which people have worked."""
    pytest.importorskip("build")
    littered = tmp_path_factory.mktemp("littered") / "dynamorm"
    shutil.copytree(source, littered)
    for name in LITTER:
        path = littered / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("litter")
    out = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, littered)
    assert built.returncode == 0, built.stdout + built.stderr
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    return sdist, wheel


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(source, distributions):
    with zipfile.ZipFile(distributions[1]) as archive:
        names = set(archive.namelist())
    info = f"dynamorm-{dynamorm.__version__}.dist-info"
    metadata = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE"}
    package = {f"dynamorm/{name}" for name in files_under(source / "dynamorm")}
    assert "dynamorm/py.typed" in package
    assert names == package | {f"{info}/{name}" for name in metadata}


@pytest.mark.slow
def test_the_sdist_holds_the_project_and_nothing_that_programs_made(source, distributions):
    with tarfile.open(distributions[0]) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    made = {name for name in names if name.startswith("dynamorm.egg-info/")}
    assert names - made == files_under(source) | {"PKG-INFO"}


@pytest.mark.slow
def test_the_metadata_says_what_is_needed(distributions):
    with zipfile.ZipFile(distributions[1]) as archive:
        info = f"dynamorm-{dynamorm.__version__}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        entry_points = ConfigParser()
        entry_points.read_string(archive.read(f"{info}/entry_points.txt").decode())
    assert (metadata["Name"], metadata["Version"]) == ("dynamorm", dynamorm.__version__)
    assert metadata["Requires-Python"] == ">=3.10"
    requirements = [line.partition(";") for line in metadata.get_all("Requires-Dist", [])]
    always = {requirement.partition(">=")[0].strip() for requirement, _, extra in requirements if not extra}
    assert always == {"boto3", "orjson", "msgspec", "blinker", "six"}
    extras = set(metadata.get_all("Provides-Extra", []))
    assert {"marshmallow", "schematics", "pydantic", "local", "all"} <= extras
    assert entry_points["pytest11"]["dynamorm"] == "dynamorm.pytest_plugin"


def test_importing_dynamorm_imports_no_boto3_and_no_schema_library():
    imported = run(sys.executable, "-W", "error", "-c", UNASKED, cwd=ROOT)
    assert (imported.stdout.strip(), imported.stderr, imported.returncode) == ("", "", 0)


@pytest.fixture(scope="module")
def bare_python(distributions, tmp_path_factory) -> Path:
    """The interpreter of an environment that holds the wheel and what it requires, with no extra."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    installed = run(python, "-m", "pip", "install", "--quiet", distributions[1])
    if installed.returncode != 0:
        asked = run(python, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--dest", folder, "boto3")
        if asked.returncode != 0:
            pytest.skip("the package index cannot be reached, so the wheel was not installed anywhere")
    assert installed.returncode == 0, installed.stderr
    return python


@pytest.mark.slow
@pytest.mark.network
def test_the_installed_wheel_imports_where_no_schema_library_is(bare_python, tmp_path):
    imported = run(bare_python, "-W", "error", "-c", UNASKED + "print(dynamorm.__file__)", cwd=tmp_path)
    assert imported.returncode == 0, imported.stderr
    others, place = imported.stdout.split("\n")[:2]
    assert others == ""
    assert Path(place).is_relative_to(bare_python.parent.parent)


@pytest.mark.slow
@pytest.mark.network
def test_a_schema_that_no_installed_library_claims_names_the_extra_to_install(bare_python, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        """
import dynamorm

try:
    class Model(dynamorm.DynaModel):
        class Table:
            name = "models"
            hash_key = "id"

        class Schema:
            id = object()
except dynamorm.DynamoException as error:
    print(error)
"""
    )
    defined = run(bare_python, program, cwd=tmp_path)
    assert defined.returncode == 0, defined.stderr
    assert 'pip install "dynamorm[marshmallow]"' in defined.stdout

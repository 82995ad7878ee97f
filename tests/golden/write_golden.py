"""Writes ``marshmallow.json`` and ``schematics.json``: how DynamORM 0.11 stored every field type.

    python tests/golden/write_golden.py [--dynoxide PATH] [--python PATH] [--environments DIR] [LIBRARY ...]

For each schema library it makes an environment with the real ``dynamorm==0.11.0`` and the versions of its
day, starts a local engine in memory, and runs ``writer.py`` in that environment against it. The environments
live in a temporary directory, or in ``DIR``, where the next run finds them again. README.rst describes the
files.
"""

import argparse
import contextlib
import glob
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: marshmallow 3.12 needs ``distutils``, which ended with Python 3.11; 0.11 needs ``pkg_resources``.
PYTHONS = ("3.9", "3.8", "3.10")
COMMON = ("setuptools<81", "dynamorm==0.11.0", "boto3")
LIBRARIES = {"marshmallow": "marshmallow==3.12.*", "schematics": "schematics==2.1.*"}
ENGINES = (".tools/node_modules/@dynoxide/*/dynoxide", "node_modules/@dynoxide/*/dynoxide")


def works(python):
    """Whether this interpreter can be started (a shim of pyenv may name a version that is not there)."""
    try:
        return subprocess.run([python, "-c", "import venv"], capture_output=True).returncode == 0
    except OSError:
        return False


def find_python():
    """An interpreter that DynamORM 0.11 works with: one of pyenv's versions, or one on PATH."""
    folder = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"), "versions")
    for version in PYTHONS:
        candidates = [
            *sorted(glob.glob(f"{folder}/{version}.*/bin/python")),
            shutil.which(f"python{version}"),
        ]
        for candidate in candidates:
            if candidate and works(candidate):
                return candidate
    raise SystemExit(f"no Python {' or '.join(PYTHONS)} found: give one with --python")


def find_engine():
    """The dynoxide binary on PATH or among the project's tools."""
    found = [shutil.which("dynoxide"), *(path for each in ENGINES for path in sorted(ROOT.glob(each)))]
    for path in found:
        if path:
            return str(path)
    raise SystemExit("no dynoxide found: give its path with --dynoxide")


def make_environment(folder, python, library):
    """An environment with 0.11 and one schema library; its interpreter."""
    inside = folder / library / "bin" / "python"
    if not inside.exists():
        subprocess.run([python, "-m", "venv", folder / library], check=True)
        packages = [*COMMON, LIBRARIES[library]]
        subprocess.run([inside, "-m", "pip", "install", "--quiet", *packages], check=True)
    return inside


@contextlib.contextmanager
def engine(binary):
    """A local engine in memory; its endpoint."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([binary, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not answers(endpoint):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{binary} does not answer")
            time.sleep(0.01)
        yield endpoint
    finally:
        process.terminate()
        process.wait()


def answers(endpoint):
    try:
        with urllib.request.urlopen(endpoint, timeout=1):
            return True
    except OSError:
        return False


def write(library, python, endpoint, scratch):
    """Run the writer in its environment; its cases and the versions it ran with."""
    result = scratch / f"{library}.json"
    environment = {
        "AWS_ACCESS_KEY_ID": "golden",
        "AWS_SECRET_ACCESS_KEY": "golden",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
        "TZ": "UTC",
    }
    command = [python, HERE / "writer.py", library, endpoint, result]
    subprocess.run(command, env=environment, check=True)
    answer = json.loads(result.read_text(encoding="utf-8"))
    return answer["cases"], answer["versions"]


def save(name, content):
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    (HERE / name).write_text(text + "\n", encoding="utf-8")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help="marshmallow, schematics; default: both")
    parser.add_argument("--dynoxide", metavar="PATH", help="the local engine")
    parser.add_argument("--python", metavar="PATH", help="an interpreter that DynamORM 0.11 works with")
    parser.add_argument("--environments", metavar="DIR", help="where the environments are kept for the next run")
    options = parser.parse_args(arguments)
    if unknown := set(options.libraries) - set(LIBRARIES):
        parser.error(f"no such library: {', '.join(sorted(unknown))}")
    binary, python = options.dynoxide or find_engine(), options.python or find_python()
    versions_file = HERE / "versions.json"
    versions = json.loads(versions_file.read_text(encoding="utf-8")) if versions_file.exists() else {}
    with tempfile.TemporaryDirectory(prefix="golden-") as scratch, engine(binary) as endpoint:
        scratch = pathlib.Path(scratch)
        folder = pathlib.Path(options.environments or scratch).resolve()
        for library in options.libraries or LIBRARIES:
            inside = make_environment(folder, python, library)
            cases, versions[library] = write(library, inside, endpoint, scratch)
            save(f"{library}.json", cases)
            print(f"{library}: {len(cases)} cases", file=sys.stderr)
    save(versions_file.name, versions)


if __name__ == "__main__":
    main()

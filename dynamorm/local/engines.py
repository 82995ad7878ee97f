"""The engines that can be run: where each is found, how it is started, and how to get it."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import platform
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..exceptions import EngineError
from .ports import HOST

Location = str | Path


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was found of one engine on this machine.

    ``where`` is the file that would be run, or ``None``; ``searched`` says what was looked for and where,
    ``hint`` how to get the engine.
    """

    engine: str
    where: str | None
    searched: str
    hint: str

    @property
    def found(self) -> bool:
        """Whether the engine can be started."""
        return self.where is not None

    def __str__(self) -> str:
        if self.where is not None:
            return f"{self.engine}: {self.where}"
        return f"{self.engine}: not found. Looked for {self.searched}. To get it: {self.hint}"


@dataclasses.dataclass(frozen=True)
class Command:
    """What has to be run to have an engine, and what its environment has besides our own."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Kind:
    """One kind of engine.  A subclass says how it is found and how it is run."""

    name: str

    def find(self, directory: Location | None = None) -> Finding:
        """Look for the engine.

        :raises EngineError: if a setting names a place where it is not.
        """
        raise NotImplementedError

    def check_path(self, path: Path) -> None:
        """Refuse a place where the engine cannot keep its tables.

        :raises EngineError: if it cannot.
        """
        raise NotImplementedError

    @contextlib.contextmanager
    def command(self, where: str, port: int, path: Path | None) -> Iterator[Command]:
        """Yield the command that serves on the port.  What it needs stays in place within the context."""
        raise NotImplementedError


class Dynoxide(Kind):
    """A small native server on SQLite."""

    name = "dynoxide"

    def find(self, directory: Location | None = None) -> Finding:
        package = npm_package()
        folder = f"node_modules/{package}" if package else "node_modules"
        return Finding(
            self.name,
            self._where(package),
            f"a file named by DYNAMORM_DYNOXIDE, {self.name!r} on PATH, and {folder} and .tools/{folder} "
            f"in {Path.cwd()} and above",
            f"npm install {package}" if package else f"build {self.name!r} for this platform and put it on PATH",
        )

    def _where(self, package: str | None) -> str | None:
        named = os.environ.get("DYNAMORM_DYNOXIDE")
        if named:
            if not os.path.isfile(named):
                raise EngineError(f"DYNAMORM_DYNOXIDE names {named!r}, and there is no such file")
            return os.path.abspath(named)
        on_path = shutil.which(self.name)
        if on_path or not package:
            return on_path and os.path.abspath(on_path)
        binary = "dynoxide.exe" if sys.platform == "win32" else "dynoxide"
        here = Path.cwd()
        for folder in (here, *here.parents):
            for modules in ("node_modules", ".tools/node_modules"):
                candidate = folder / modules / package / binary
                if candidate.is_file():
                    return str(candidate)
        return None

    def check_path(self, path: Path) -> None:
        if path.is_dir():
            raise EngineError(f"dynoxide keeps its tables in a file, and {str(path)!r} is a directory")
        if not path.parent.is_dir():
            raise EngineError(f"dynoxide cannot keep its tables in {str(path)!r}: there is no directory for that file")

    @contextlib.contextmanager
    def command(self, where: str, port: int, path: Path | None) -> Iterator[Command]:
        with executable(where) as binary:
            stored = () if path is None else ("--db-path", str(path))
            yield Command((binary, "--host", HOST, "--port", str(port), *stored))


class DynamoDBLocal(Kind):
    """Amazon's own, a Java program: used where a user has it, and never fetched."""

    name = "dynamodb-local"
    jar = "DynamoDBLocal.jar"

    def find(self, directory: Location | None = None) -> Finding:
        java = shutil.which("java")
        folder = directory or os.environ.get("DYNAMODB_LOCAL_DIR")
        jar = folder and os.path.join(os.path.abspath(folder), self.jar)
        if folder and not (jar and os.path.isfile(jar)):
            searched = f"{self.jar} in {os.fspath(folder)!r}"
        elif not folder:
            searched = f"{self.jar} in a directory named by DYNAMODB_LOCAL_DIR"
        else:
            searched = f"{'java' if java is None else self.jar} on PATH"
        return Finding(
            self.name,
            jar if jar and java and os.path.isfile(jar) else None,
            searched,
            "download it from Amazon, unpack it, set DYNAMODB_LOCAL_DIR to that directory, and install Java",
        )

    def check_path(self, path: Path) -> None:
        if not path.is_dir():
            raise EngineError(
                f"DynamoDB Local keeps its tables in a directory, and {str(path)!r} is "
                f"{'none' if path.exists() else 'not there'}"
            )

    @contextlib.contextmanager
    def command(self, where: str, port: int, path: Path | None) -> Iterator[Command]:
        libraries = os.path.join(os.path.dirname(where), "DynamoDBLocal_lib")
        stored = ("-inMemory",) if path is None else ("-dbPath", str(path))
        java = shutil.which("java") or "java"
        yield Command(
            (
                java,
                f"-Djava.library.path={libraries}",
                "-jar",
                where,
                "-sharedDb",
                "-port",
                str(port),
                *stored,
            ),
            {"DDB_LOCAL_TELEMETRY": "0"},  # tests need not be reported to Amazon
        )


class Moto(Kind):
    """The server of moto, in the Python that runs this."""

    name = "moto"
    modules = ("moto", "flask", "flask_cors")

    def find(self, directory: Location | None = None) -> Finding:
        missing = [module for module in self.modules if importlib.util.find_spec(module) is None]
        return Finding(
            self.name,
            sys.executable if not missing else None,
            f"the Python modules {', '.join(self.modules)}",
            'pip install "dynamorm[local]"',
        )

    def check_path(self, path: Path) -> None:
        raise EngineError(
            f"moto keeps its tables in memory only, so it has no use for {str(path)!r}: "
            "leave the path out, or use dynoxide or dynamodb-local"
        )

    @contextlib.contextmanager
    def command(self, where: str, port: int, path: Path | None) -> Iterator[Command]:
        # Else a file in the current directory that is called like a module would be imported in its place.
        safe = {"PYTHONSAFEPATH": "1"}
        yield Command((where, "-m", "moto.server", "-H", HOST, "-p", str(port)), safe)


KINDS: tuple[Kind, ...] = (Dynoxide(), DynamoDBLocal(), Moto())
NAMES = tuple(kind.name for kind in KINDS)


def available(directory: Location | None = None) -> list[Finding]:
    """Look for every engine, in the order in which :func:`start` prefers them.

    ``directory`` is where DynamoDB Local might be, besides ``DYNAMODB_LOCAL_DIR``.
    """
    return [kind.find(directory) for kind in KINDS]


def choose(name: str | None, path: Path | None, directory: Location | None) -> tuple[Kind, str]:
    """Return the kind that is asked for and where it is, or else the first that is here and can use ``path``.

    :raises EngineError: if there is no such kind, or it is not here, or none is.
    """
    if name is None:
        name = DynamoDBLocal.name if directory else os.environ.get("DYNAMORM_LOCAL_ENGINE") or None
    if name is not None and name not in NAMES:
        raise EngineError(f"There is no local engine called {name!r}: the names are {', '.join(NAMES)}")
    story = []
    for kind in KINDS:
        if name not in (None, kind.name):
            continue
        finding = kind.find(directory)
        if finding.where is None:
            story.append(str(finding))
            continue
        try:
            if path is not None:
                kind.check_path(path)
        except EngineError as refusal:
            if name is not None:
                raise
            story.append(f"{kind.name}: {refusal}")
        else:
            return kind, finding.where
    purpose = "" if path is None else f" that can keep tables in {str(path)!r}"
    summary = f"The local engine {name} is not here." if name else f"There is no local DynamoDB engine here{purpose}."
    raise EngineError("\n  ".join([summary, *story]))


def npm_package() -> str | None:
    """Name the npm package that holds dynoxide for this platform, if there is one."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform)
    processor = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}.get(platform.machine().lower())
    if system is None or processor is None or (system, processor) == ("win32", "arm64"):
        return None
    return f"@dynoxide/{system}-{processor}"


@contextlib.contextmanager
def executable(binary: str) -> Iterator[str]:
    """Yield a path at which the binary can be run: npm unpacks it without the right to be.

    The right is added where we may, else a copy is used, which is removed when the context ends.
    """
    if sys.platform == "win32" or os.access(binary, os.X_OK):
        yield binary
        return
    try:
        make_executable(binary)
    except OSError:
        with tempfile.TemporaryDirectory(prefix="dynamorm-") as folder:
            copy = os.path.join(folder, os.path.basename(binary))
            shutil.copyfile(binary, copy)
            make_executable(copy)
            yield copy
    else:
        yield binary


def make_executable(binary: str) -> None:
    """Let everybody run the file who may read it."""
    mode = stat.S_IMODE(os.stat(binary).st_mode)
    os.chmod(binary, mode | stat.S_IXUSR | (mode & 0o444) >> 2)

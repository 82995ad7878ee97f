"""Write the awaited face of every verb that waits, from the blocking one.

    python scripts/write_awaited.py

Each verb is written by hand once.  What is written here differs from it in its name, which begins with an ``a``, and in
what is awaited.  A test runs this again and compares, so that no verb is forgotten and none is edited.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dynamorm"


class Part(NamedTuple):
    """The verbs of a class, or with no ``owner`` functions, and the class that they go into."""

    verbs: tuple[str, ...]
    owner: str = ""
    header: str = ""


class Face(NamedTuple):
    """The awaited verbs of a module: where they go, and what they need besides what the module imports.

    ``names`` are those that are not made with an ``a``.  With ``overridable`` verbs those of a model come first.
    """

    source: str
    target: str
    docstring: str
    parts: tuple[Part, ...]
    imports: str = ""
    replacements: tuple[tuple[str, str], ...] = ()
    names: dict[str, str] = {}
    overridable: bool = False


def of_model(kind: str, what: str, *verbs: str, replacements: tuple[tuple[str, str], ...] = ()) -> Face:
    """Return the face of one of the modules in which the verbs of models are."""
    owner = "".join(part.title() for part in kind.split("_"))
    header = f'class Awaited{owner}(Entity):\n    """Awaits what :class:`.{owner}` waits for."""\n\n    __slots__ = ()'
    return Face(
        f"model/{kind}.py",
        f"model/awaited_{kind}.py",
        f"The verbs of models that {what}, to be awaited.",
        (Part(verbs, owner, header),),
        "from .awaits import awaits",
        replacements,
        overridable=True,
    )


FACES = (
    of_model(
        "reading",
        "read",
        "get",
        "require",
        "exists",
        "get_batch",
        "refresh",
        replacements=(
            ("-> Iterator[Self]", "-> list[Self]"),
            (
                "return run(instances.ordered()) if ordered else instances.as_they_come()",
                "return await arun(instances.ordered() if ordered else instances.found())",
            ),
            ("found = cls.get(", "found = await cls.aget("),
        ),
    ),
    of_model(
        "whole_items",
        "store and delete whole items",
        "put",
        "put_unique",
        "create",
        "get_or_create",
        "put_batch",
        "delete_batch",
        "save",
        "change_key",
        "delete",
        "delete_item",
    ),
    of_model("parts_of_items", "change parts of items", "update", "update_item", "upsert", "patch", "reconcile"),
    of_model("upkeep", "see to all of their items", "migrate", "get_by", "verify_unique"),
    Face(
        "reading/query.py",
        "reading/awaited_query.py",
        "What queries and scans are asked for, to be awaited.",
        (
            Part(
                ("exists", "all", "by_model", "first", "one", "count", "page", "delete", "update"),
                "ReadIterator",
                'class AwaitedRead(Generic[Model]):\n    """Awaits what a query or a scan waits for."""\n\n'
                "    _read: Read\n    _begin: Callable[..., Iteration]\n\n"
                "    def __aiter__(self) -> AsyncIterator[Model]:\n        return self._begin()",
            ),
            Part(
                ("first",),
                "QueryIterator",
                'class AwaitedQuery(AwaitedRead[Model]):\n    """Awaits what only a query waits for."""\n\n'
                "    reverse: Callable[..., Any]",
            ),
        ),
        imports="from typing import Generic",
        replacements=(("return list(self)", "return [item async for item in self]"),),
    ),
    Face(
        "tables/table.py",
        "tables/awaited_table.py",
        "What tables are asked for, to be awaited.",
        (
            Part(
                ("exists", "create_table", "delete", "plan", "update_table", "validate"),
                "_Life",
                'class AwaitedLife(DeclaredTable):\n    """Awaits what is done with a table as a whole."""\n\n'
                "    _plan_for: Callable[..., Plan]\n\n"
                "    if TYPE_CHECKING:\n\n        @property\n        def connection(self) -> Connection: ...\n\n"
                "        @property\n        def table(self) -> Any: ...",
            ),
            Part(
                ("put", "put_unique", "put_batch", "get", "get_batch", "query", "scan", "update", "delete_item"),
                "DynamoTable3",
                'class AwaitedItems(DeclaredTable):\n    """Awaits what is done with items as plain values."""\n\n'
                "    if TYPE_CHECKING:\n\n        @property\n        def _items(self) -> PlainItems: ...",
            ),
        ),
        imports="from collections.abc import Callable\nfrom typing import TYPE_CHECKING\nfrom ..drivers import aside\n"
        "from .declared import DeclaredTable\n",
        replacements=(
            ("@property\n    ", ""),
            ("return self.table", "return await aside(lambda: self.table)"),
            ("-> Iterator[dict[str, Any]]", "-> list[dict[str, Any]]"),
            ("return self._items.get_batch(", "return await arun(self._items.found("),
            ("batch_get_kwargs or {})", "batch_get_kwargs or {}))"),
        ),
    ),
    Face(
        "relationships/to_one.py",
        "relationships/awaited_to_one.py",
        "What relationships to one instance are asked for, to be awaited.",
        (
            Part(
                ("prefetch",),
                "OneToOne",
                'class AwaitedToOne(Relationship):\n    """Awaits what a relationship to one instance waits for."""\n\n'
                "    prefetched: Callable[..., Flow[list[Any]]]",
            ),
        ),
        imports="from collections.abc import Callable\nfrom .declaring import Relationship\n",
    ),
    Face(
        "together/transactions.py",
        "together/awaited_transactions.py",
        "What is recorded in a transaction, to be awaited.",
        (
            Part(
                ("put", "save", "update", "delete", "check", "_record"),
                "Transaction",
                'class AwaitedTransaction(AtTheEnd):\n    """Records what a transaction does, and awaits what is the'
                ' user\'s."""\n\n'
                "    _recorded: list[Recorded]\n    _target: Callable[..., tuple[Store, Any]]\n"
                "    _of_instance: Callable[..., Store]\n    _check: Callable[[Recorded], None]",
            ),
        ),
        imports="from collections.abc import Callable\nfrom .at_the_end import AtTheEnd\n",
        replacements=(("self._record(", "await self._arecord("),),
        names={"_record": "_arecord"},
    ),
    Face(
        "together/several.py",
        "together/awaited_several.py",
        "Several instances of any models, loaded, saved, deleted or reconciled by what is to be awaited.",
        (Part(("load", "save", "delete", "sync")),),
        imports="from .several import DELETE, SAVE, SYNC, load_several, write_several\n",
        names={"sync": "areconcile"},
        replacements=(
            ('is_atomic("sync"', 'is_atomic("reconcile"'),
            ("its own ``sync`` does", "its own ``reconcile`` does"),
        ),
    ),
    Face(
        "tables/table.py",
        "tables/awaited_creating.py",
        "The tables of several models, created by what is to be awaited.",
        (Part(("create_tables",)),),
        imports="from .table import _table_of, defined_tables\n",
    ),
)
# All blocking verbs, as the examples in docstrings call them.
VERBS = {verb for face in FACES for part in face.parts for verb in part.verbs if not verb.startswith("_")}
CALL = re.compile(rf"\b(\w+(?:\.\w+\([^()]*\))?)\.({'|'.join(sorted(VERBS, key=len, reverse=True))})\(")


def written(face: Face) -> str:
    """Return the module of a face, before it is formatted."""
    text = (PACKAGE / face.source).read_text()
    tree = ast.parse(text)
    lines, source = text.splitlines(), face.source.removesuffix(".py").replace("/", ".")
    pieces = [
        f'"""{face.docstring}\n\nWritten by ``scripts/write_awaited.py``: edit :mod:`dynamorm.{source}`.\n"""\n',
        "from __future__ import annotations\n",
        face.imports,
        *imports_of(tree, lines),
    ]
    for part in face.parts:
        if part.header:
            pieces += ["", "", part.header]
        for verb in part.verbs:
            for node in nodes_of(tree, part.owner, verb):
                pieces += ["", *([] if part.owner else [""]), awaited(face, node, lines)]
    return "\n".join(pieces) + "\n"


def imports_of(tree: ast.Module, lines: list[str]) -> Iterator[str]:
    """Yield what a module imports, the awaiting driver in place of the blocking one."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "drivers":
            yield "from ..drivers import aperform, arun"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("__future__", "awaited_")):
            continue
        elif isinstance(node, (ast.Import, ast.ImportFrom)) or (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        ):
            yield "\n".join(lines[node.lineno - 1 : node.end_lineno])


def nodes_of(tree: ast.Module, owner: str, verb: str) -> Iterator[ast.FunctionDef]:
    """Yield the definitions of a verb, which are several where it is overloaded."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef if owner else ast.Module) and getattr(node, "name", "") == owner:
            found = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == verb]
            if not found:
                raise SystemExit(f"there is no {owner}.{verb}")
            yield from found


def awaited(face: Face, node: ast.FunctionDef, lines: list[str]) -> str:
    """Return the source of a verb's awaited face."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    body = node.body[0]
    documented = isinstance(body, ast.Expr) and isinstance(body.value, ast.Constant) and len(node.body) > 1
    is_overload = any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list)
    begin = node.end_lineno or 0 if is_overload else body.lineno - 1
    end = body.end_lineno or 0 if documented else begin
    head = "\n".join(lines[first - 1 : begin]) + "\n"
    docstring = with_awaited_examples("\n".join(lines[begin:end]))
    code = "\n".join(lines[end : node.end_lineno])
    name = face.names.get(node.name, f"a{node.name}")
    wrapper = "@awaits\n" + " " * node.col_offset if face.overridable and not is_overload else ""
    head = re.sub(rf"\bdef {node.name}\b", f"{wrapper}async def {name}", head, count=1)
    head, docstring, code = (replaced(face, part) for part in (head, docstring, code))
    code = re.sub(r"\b(run|perform)\(", r"await a\1(", code)
    return "\n".join(filter(None, [head.rstrip("\n"), docstring, code]))


def replaced(face: Face, text: str) -> str:
    for old, new in face.replacements:
        text = text.replace(old, new)
    return text


def with_awaited_examples(docstring: str) -> str:
    """Return a docstring in whose example verbs are awaited."""
    text, begins, example = docstring.partition("Example::\n")
    return text + begins + CALL.sub(r"await \1.a\2(", example)


def formatted(text: str, name: str) -> str:
    """Return a module as ``make check`` wants it."""
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["check", "--fix-only", "--quiet"], ["format", "--quiet"]):
        arguments = [ruff, *command, "--stdin-filename", PACKAGE / name, "-"]
        text = subprocess.run(arguments, input=text, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    return text


def main() -> None:
    for face in FACES:
        (PACKAGE / face.target).write_text(formatted(written(face), face.target))


if __name__ == "__main__":
    main()

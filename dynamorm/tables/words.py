"""The words that an inner ``Table`` or index class may declare."""

from __future__ import annotations

from collections.abc import Iterable

from ..exceptions import DynamoTableException
from ..nearest import did_you_mean

_OURS = __name__.partition(".")[0]
# words that a model may have one day, and that would be taken for granted if they were passed over
_NOT_YET = frozenset(
    {
        "kind",
        "unknown",
    }
)


def words_of(kind: type) -> tuple[str, ...]:
    """Return the words that are declared for a kind of table or index: what its class annotates, less ClassVars."""
    return tuple(
        name
        for klass in reversed(kind.__mro__)
        for name, annotation in vars(klass).get("__annotations__", {}).items()
        if "ClassVar" not in annotation and not name.startswith("_")
    )


def refuse_unknown_words(owner: str, declaration: type, known: Iterable[str]) -> None:
    """Refuse what a class or a base of it declares and DynamORM does not know.

    Methods and other descriptors are the user's own, and so are names with an underscore in front, and those that a
    base of the class annotates.
    """
    known = tuple(known)
    own = [klass for klass in declaration.__mro__ if klass.__module__.partition(".")[0] != _OURS]
    annotated = {name for base in own if base is not declaration for name in vars(base).get("__annotations__", {})}
    for klass in own:
        for name, value in vars(klass).items():
            if not (name in known or name in annotated or name.startswith("_") or hasattr(type(value), "__get__")):
                raise DynamoTableException(f"{owner}: {name} = ...: {_what_now(name, known)}")


def _what_now(name: str, known: tuple[str, ...]) -> str:
    if name in _NOT_YET:
        return "DynamORM does not support this word yet; leave it out"
    hint = did_you_mean(name, known) or f"it knows {', '.join(sorted({*known}))}"
    return (
        f"DynamORM does not know this word; {hint} (an attribute of your own needs an underscore in front of its name, "
        "or an annotation in a base class)"
    )

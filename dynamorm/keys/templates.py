"""Keys as a whole: literal text and the parts between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..exceptions import InvalidSchemaField
from ..frozen import FrozenValue
from .escapes import Escaping, escaping_of
from .formats import Format, Unfit, checked_text, format_of
from .narrowing import Comparisons, Narrowed, Place, after_all_of, narrow

_TOKENS = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<placeholder>[^{}]*)\}|(?P<literal>[^{}]+)|[{}]")
_PLACEHOLDER = re.compile(r"(?P<field>[^!:]*)(?:!(?P<conversion>[^:]*))?(?::(?P<spec>.*))?", re.DOTALL)


class Part(NamedTuple):
    """One placeholder: the Python name of a field, and how its value is written."""

    field: str
    format: Format


class Template(FrozenValue):
    """The form of a key.

    The ``literals`` stand around the ``parts``, so there is one more of them.
    """

    source: str
    parts: tuple[Part, ...]
    literals: tuple[str, ...]
    escaping: Escaping

    @classmethod
    def of(cls, source: str, *, escape: bool = True) -> Template:
        """Return the template of a text with placeholders.

        Without ``escape``, a value with a character that ends its part is refused instead.
        """
        if not isinstance(source, str):
            raise InvalidSchemaField(f"the template {source!r} has to be text, such as 'ORDER#{{id}}'")
        where = f"the template {source!r}"
        parts: list[Part] = []
        literals = [""]
        for token in _tokens(where, source):
            if isinstance(token, str):
                literals[-1] += token
            else:
                parts.append(token)
                literals.append("")
        _check(where, parts, literals)
        # a part of a fixed width ends there, whatever it holds
        behind = [literal[0] for part, literal in zip(parts, literals[1:], strict=True) if _is_free(part) and literal]
        delimiters = "".join(dict.fromkeys(behind))
        escaping = escaping_of(where, delimiters) if escape else Escaping(delimiters, "")
        return cls(source, tuple(parts), tuple(literals), escaping)

    @classmethod
    def joined(cls, fields: Sequence[str], separator: str, *, escape: bool = True) -> Template:
        """Return the template of some fields, each written as inside braces, with a separator between them."""
        literal = separator.replace("{", "{{").replace("}", "}}")
        return cls.of(literal.join(f"{{{field}}}" for field in fields), escape=escape)

    @property
    def fields(self) -> tuple[str, ...]:
        """The Python names of the fields."""
        return tuple(part.field for part in self.parts)

    @property
    def literal(self) -> str:
        """The text in front of the first part, which is all of it where there is none."""
        return self.literals[0]

    def __str__(self) -> str:
        return self.source

    def render(self, values: Mapping[str, Any]) -> str | None:
        """Return the key of some values; ``None`` where a part has none, or nothing is in it."""
        text = self.literals[0]
        for part, literal in zip(self.parts, self.literals[1:], strict=True):
            value = values.get(part.field)
            if value is None:
                return None
            text += self._text(part, value) + literal
        return text or None

    def read(self, text: str) -> dict[str, Any] | None:
        """Return the values of a key; ``None`` for a text that is none of this template.

        What the text does not tell is left out.
        """
        try:
            values = dict(self._read(text))
        except Unfit:
            return None
        return {field: value for field, value in values.items() if value is not None}

    def may_meet(self, other: Template) -> bool:
        """Return whether some text may be a key of both, as far as the text in front of their parts tells."""
        if not self.parts:
            return other.read(self.literal) is not None
        if not other.parts:
            return self.read(other.literal) is not None
        return self.literal.startswith(other.literal) or other.literal.startswith(self.literal)

    def narrowed(self, equal: Mapping[str, Any], others: Mapping[str, Comparisons]) -> Narrowed:
        """Return what is known of keys by values of parts, and by other comparisons of parts.

        Comparisons of which keys say nothing are passed over.
        """
        prefix = self.literals[0]
        known = 0
        settled: set[tuple[str, str]] = set()
        for part, literal in zip(self.parts, self.literals[1:], strict=True):
            value = equal.get(part.field)
            if value is None:
                break
            prefix += self._text(part, value) + literal
            known += 1
            if not part.format.loses_of(type(value)):
                settled.add((part.field, "eq"))
        if known < len(self.parts):
            return self._narrowed_within(prefix, known, settled, others)
        if not prefix:
            raise Unfit("nothing but empty text, and no key is empty", self.parts[-1].field)
        return Narrowed("eq", (prefix,), frozenset(settled))

    def _narrowed_within(
        self, prefix: str, known: int, settled: set[tuple[str, str]], others: Mapping[str, Comparisons]
    ) -> Narrowed:
        """Return what is known of keys that begin with a prefix, by comparisons of the part behind it."""
        part = self.parts[known]
        place = Place(
            part.field,
            part.format,
            lambda value: self._text(part, value),
            prefix,
            is_last=known + 1 == len(self.parts) and not self.literals[-1],
            may_end=self._may_end_after(known),
        )
        found = narrow(place, others.get(part.field, ()))
        if known and self._may_end_after(known - 1) and found.values[1:] == (after_all_of(prefix),):
            # that text ends the range, and is the key of the next value of the part in front
            settled.discard((self.parts[known - 1].field, "eq"))
        return found._replace(settled=found.settled | settled)

    def _may_end_after(self, position: int) -> bool:
        """Return whether nothing, or nothing but empty text, may follow a part."""
        if self.literals[position + 1]:
            return False
        following = self.parts[position + 1 :]
        return not following or (_is_free(following[0]) and self._may_end_after(position + 1))

    def _text(self, part: Part, value: Any) -> str:
        try:
            text = part.format.text(value)
            return self.escaping.encode(text) if _is_free(part) else text
        except Unfit as error:
            raise Unfit(error.reason, part.field) from None

    def _read(self, text: str) -> Iterator[tuple[str, Any]]:
        end = _skip(text, 0, self.literals[0])
        for part, literal in zip(self.parts, self.literals[1:], strict=True):
            start = end
            if part.format.width is not None:
                end = start + part.format.width
                written = text[start:end]
            else:
                end = text.find(literal[0], start) if literal else len(text)
                written = self.escaping.decode(text[start:end])
            yield part.field, part.format.value(written)
            end = _skip(text, end, literal)
        if end != len(text):
            raise Unfit("text behind the last part")


def _skip(text: str, start: int, literal: str) -> int:
    """Return where a text goes on behind a literal, which has to be there."""
    if start < 0 or not text.startswith(literal, start):
        raise Unfit(f"text without {literal!r} where it has to be")
    return start + len(literal)


def _is_free(part: Part) -> bool:
    """Return whether texts of a part may be of any length, an empty one among them."""
    return part.format.width is None


def _tokens(where: str, source: str) -> Iterator[str | Part]:
    """Return the literal texts and the placeholders of a template."""
    for token in _TOKENS.finditer(source):
        kind, text = token.lastgroup, token[0]
        if kind == "literal":
            yield text
        elif kind == "brace":
            yield text[0]
        elif kind == "placeholder":
            yield _part(f"{where}: {text}", token["placeholder"])
        else:
            raise InvalidSchemaField(f"{where} has a {text!r} alone: write {text * 2!r} for the character itself")


def _part(where: str, placeholder: str) -> Part:
    found = _PLACEHOLDER.fullmatch(placeholder)
    if found is None or not found["field"].isidentifier():
        raise InvalidSchemaField(f"{where} names no field: write '{{{{' and '}}}}' for the characters themselves")
    return Part(found["field"], format_of(where, found["conversion"], found["spec"]))


def _check(where: str, parts: Sequence[Part], literals: Sequence[str]) -> None:
    """Refuse a template that makes no key, or keys that do not tell parts from each other."""
    if not parts and not literals[0]:
        raise InvalidSchemaField(f"{where} is empty: write text, fields, or both, such as 'ORDER#{{id}}'")
    try:
        checked_text("".join(literals))
    except Unfit as error:
        raise InvalidSchemaField(f"{where} has {error}") from None
    seen: set[str] = set()
    for part, literal, following in zip(parts, literals[1:], [*parts[1:], None][: len(parts)], strict=True):
        if part.field in seen:
            raise InvalidSchemaField(f"{where} has the field {part.field!r} twice: name it once")
        seen.add(part.field)
        if _is_free(part) and not literal and following is not None:
            raise InvalidSchemaField(
                f"{where} does not tell where {part.field!r} ends and {following.field!r} begins: write text between "
                f"them, such as '#', or give {part.field!r} a format of fixed width"
            )

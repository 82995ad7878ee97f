"""What keeps the text of a part apart from what follows it.

A delimiter is escaped by its neighbour in Unicode.  Of the two, the lower is written as the escape and ``0``, the
higher as the escape and ``1``, so that escaped texts sort as the texts do: nothing lies between the two, and both
still stand where they stood among all other characters.  As each character is written on its own, and none of these
forms begins another, texts that begin with each other still do, and no two become one.
"""

from __future__ import annotations

import re
import string
import sys
from typing import Any

from ..exceptions import InvalidSchemaField
from ..frozen import FrozenValue
from .formats import Unfit

# Values are full of them, and would grow by a character for each.
_COMMON = frozenset(".-_@ ")
# Beyond ASCII, what is a letter depends on Python's version of Unicode, on which no stored form may depend.
_LETTERS_AND_DIGITS = frozenset(string.ascii_letters + string.digits)


class Escaping(FrozenValue):
    """Keeps some delimiters out of texts: by escapes, one for each, or, without any, by refusing the text."""

    delimiters: str
    escapes: str

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        forms: dict[str, str] = {}
        for pair in zip(self.delimiters, self.escapes, strict=False):
            lower, higher = sorted(pair)
            forms |= {lower: f"{pair[1]}0", higher: f"{pair[1]}1"}
        self.__dict__["_forms"] = str.maketrans(forms)
        self.__dict__["_characters"] = {form: character for character, form in forms.items()}

    def encode(self, text: str) -> str:
        """Return a text without delimiters that stands for a text."""
        if self.escapes:
            escaped: str = text.translate(self.__dict__["_forms"])
            return escaped
        self._refuse_delimiters(text)
        return text

    def decode(self, text: str) -> str:
        """Return the text that an encoded one stands for."""
        self._refuse_delimiters(text)
        if not self.escapes:
            return text
        try:
            characters: dict[str, str] = self.__dict__["_characters"]
            return re.sub(f"[{re.escape(self.escapes)}].?", lambda form: characters[form[0]], text)
        except KeyError:
            raise Unfit("an escape that stands for nothing") from None

    def _refuse_delimiters(self, text: str) -> None:
        for delimiter in self.delimiters:
            if delimiter in text:
                raise Unfit(f"text with {delimiter!r} in it, which ends this part of the key")


def escaping_of(where: str, delimiters: str) -> Escaping:
    """Return what escapes some delimiters; ``where`` says in messages whose they are."""
    taken = set(delimiters)
    escapes = ""
    for delimiter in delimiters:
        near = [one for one in _neighbours(delimiter) if one not in taken | _LETTERS_AND_DIGITS]
        if delimiter in _LETTERS_AND_DIGITS or not near:
            raise InvalidSchemaField(
                f"{where} separates parts by {delimiter!r}, for which there is no escape: separate them by other text, "
                "such as '#', or declare it with escape=False, which refuses values with that character"
            )
        escape = next((one for one in near if one not in _COMMON and not _is_control(one)), near[0])
        taken.add(escape)
        escapes += escape
    return Escaping(delimiters, escapes)


def _neighbours(character: str) -> list[str]:
    """Return the characters directly above and below, but for surrogates, which no text has."""
    near = (ord(character) + 1, ord(character) - 1)
    return [chr(one) for one in near if 0 <= one <= sys.maxunicode and not 0xD800 <= one <= 0xDFFF]


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character < "\xa0"

"""The text of an expression cut into tokens, and a reader of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from .refusals import Refuse, short

RESERVED = frozenset((Path(__file__).parent / "reserved_words.txt").read_text("ascii").split())

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<name>\#[A-Za-z0-9_]+)"
    r"|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<digits>[0-9]+)"
    r"|(?P<sign><>|<=|>=|[=<>(),.\[\]+-])"
)


class WrongSyntax(Exception):
    """An expression that does not follow the grammar."""


class Token(NamedTuple):
    kind: str
    text: str


END = Token("end", "")


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of an expression, without the space between them."""
    tokens = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise WrongSyntax(f"{short(text[position : position + 20])} begins nothing")
        if found.lastgroup != "space":
            tokens.append(Token(str(found.lastgroup), found[0]))
        position = found.end()
    return tokens


class Reader:
    """Goes through the tokens of an expression, and says what is wrong with it."""

    def __init__(self, text: str, refuse: Refuse) -> None:
        self.tokens = tokens_of(text)
        self.position = 0
        self.refuse = refuse
        self.operators = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position] if self.position < len(self.tokens) else END

    @property
    def following(self) -> Token:
        return self.tokens[self.position + 1] if self.position + 1 < len(self.tokens) else END

    def next(self) -> Token:
        token = self.token
        self.position += 1
        return token

    def at(self, sign: str) -> bool:
        return self.token == ("sign", sign)

    def at_word(self, *words: str) -> bool:
        return self.token.kind == "word" and self.token.text.upper() in words

    def take(self, sign: str) -> bool:
        """Go on behind a sign, and return whether it was there."""
        if self.at(sign):
            self.position += 1
            return True
        return False

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise WrongSyntax(f"{sign!r} is missing before {self.token.text!r}")

    def need_word(self, word: str) -> None:
        if not self.at_word(word):
            raise WrongSyntax(f"{word} is missing before {self.token.text!r}")
        self.position += 1

    def need_end(self) -> None:
        if self.token is not END:
            raise WrongSyntax(f"{self.token.text!r} is left over")

    def refuse_redundant_parentheses(self) -> None:
        """Refuse parentheses that hold nothing but others; those of functions and of IN are none of either."""
        opened: list[int] = []
        closed_by: dict[int, int] = {}
        for position, token in enumerate(self.tokens):
            if token == ("sign", "("):
                opened.append(position)
            elif token == ("sign", ")") and opened:
                closed_by[opened.pop()] = position
        for start, end in closed_by.items():
            if closed_by.get(start + 1) == end - 1 and self._is_group(start):
                self.refuse("parentheses", "there are redundant parentheses")
                return

    def _is_group(self, position: int) -> bool:
        before = self.tokens[position - 1] if position else END
        return before.kind != "word" or before.text.upper() in ("AND", "OR", "NOT", "BETWEEN", "SET")

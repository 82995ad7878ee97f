"""Texts for property tests, with much in common."""

from __future__ import annotations

from hypothesis import strategies as st

# Delimiters of the tests, their neighbours, the digits of escapes, and what sorts at the ends of UTF-8's ranges.
CHARACTERS = '#$"%:;<-,./|}~_@ 01ab\x00\x01\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010fffe\U0010ffff'

texts = st.text(CHARACTERS, max_size=6) | st.text(max_size=6)


@st.composite
def alike(draw: st.DrawFn) -> list[str]:
    """Return texts of which many begin alike."""
    beginning = draw(texts)
    tails = draw(st.lists(st.text(CHARACTERS, max_size=3), min_size=6, max_size=10))
    return [beginning, *(f"{beginning}{tail}" for tail in tails), *tails]


def in_utf_8(text: str) -> bytes:
    """Return a text as DynamoDB compares it."""
    return text.encode()

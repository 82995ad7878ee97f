"""Escaped texts hold no delimiter, come back, and sort and begin with each other exactly as the texts do."""

from __future__ import annotations

import itertools
import pickle
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamorm.exceptions import InvalidSchemaField
from dynamorm.keys.escapes import Escaping, escaping_of
from dynamorm.keys.formats import Unfit

from ..profiles import examples
from .texts import alike, in_utf_8, texts

PRINTABLE = [one for one in map(chr, range(128)) if one not in string.ascii_letters + string.digits]


@pytest.mark.parametrize(
    ("delimiters", "escapes"),
    [
        ("#", "$"),
        (":", ";"),
        ("-", ","),
        ("/", "."),
        ("|", "}"),
        ("~", "}"),
        ("@", "?"),
        ("_", "`"),
        (".", "/"),
        (" ", "!"),
        (",", "+"),
        ("\t", "\n"),
        ("\x00", "\x01"),
        ("#$", '"%'),
        ("$#", '%"'),
        (",-", "+."),
        ("\u2192", "\u2193"),
        ("\ud7ff", "\ud7fe"),
        ("\ue000", "\ue001"),
        ("\U0010ffff", "\U0010fffe"),
    ],
)
def test_the_escape_is_a_neighbour_that_values_seldom_hold(delimiters, escapes):
    assert escaping_of("keys", delimiters) == Escaping(delimiters, escapes)


@pytest.mark.parametrize(
    ("delimiters", "wrong"),
    [(":;", ":"), (",-/", "/"), ("x", "x"), ("0", "0"), ("9", "9"), ("A", "A"), ("#1", "1"), ('"#$', "#")],
)
def test_a_delimiter_without_a_free_neighbour_is_refused(delimiters, wrong):
    with pytest.raises(InvalidSchemaField, match=f"^keys separates parts by {wrong!r}, for which there is no escape"):
        escaping_of("keys", delimiters)


def test_no_two_delimiters_share_a_character():
    for delimiters in map("".join, itertools.permutations(PRINTABLE, 2)):
        try:
            escaping = escaping_of("keys", delimiters)
        except InvalidSchemaField:
            continue
        assert len(set(delimiters + escaping.escapes)) == 4
        assert all(abs(ord(one) - ord(other)) == 1 for one, other in zip(delimiters, escaping.escapes, strict=True))


@pytest.mark.parametrize("delimiters", ["#", "-", "\x00", "\U0010ffff", "#$", "/:", "#-"])
def test_all_short_texts_keep_their_order_and_their_beginnings(delimiters):
    escaping = escaping_of("keys", delimiters)
    around = {chr(ord(one) + step) for one in delimiters for step in (-2, 2) if 0 <= ord(one) + step <= 0x10FFFF}
    alphabet = sorted({*delimiters, *escaping.escapes, *around, "0", "1"})
    every = ["".join(one) for length in range(4) for one in itertools.product(alphabet[:9], repeat=length)]
    every.sort(key=in_utf_8)
    encoded = [escaping.encode(text) for text in every]
    assert encoded == sorted(set(encoded), key=in_utf_8)
    assert [escaping.decode(text) for text in encoded] == every
    assert not any(one in text for one in delimiters for text in encoded)
    short = [(text, escaping.encode(text)) for text in every if len(text) < 3]
    for (text, form), (other, other_form) in itertools.product(short, repeat=2):
        assert form.startswith(other_form) == text.startswith(other)


ESCAPINGS = [escaping_of("keys", one) for one in ("", "#", ":", "-", "/", "|", "#:", "#$", "-/", "~|", "\u2192", "_#")]


# the long form compares more than 100,000 pairs
@settings(max_examples=examples(quick=100, long=2_000))
@given(st.sampled_from(ESCAPINGS), alike())
def test_any_texts_keep_their_order_and_their_beginnings(escaping, several):
    encoded = [(text, escaping.encode(text)) for text in several]
    for text, form in encoded:
        assert escaping.decode(form) == text
        assert not set(form) & set(escaping.delimiters)
    for (one, form), (other, other_form) in itertools.permutations(encoded, 2):
        assert (form == other_form) == (one == other)
        assert (in_utf_8(form) < in_utf_8(other_form)) == (in_utf_8(one) < in_utf_8(other))
        assert form.startswith(other_form) == one.startswith(other)


@settings(max_examples=examples(quick=200, long=5_000))
@given(st.sampled_from(ESCAPINGS), texts)
def test_what_is_decoded_was_encoded(escaping, text):
    try:
        meaning = escaping.decode(text)
    except Unfit:
        return
    assert escaping.encode(meaning) == text


@pytest.mark.parametrize("text", ["#", "a#b", "$", "a$", "$2", "$$0", "$\n"])
def test_what_no_text_is_encoded_as_is_not_decoded(text):
    with pytest.raises(Unfit):
        escaping_of("keys", "#").decode(text)


def test_without_escapes_delimiters_are_refused_and_all_else_is_as_it_is():
    refusing = Escaping("#:", "")
    assert refusing.encode("a$0;") == refusing.decode("a$0;") == "a$0;"
    for convert in (refusing.encode, refusing.decode):
        with pytest.raises(Unfit, match=r"^text with ':' in it, which ends this part of the key$"):
            convert("a:b")


def test_an_escaping_can_be_pickled():
    escaping = pickle.loads(pickle.dumps(escaping_of("keys", "#-")))
    assert escaping == escaping_of("keys", "#-")
    assert escaping.decode(escaping.encode("#$-,")) == "#$-,"

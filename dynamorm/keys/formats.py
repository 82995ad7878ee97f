"""How one part of a key is written as text, and read back.

===========================  ===========================================================================
``{field}``                  the stored form: text, a number, ``true`` or ``false``
``{field!l}``, ``{field!u}``  text in lower or upper case
``{field:d}``                a whole number
``{field:08d}``              a whole number from 0 on, with zeros in front up to a width
``{field:08.2f}``            a number from 0 on, with so many decimals
``{field:%Y-%m-%d}``         a date, datetime or time in numbers of a fixed width, in UTC where it has a zone
===========================  ===========================================================================
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import attrgetter
from typing import Any, ClassVar

from ..exceptions import DynamoException, InvalidSchemaField, UnstorableValue
from ..frozen import FrozenValue
from ..wire.codec import MAX_EXPONENT, encode_number

# the largest number that DynamoDB has, written out
LONGEST_NUMBER = MAX_EXPONENT + 1
_TOO_LARGE = 10**LONGEST_NUMBER
WORKING = (
    "{field}, {field!l} and {field!u} (lower and upper case), {field:d}, {field:08d}, {field:08.2f} (numbers) and "
    "{field:%Y-%m-%d} (dates and times)"
)


class Unfit(DynamoException, ValueError):
    """A value that cannot be this part of a key, or a text that is none of its texts.

    Holds the ``reason`` and, where a whole key was rendered, the ``field``.
    """

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason, field)
        self.reason = reason
        self.field = field

    def __str__(self) -> str:
        return self.reason


class Format(FrozenValue):
    """How one part is written.

    ``width`` is the number of characters, where it is fixed.  A format that ``is_native`` writes the value that an
    instance has, any other one the value that is stored.  One that ``keeps_prefixes`` writes a text that begins with
    another as a text that begins with the other's.
    """

    is_native: ClassVar[bool] = False
    keeps_prefixes: ClassVar[bool] = False

    width: int | None = None

    def text(self, value: Any) -> str:
        """Return the text of a value."""
        raise NotImplementedError

    def value(self, text: str) -> Any:
        """Return the value of a text; ``None`` where the text does not tell it."""
        raise NotImplementedError

    def sorts_of(self, kind: type) -> bool:
        """Return whether the texts of values of a type sort as the values do."""
        return False

    def loses_of(self, kind: type) -> bool:
        """Return whether two values of a type can have one text."""
        return False


class Stored(Format):
    """Text as it is, numbers in the form that DynamoDB stores, truth values as ``true`` and ``false``.

    All are read back as text: what kind they were, their field knows.
    """

    keeps_prefixes = True

    def text(self, value: Any) -> str:
        if isinstance(value, str):
            return checked_text(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float, Decimal)):
            try:
                return encode_number(value)
            except UnstorableValue as error:
                raise Unfit(error.reason) from None
        raise Unfit(f"{type(value).__name__} cannot be a part of a key; text, numbers and truth values can")

    def value(self, text: str) -> Any:
        return text

    def sorts_of(self, kind: type) -> bool:
        return issubclass(kind, str)


class Cased(Format):
    """Text in lower or upper case, from which the text as it was cannot be told."""

    is_upper: bool = False

    def text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Unfit(f"{type(value).__name__} has no case; text has")
        text = checked_text(value)
        return text.upper() if self.is_upper else text.lower()

    def value(self, text: str) -> Any:
        return None

    def loses_of(self, kind: type) -> bool:
        return True


class Number(Format):
    """A number with so many decimals and, if it has a width, zeros in front."""

    is_native = True

    places: int = 0

    def text(self, value: Any) -> str:
        scaled = _scaled(value, self.places)
        if self.width is None:
            return str(scaled)
        if scaled < 0:
            raise Unfit(f"{value} is negative, which would not sort among numbers with zeros in front")
        digits = str(scaled).zfill(self.places + 1)
        text = f"{digits[: -self.places]}.{digits[-self.places :]}" if self.places else digits
        if len(text) > self.width:
            raise Unfit(f"{text} is wider than {self.width} characters")
        return text.zfill(self.width)

    def value(self, text: str) -> Any:
        if not re.fullmatch(self._pattern, text) or len(text) > LONGEST_NUMBER + 1:
            raise Unfit("not a number in this format")
        return Decimal(text) if self.places else int(text)

    @property
    def _pattern(self) -> str:
        if self.width is None:
            return "0|-?[1-9][0-9]*"
        if not self.places:
            return f"[0-9]{{{self.width}}}"
        return f"[0-9]{{{self.width - self.places - 1}}}[.][0-9]{{{self.places}}}"

    def sorts_of(self, kind: type) -> bool:
        return self.width is not None


def _scaled(value: Any, places: int) -> int:
    """Return a number times ten to the power of ``places``, which has to be whole."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise Unfit(f"{type(value).__name__} is no number")
    if isinstance(value, int):
        if abs(value) >= _TOO_LARGE:
            raise Unfit(f"a number of more than {LONGEST_NUMBER} digits")
        scale: int = 10**places
        return int(value) * scale
    number = Decimal(float.__repr__(value)) if isinstance(value, float) else value
    if not number.is_finite():
        raise Unfit(f"{value} is no finite number")
    if not number:
        return 0
    if number.adjusted() >= LONGEST_NUMBER:
        raise Unfit(f"a number of more than {LONGEST_NUMBER} digits")
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    significant = text.rstrip("0")
    exponent += len(text) - len(significant)
    if exponent < -places:
        raise Unfit(f"{value} is not whole" if not places else f"{value} has more than {places} decimals")
    whole = int(significant + "0" * (exponent + places))
    return -whole if sign else whole


# the directives: how many digits each has, and of what
_WIDTHS = {"%Y": 4, "%m": 2, "%d": 2, "%j": 3, "%y": 2, "%H": 2, "%I": 2, "%M": 2, "%S": 2, "%f": 6}
_NUMBERS: Mapping[str, Callable[[Any], int]] = {
    "%Y": attrgetter("year"),
    "%m": attrgetter("month"),
    "%d": attrgetter("day"),
    "%j": lambda day: int(day.timetuple().tm_yday),
    "%y": lambda day: int(day.year % 100),
    "%H": attrgetter("hour"),
    "%I": lambda time: int(time.hour % 12 or 12),
    "%M": attrgetter("minute"),
    "%S": attrgetter("second"),
    "%f": attrgetter("microsecond"),
}
# from the most to the least significant
_DAY = ("%Y", "%m", "%d")
_TIME = ("%H", "%M", "%S", "%f")
_OF_A_TIME = frozenset((*_TIME, "%I"))


class Moment(Format):
    """A date, datetime or time in numbers of a fixed width; what is aware is written in UTC.

    So equal moments have one text, whatever their zones, and of times alone the texts sort by the time of day in UTC.
    What is naive is written as it is: a field should not hold both.

    ``pieces`` are the directives and the text around them.  Python's strftime is not asked: whether it writes the year
    999 as ``0999`` depends on the platform.

    A date has no text in a format with a time: midnight would look like a moment that was known.
    """

    is_native = True

    pieces: tuple[str, ...] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        # every save that makes a key needs these
        self.__dict__["_directives"] = [piece for piece in self.pieces if piece in _WIDTHS]
        self.__dict__["_form"] = "".join(
            f"%0{_WIDTHS[piece]}d" if piece in _WIDTHS else piece.replace("%", "%%") for piece in self.pieces
        )

    def text(self, value: Any) -> str:
        if not isinstance(value, (dt.date, dt.time)):
            raise Unfit(f"{type(value).__name__} is no date, datetime or time")
        moment = _in_utc(value)
        held = self.__dict__
        try:
            text: str = held["_form"] % tuple([_NUMBERS[piece](moment) for piece in held["_directives"]])
            return text
        except AttributeError:
            lacking = "date" if isinstance(value, dt.time) else "time"
            raise Unfit(f"{value} has no {lacking}, which is a part of the key") from None

    def value(self, text: str) -> Any:
        found = self._numbers_in(text)
        times: list[Any] = [found[piece] for piece in _TIME if piece in found]
        has_gap = not found.keys() >= set(_TIME[: len(times)]) or ("%I" in found and not times)
        if has_gap or not self._told >= set(_DAY):
            return None
        try:
            if "%j" in found:
                day = dt.date(found["%Y"], 1, 1) + dt.timedelta(found["%j"] - 1)
            else:
                day = dt.date(found["%Y"], found["%m"], found["%d"])
            value = dt.datetime.combine(day, dt.time(*times), dt.timezone.utc) if times else day
            if self.text(value) == text:
                return value
        except (ValueError, OverflowError):
            pass
        raise Unfit("no such date or time")

    def _numbers_in(self, text: str) -> dict[str, int]:
        """Return the number of each directive."""
        found: dict[str, int] = {}
        start = 0
        for piece in self.pieces:
            end = start + _WIDTHS.get(piece, len(piece))
            part = text[start:end]
            if piece not in _WIDTHS:
                fits = part == piece
            else:
                fits = len(part) == end - start and part.isascii() and part.isdigit()
                fits = fits and found.setdefault(piece, int(part)) == int(part)
            if not fits:
                raise Unfit("not a date or time in this format")
            start = end
        return found

    @property
    def writes_a_day(self) -> bool:
        """Whether anything of a date is written."""
        return not _OF_A_TIME.issuperset(set(self.pieces) & _WIDTHS.keys())

    @property
    def writes_a_time(self) -> bool:
        """Whether anything of a time is written."""
        return not _OF_A_TIME.isdisjoint(self.pieces)

    @property
    def _told(self) -> set[str]:
        """What of a moment its text tells, as directives."""
        told = set(self.pieces)
        return told | set(_DAY) if told >= {"%Y", "%j"} else told

    def sorts_of(self, kind: type) -> bool:
        rest = list(_TIME if issubclass(kind, dt.time) else (*_DAY, *_TIME))
        seen: set[str] = set()
        for piece in self.pieces:
            if piece not in _WIDTHS or piece in seen:
                continue
            steps = ["%m", "%d"] if piece == "%j" else [piece]
            if rest[: len(steps)] != steps:
                return False
            del rest[: len(steps)]
            seen.update(steps, [piece])
        return True

    def loses_of(self, kind: type) -> bool:
        needed: set[str] = set()
        if not issubclass(kind, dt.time):
            needed.update(_DAY)
        if not issubclass(kind, dt.date) or issubclass(kind, dt.datetime):
            needed.update(_TIME)
        return not needed <= self._told


def _in_utc(value: dt.date | dt.time) -> dt.date | dt.time:
    """Return a moment as it is in UTC, without a zone; a naive one as it is."""
    if not isinstance(value, (dt.datetime, dt.time)):
        return value
    offset = value.utcoffset()
    if not offset:
        return value
    if isinstance(value, dt.time):
        return (dt.datetime.combine(dt.date(2000, 1, 1), value.replace(tzinfo=None)) - offset).time()
    try:
        return value.replace(tzinfo=None) - offset
    except OverflowError:
        raise Unfit(f"{value} is outside the years 1 to 9999 in UTC") from None


def checked_text(text: str) -> str:
    """Return a text as exactly ``str``, if it can be stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unfit("text that is not valid Unicode") from None
    return str.__str__(text)


def format_of(where: str, conversion: str | None, spec: str | None) -> Format:
    """Return the format that a placeholder names; ``where`` says in messages which one that is."""
    if conversion is None and spec is None:
        return Stored()
    if conversion in ("l", "u") and spec is None:
        return Cased(is_upper=conversion == "u")
    if conversion is None and spec is not None:
        if "%" in spec:
            return _moment(where, spec)
        number = re.fullmatch(r"(?:0(?P<width>[1-9][0-9]?))?(?:[.](?P<places>[1-9][0-9]?)f|d)", spec)
        if number is not None:
            width, places = (None if digits is None else int(digits) for digits in number.groups())
            if places is None:
                return Number(width)
            if width is not None and width >= places + 2:
                return Number(width, places)
    raise InvalidSchemaField(f"{where} has a format that keys cannot have; what works is {WORKING}")


def _moment(where: str, spec: str) -> Moment:
    # a lone percent sign at the end is a directive that does not work either
    pieces = re.findall(r"%.?|[^%]+", spec, re.DOTALL)
    wrong = [piece for piece in pieces if piece.startswith("%") and piece not in _WIDTHS and piece != "%%"]
    if wrong:
        raise InvalidSchemaField(
            f"{where} has {' and '.join(wrong)}, and keys take numbers of a fixed width alone: "
            f"{', '.join(_WIDTHS)} and %%"
        )
    if not any(piece in _WIDTHS for piece in pieces):
        raise InvalidSchemaField(f"{where} says nothing of a date or time: write some of {', '.join(_WIDTHS)}")
    pieces = ["%" if piece == "%%" else piece for piece in pieces]
    return Moment(sum(_WIDTHS.get(piece, len(piece)) for piece in pieces), tuple(pieces))

"""Scores of users in games: a model with every kind of index, for the tests of reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dynamorm import GlobalIndex, LocalIndex, ProjectAll, ProjectInclude, ProjectKeys

from .libraries import Library, integer, listing, mapping, moment, text

SCORE = {
    "user": text(required=True),
    "game": text(required=True),
    "points": integer(required=True),
    "wins": integer(),
    "losses": integer(),
    "at": moment(),
    "nick": text(stored="Nick"),
    "note": text(),
    "tags": listing(text()),
    "meta": mapping(),
}

USERS = ("ann", "ben")
GAMES = tuple(f"g{number}" for number in range(6))


class ByGame(GlobalIndex):
    name = "by-game"
    hash_key = "game"
    range_key = "points"
    projection = ProjectInclude("wins", "nick")


class ByNote(GlobalIndex):
    name = "by-note"
    hash_key = "note"
    projection = ProjectKeys()


class ByNick(GlobalIndex):
    name = "by-nick"
    hash_key = "nick"
    range_key = "at"
    projection = ProjectAll()


class ByPoints(LocalIndex):
    name = "by-points"
    hash_key = "user"
    range_key = "points"
    projection = ProjectAll()


INDEXES = {"ByGame": ByGame, "ByNote": ByNote, "ByNick": ByNick, "ByPoints": ByPoints}


def score_model(library: Library, name: str = "Score", table: dict[str, Any] | None = None, **body: Any) -> Any:
    """The score of a user in a game."""
    settings = {"name": "scores", "hash_key": "user", "range_key": "game", **(table or {})}
    return library.model(name, settings, SCORE, **{**INDEXES, **body})


def score_values(user: str, number: int) -> dict[str, Any]:
    """Return the values of a user's score in the game with a number."""
    return {
        "user": user,
        "game": f"g{number}",
        "points": number * 10,
        "wins": number % 2,
        "losses": 5 - number,
        "at": dt.datetime(2024, number + 1, 1, tzinfo=dt.timezone.utc),
        "nick": f"{user}-{number % 2}",
        "note": "even" if number % 2 == 0 else "odd",
        "tags": ["even"] if number % 2 == 0 else ["odd", "low"],
        "meta": {"level": number},
    }


def filled(model: Any, users: tuple[str, ...] = USERS, games: int = len(GAMES)) -> Any:
    """Store scores of the users, and return the model."""
    model.put_batch(*(score_values(user, number) for user in users for number in range(games)))
    return model


def games(found: Any) -> list[str]:
    return [score.game for score in found]


def places(found: Any) -> list[tuple[str, str]]:
    return [(score.user, score.game) for score in found]


def spoil(model: Any, user: str, game: str, **attributes: Any) -> None:
    """Store something that the schema refuses: points that are no number in one who writes past the model."""
    model.Table.table.put_item(Item={"user": user, "game": game, "wins": "many", "points": 1, **attributes})

"""Top scores of players and games: an ``__init__`` of the model's own, queries that find their index, safe counters."""

from __future__ import annotations

import datetime

from marshmallow import fields

import dynamorm
from dynamorm import DynaModel, GlobalIndex, ProjectAll, local


class GameScore(DynaModel):
    class Table:
        name = "top-scores"
        hash_key = "userid"
        range_key = "title"
        read = 5
        write = 5

    class ByTitle(GlobalIndex):
        name = "GameTitleIndex"
        hash_key = "title"
        range_key = "top_score"
        read = 5
        write = 5
        projection = ProjectAll()

    class Schema:
        userid = fields.String(required=True)
        title = fields.String(required=True)
        top_score = fields.Integer()
        top_score_time = fields.DateTime()
        wins = fields.Integer()
        losses = fields.Integer()

    def __init__(self, title: str, userid: str) -> None:
        self.title = title
        self.userid = userid


def new_top_score(title: str, userid: str, top_score: int) -> None:
    score = GameScore(title, userid)
    score.top_score = top_score
    score.top_score_time = datetime.datetime(2026, 5, 6, 7, 8, 9)
    score.sync()


def one_more_win(title: str, userid: str) -> GameScore:
    """Count a win without reading first; others may be counting at the same time."""
    score = GameScore(title, userid)
    score.incr(wins=1)
    score.sync()
    return score


def main() -> None:
    GameScore.Table.create_table()
    new_top_score("Master Blaster", "abc", 9001)
    new_top_score("Galaxy Invaders", "abc", 120)
    new_top_score("Galaxy Invaders", "def", 340)
    new_top_score("Comet Quest", "abc", 9000)
    new_top_score("Comet Quest", "def", 9002)

    mine = GameScore.find(userid="abc").all()
    print("mine:", [(score.title, score.top_score) for score in mine])

    top = GameScore.find(title="Galaxy Invaders").first(reverse=True)
    print("top of Galaxy Invaders:", top.userid, top.top_score)

    for _ in range(3):
        score = one_more_win("Galaxy Invaders", "abc")
    print("wins:", score.wins, "with the top score still", score.top_score)
    print("a first win:", one_more_win("Alien Adventure", "abc").wins)

    high = GameScore.find(GameScore.top_score > 9000, title="Comet Quest")
    print("over 9000:", [score.userid for score in high], "by", high.explain().index_name)

    nothing_new = GameScore("Master Blaster", "abc")
    nothing_new.sync()
    print("synced by its key alone:", nothing_new.top_score)


if __name__ == "__main__":
    with (
        local.start() as engine,
        dynamorm.using(
            endpoint_url=engine.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        ),
    ):
        main()

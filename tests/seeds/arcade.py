"""Scores of an arcade: loaded or begun, saved, deleted on a condition, and queried from bases that are refined."""

from __future__ import annotations

from marshmallow import fields

import dynamorm
from dynamorm import ConditionFailed, DynaModel, GlobalIndex, ObjectsNotFound, ProjectAll, local


class GameScores(DynaModel):
    class Table:
        name = "game-scores"
        hash_key = "user_id"
        range_key = "game_title"
        billing_mode = "PAY_PER_REQUEST"

    class Schema:
        user_id = fields.Integer(required=True)
        game_title = fields.String(required=True)
        top_score = fields.Float()
        top_score_date = fields.String()
        wins = fields.Integer(load_default=0)
        losses = fields.Integer(load_default=0)


class Visitor(DynaModel):
    class Table:
        name = "visitors"
        hash_key = "email"
        range_key = "visit_date"
        billing_mode = "PAY_PER_REQUEST"

    class ByDate(GlobalIndex):
        name = "by-date"
        hash_key = "visit_date"
        range_key = "visits"
        projection = ProjectAll()

    class Schema:
        email = fields.Email(required=True)
        visit_date = fields.Date(required=True)
        visits = fields.Integer(load_default=0)


def play() -> None:
    pong = GameScores(user_id=101, game_title="Pong")
    doom = GameScores(user_id=102, game_title="Doom")
    scores = [pong, doom]

    try:
        dynamorm.load(scores, consistent=True)
    except ObjectsNotFound as error:
        print("missing:", ", ".join(score.game_title for score in error.missing))
    else:
        print("loaded:", ", ".join(score.game_title for score in scores))

    pong.wins += 1
    doom.losses += 1
    dynamorm.save(scores)

    try:
        doom.delete(conditions=GameScores.losses > 3)
    except ConditionFailed as refused:
        print("kept, with losses:", refused.current.losses)
    else:
        print("deleted")

    query = GameScores.query().key(GameScores.user_id == 101).filter(GameScores.losses < 10)
    print("found:", [(score.game_title, score.wins) for score in query])


def count_visits() -> None:
    for email, day, visits in (
        ("joe@example.com", "2026-05-01", 49),
        ("joe@example.com", "2026-05-02", 51),
        ("joe@example.com", "2026-05-03", 99),
        ("foo@example.com", "2026-05-02", 77),
    ):
        Visitor(email=email, visit_date=day, visits=visits).save()

    seen = Visitor.require(email="joe@example.com", visit_date="2026-05-02", consistent=True)
    same = Visitor.require(email="joe@example.com", visit_date="2026-05-02", consistent=True)
    for visitor in (seen, same):
        visitor.visits += 1
        try:
            visitor.save(conditions=Visitor.visits == visitor.visits - 1)
            print("counted:", visitor.visits)
        except ConditionFailed:
            print("somebody else counted meanwhile")

    busy = Visitor.query(Visitor.visits > 50)
    joe = busy.key(Visitor.email == "joe@example.com")
    foo = busy.key(Visitor.email == "foo@example.com")
    print("busy days:", [visitor.visits for visitor in joe], [visitor.visits for visitor in foo])

    second_of_may = Visitor.ByDate.query().key(visit_date="2026-05-02")
    print("that day:", [visitor.email for visitor in second_of_may.key(visits__lt=70)], second_of_may.count())


def main() -> None:
    GameScores.Table.create_table()
    Visitor.Table.create_table()
    for _ in range(5):
        play()
    count_visits()


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

"""Tweets and pictures of users in one timeline, by a key made of type and id, and by a score that is computed."""

from __future__ import annotations

from marshmallow import fields, validate

import dynamorm
from dynamorm import Composite, DynaModel, GlobalIndex, IncompleteKey, LocalIndex, ProjectAll, local


def score_of(likes: int | None, replies: int | None, deleted: bool | None) -> int | None:
    """Return the score of a post; one that is deleted has none, and so is not in the index."""
    return None if deleted else (likes or 0) + 5 * (replies or 0)


class Post(DynaModel):
    uid = Composite("type", "id")
    score = Composite("likes", "replies", "deleted", merge=score_of, type=int)

    class Table:
        name = "posts"
        hash_key = "userid"
        range_key = "uid"
        billing_mode = "PAY_PER_REQUEST"

    class ByScore(LocalIndex):
        name = "score-index"
        hash_key = "userid"
        range_key = "score"
        projection = ProjectAll()

    class TopOfType(GlobalIndex):
        name = "type-index"
        hash_key = "type"
        range_key = "score"
        projection = ProjectAll()

    class Schema:
        userid = fields.String(required=True)
        type = fields.String(required=True, validate=validate.OneOf(["tweet", "picture"]))
        id = fields.String(required=True)
        text = fields.String()
        url = fields.Url()
        likes = fields.Integer(load_default=0)
        replies = fields.Integer(load_default=0)
        deleted = fields.Boolean(load_default=False)


def shown(posts) -> str:
    return ", ".join(f"{post.uid} ({post.score})" for post in posts)


def like(userid: str, type: str, id: str) -> Post:
    """Count a like; others may be counting at the same time, and the score follows what all of them make of it."""
    post = Post.require(userid=userid, type=type, id=id)
    post.incr(likes=1)
    post.save(partial=True)
    return post


def post_something() -> None:
    Post(userid="ann", type="tweet", id="1", text="Hello").save()
    Post(userid="ann", type="tweet", id="2", text="Lunch: soup", likes=3).save()
    Post(userid="ann", type="picture", id="1", url="https://example.com/soup.png", likes=4, replies=2).save()
    Post(userid="bob", type="tweet", id="1", text="I like soup", replies=1).save()


def main() -> None:
    Post.Table.create_table()
    post_something()

    print("all of ann's:", shown(Post.query(userid="ann")))
    tweets = Post.query(userid="ann", type="tweet")
    print("tweets:", shown(tweets))
    for line in str(tweets.explain()).split("\n"):
        print(line.strip())
    print("from 2 on:", shown(Post.query(userid="ann", type="tweet", id__gte="2")))
    print("by key:", Post.require(userid="ann", type="picture", id="1").url)

    print("best of ann's:", shown(Post.ByScore.query(userid="ann").reverse()))
    print("tweets with 4 points or more:", shown(Post.TopOfType.query(type="tweet", score__gte=4).reverse()))

    seen_by_one, seen_by_other = (Post.require(userid="ann", type="tweet", id="1") for _ in range(2))
    for seen, replies in ((seen_by_one, 2), (seen_by_other, 1)):
        seen.incr(replies=replies)
        seen.sync()
    print("both have replied:", seen_by_other.replies, "replies,", seen_by_other.score, "points")
    print("liked:", like("bob", "tweet", "1").score)

    try:
        Post.update_item(userid="bob", type="tweet", id="1", likes=100)
    except IncompleteKey:
        Post.update_item(userid="bob", type="tweet", id="1", likes=100, given={"replies": 1, "deleted": False})
    print("made popular:", shown(Post.TopOfType.query(type="tweet").reverse()))

    spam = Post.require(userid="bob", type="tweet", id="1")
    spam.update(deleted=True)
    print("deleted:", spam.score, "and gone from the index:", shown(Post.TopOfType.query(type="tweet").reverse()))
    print("still in the table:", Post.query(userid="bob", type="tweet").count())
    print("pictures liked:", Post.query(userid="ann", type="picture").update(likes__plus=3))
    print("best of ann's:", shown(Post.ByScore.query(userid="ann").reverse()))


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

"""A forum: boards of threads, threads of replies, and the users who wrote them, each a table of its own."""

from __future__ import annotations

from marshmallow import fields

import dynamorm
from dynamorm import DynaModel, GlobalIndex, ManyToOne, OneToMany, ProjectAll, ProjectKeys, local


class Forum(DynaModel):
    class Table:
        name = "forums"
        hash_key = "name"
        read = 1
        write = 1

    class Schema:
        name = fields.String(required=True)

    threads = OneToMany(
        "Thread",
        query=lambda forum: {"forum_name": forum.name},
        back_query=lambda thread: {"name": thread.forum_name},
    )


class User(DynaModel):
    class Table:
        name = "users"
        hash_key = "name"
        read = 1
        write = 1

    class Schema:
        name = fields.String(required=True)
        motto = fields.String()

    replies = OneToMany(
        "Reply",
        index="ByUser",
        query=lambda user: {"user_name": user.name},
        back_query=lambda reply: {"name": reply.user_name},
    )


class Thread(DynaModel):
    class Table:
        name = "threads"
        hash_key = "forum_name"
        range_key = "subject"
        read = 1
        write = 1

    class ByUser(GlobalIndex):
        name = "threads-by-user"
        hash_key = "user_name"
        range_key = "subject"
        projection = ProjectKeys()
        read = 1
        write = 1

    class Schema:
        forum_name = fields.String(required=True)
        subject = fields.String(required=True)
        user_name = fields.String(required=True)
        closed = fields.Boolean(load_default=False)

    user = ManyToOne(
        User,
        query=lambda thread: {"name": thread.user_name},
        back_index="ByUser",
        back_query=lambda user: {"user_name": user.name},
    )
    replies = OneToMany(
        "Reply",
        query=lambda thread: {"forum_thread": f"{thread.forum_name}\n{thread.subject}"},
        back_query=lambda reply: dict(zip(("forum_name", "subject"), reply.forum_thread.split("\n"), strict=True)),
    )


class Reply(DynaModel):
    class Table:
        name = "replies"
        hash_key = "forum_thread"
        range_key = "created"
        read = 1
        write = 1

    class ByUser(GlobalIndex):
        name = "replies-by-user"
        hash_key = "user_name"
        range_key = "created"
        projection = ProjectAll()
        read = 1
        write = 1

    class Schema:
        forum_thread = fields.String(required=True)
        created = fields.String(required=True)
        user_name = fields.String(required=True)
        message = fields.String()


def write() -> None:
    gardening, kitchen = Forum(name="gardening"), Forum(name="kitchen")
    ann, bob = User(name="ann", motto="slowly"), User(name="bob")
    for one in (gardening, kitchen, ann, bob):
        one.save()

    tomatoes = Thread(forum=gardening, user=ann, subject="Tomatoes")
    tomatoes.save()
    Thread(forum=gardening, user=bob, subject="Snails").save()
    Thread(forum=kitchen, user=ann, subject="Knives").save()
    for minute, (user, message) in enumerate([(bob, "Water them."), (ann, "Daily?"), (bob, "Twice.")]):
        Reply(thread=tomatoes, user=user, created=f"2026-05-01T10:{minute:02}", message=message).save()


def read() -> None:
    gardening = Forum.require(name="gardening")
    print("threads:", gardening.threads.count(), [thread.subject for thread in gardening.threads])
    print("by their users:", [f"{thread.subject} ({thread.user.name})" for thread in gardening.threads])

    tomatoes = gardening.threads.filter(subject="Tomatoes").one()
    print("replies:", [reply.message for reply in tomatoes.replies])
    print("the latest:", tomatoes.replies.first(reverse=True).message)
    print("bob's:", [reply.message for reply in tomatoes.replies.filter(user_name="bob")])

    bob = User.require(name="bob")
    print("of bob:", len(bob.replies), "replies,", len(bob.threads), "thread")
    reply = bob.replies.first()
    print("and back:", reply.thread.subject, "in", reply.thread.forum.name, "by", reply.thread.user.motto)
    print("more of ann's:", [thread.subject for thread in reply.thread.user.threads])

    replies = Reply.user.prefetch(tomatoes.replies)
    print("said", [f"{reply.user.name}: {reply.message}" for reply in replies])


def move() -> None:
    snails = Thread.require(forum_name="gardening", subject="Snails")
    was, ann = snails.user, User.require(name="ann")
    snails.user = ann
    snails.save(partial=True)
    print("now by:", Thread.require(forum_name="gardening", subject="Snails").user.name)
    print("still there:", was.name, ann.name, sorted(user.name for user in User.scan()))
    print("ann's:", sorted(thread.subject for thread in ann.threads), "bob's:", bool(was.threads))

    ann.threads.update(closed=True)
    print("closed:", [thread.subject for thread in Forum(name="gardening").threads.filter(closed=True)])
    del snails.user
    print("users:", [user.name for user in User.scan()])


def main() -> None:
    for model in (Forum, User, Thread, Reply):
        model.Table.create_table()
    write()
    read()
    move()


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

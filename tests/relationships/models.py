"""A forum and a catalogue, declared alike in each schema library, each in a module of its own so that they pickle."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType
from typing import Any

from dynamorm import DynaModel, GlobalIndex, ManyToOne, OneToMany, OneToOne, ProjectAll, ProjectKeys

from ..libraries import Library, integer, text

KINDS = {"text": text, "number": integer}


def schema(library: Library, **kinds: str) -> type:
    """Return an inner Schema: ``text`` and ``number``, with ``!`` where it is required."""
    return library.schema({n: KINDS[kind.rstrip("!")](required=kind.endswith("!")) for n, kind in kinds.items()})


def values(instance: Any) -> dict[str, Any]:
    """Return the native values that there are; schematics also shows fields without one."""
    return {name: value for name, value in instance.to_dict(native=True).items() if value is not None}


@cache
def declare(library: Library) -> Any:
    """Return the module with the models of a library."""
    module = ModuleType(f"{__name__}_{library.name}")
    name = module.__name__

    class User(DynaModel):
        __module__, __qualname__ = name, "User"

        class Table:
            name = "users"
            hash_key = "name"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, name="text!", motto="text")

        replies = OneToMany(
            "Reply",
            index="ByUser",
            query=lambda user: {"user_name": user.name},
            back_query=lambda reply: {"name": reply.user_name},
        )

    class Thread(DynaModel):
        __module__, __qualname__ = name, "Thread"

        class Table:
            name = "threads"
            hash_key = "forum_name"
            range_key = "subject"
            billing_mode = "PAY_PER_REQUEST"

        class ByUser(GlobalIndex):
            name = "threads-by-user"
            hash_key = "user_name"
            range_key = "subject"
            projection = ProjectKeys()

        Schema = schema(library, forum_name="text!", subject="text!", user_name="text!", views="number")

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
        __module__, __qualname__ = name, "Reply"

        class Table:
            name = "replies"
            hash_key = "forum_thread"
            range_key = "created"
            billing_mode = "PAY_PER_REQUEST"

        class ByUser(GlobalIndex):
            name = "replies-by-user"
            hash_key = "user_name"
            range_key = "created"
            projection = ProjectAll()

        Schema = schema(library, forum_thread="text!", created="text!", user_name="text!", message="text")

    class Forum(DynaModel):
        __module__, __qualname__ = name, "Forum"

        class Table:
            name = "forums"
            hash_key = "name"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, name="text!")

        threads = OneToMany(
            Thread,
            query=lambda forum: {"forum_name": forum.name},
            back_query=lambda thread: {"name": thread.forum_name},
        )

    class Details(DynaModel):
        __module__, __qualname__ = name, "Details"

        class Table:
            name = "details"
            hash_key = "item_version"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, item_version="text!", description="text!", pages="number")

    class Item(DynaModel):
        __module__, __qualname__ = name, "Item"

        class Table:
            name = "items"
            hash_key = "id"
            range_key = "version"
            billing_mode = "PAY_PER_REQUEST"

        Schema = schema(library, id="text!", version="text!", title="text", copies="number")

        details = OneToOne(
            Details,
            query=lambda item: {"item_version": f"{item.id}:{item.version}"},
            back_query=lambda details: dict(zip(("id", "version"), details.item_version.split(":"), strict=True)),
        )

    for model in (User, Thread, Reply, Forum, Details, Item):
        setattr(module, model.__name__, model)
    sys.modules[name] = module
    return module

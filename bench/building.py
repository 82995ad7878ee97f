"""What it costs a model to make a request of five-part conditions, filters and updates; in a process of its own.

The verbs are called as they are in a program. Only the last step is left out: the connection answers by itself, and
sends nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from dynamorm import Q
from dynamorm.connection import connection_for

from .items import Sizes
from .measure import best_of, opened

PARTS = ("condition", "filter", "update")


def verbs(model: Any, key: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    return {
        "condition": lambda: model.delete_item(
            conditions=Q(
                title__begins_with="The Art",
                year__gt=1900,
                pages__between=(100, 900),
                language__is_in=("en", "de"),
                lent=False,
            ),
            **key,
        ),
        "filter": lambda: list(
            model.scan(
                title__begins_with="The Art",
                year__gt=1900,
                pages__between=(100, 900),
                tags__contains="computing",
                author__ne="Nobody",
            )
        ),
        "update": lambda: model.update_item(
            title="Another title",
            year__plus=1,
            tags__append=["new"],
            meta__room="store",
            stock__if_not_exists=3,
            **key,
        ),
    }


def main() -> None:
    task = json.loads(sys.argv[1])
    contender = opened(task["name"], task["kind"], task["endpoint"], Sizes())
    sent = []

    def answered(request: Any, sender: Any = None) -> dict[str, Any]:
        sent.append(request.operation)
        return {"Items": [], "Count": 0}

    connection_for().call = answered  # type: ignore[method-assign]
    seconds = {}
    for part, verb in verbs(contender.model, contender.key).items():
        sent.clear()
        verb()
        if len(sent) != 1:
            raise AssertionError(f"{part} made {len(sent)} requests")
        seconds[part] = best_of(verb, task["least"], task["rounds"])
    print(json.dumps({"seconds": seconds}))

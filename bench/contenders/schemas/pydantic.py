"""pydantic."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, create_model

PLAIN = {"string": str, "integer": int, "float": float, "boolean": bool, "datetime": datetime, "map": dict[str, str]}


def schema(described):
    return type("Schema", (), {"__annotations__": annotations(described)})


def annotations(described):
    return {one.name: annotation(one) for one in described}


def annotation(one):
    if one.type == "list":
        plain = list[annotation(one.of)]
    elif one.type == "record":
        plain = create_model(one.name.title(), **{name: (kind, ...) for name, kind in annotations(one.of).items()})
    else:
        plain = PLAIN[one.type]
    for name, *arguments in one.checks:
        if name == "one_of":
            plain = Literal[arguments[0]]
        elif name == "pattern":
            plain = Annotated[plain, Field(pattern=arguments[0])]
        elif name == "range":
            plain = Annotated[plain, Field(ge=arguments[0], le=arguments[1])]
        else:
            plain = Annotated[plain, Field(min_length=arguments[0], max_length=arguments[1])]
    return plain

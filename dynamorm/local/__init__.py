"""DynamoDB on this machine, for tests and for trying things out.

::

    from dynamorm import local

    with local.start() as engine:
        client = boto3.client("dynamodb", endpoint_url=engine.endpoint_url, ...)

Nothing in here needs boto3 or a model: it starts a server, waits until it answers, and sees to it that the
server ends when the program does.
"""

from __future__ import annotations

from .engines import NAMES, Finding, available
from .legacy import DynamoLocal
from .ports import get_random_port
from .process import Engine, start

__all__ = ["NAMES", "DynamoLocal", "Engine", "Finding", "available", "get_random_port", "start"]

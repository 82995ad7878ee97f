"""``DynamoLocal``, as DynamORM 0.11 had it."""

from __future__ import annotations

import logging
import os
import subprocess

from .engines import DynamoDBLocal, Location
from .process import Engine, start

log = logging.getLogger(__name__)


class DynamoLocal:
    """Runs DynamoDB Local out of a directory, or another engine where its jar is not there.

    Nothing is downloaded, and the directory is not made.  ``port`` is where it listens, ``dynamo_proc`` the
    process that keeps it running, ``None`` after :meth:`shutdown`.  New code calls
    :func:`dynamorm.local.start`.

    :raises EngineError: if there is no engine, or it does not start.
    """

    def __init__(self, dynamo_dir: Location, port: int | None = None) -> None:
        self.dynamo_dir = dynamo_dir
        if os.path.isfile(os.path.join(dynamo_dir, DynamoDBLocal.jar)):
            self.engine: Engine = start(DynamoDBLocal.name, port=port or None, directory=dynamo_dir)
        else:
            self.engine = start(port=port or None)
            log.warning(
                "There is no %s in %s: %s was started instead",
                DynamoDBLocal.jar,
                dynamo_dir,
                self.engine.name,
            )
        self.port = self.engine.port
        self.endpoint_url = self.engine.endpoint_url
        self.dynamo_proc: subprocess.Popen[bytes] | None = self.engine.watchdog

    def shutdown(self) -> None:
        """End the engine.  To do so again does nothing."""
        self.engine.stop()
        self.dynamo_proc = None

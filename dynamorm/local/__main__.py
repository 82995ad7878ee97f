"""``python -m dynamorm.local``: an engine in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from ..exceptions import EngineError
from .engines import NAMES
from .process import start


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an engine until a signal or its own end, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dynamorm.local", description="Run DynamoDB on this machine.")
    parser.add_argument("--engine", choices=NAMES, help="which one; otherwise the first that is installed")
    parser.add_argument("--port", type=int, help="where it listens; otherwise a free port")
    parser.add_argument("--path", help="where it keeps its tables; otherwise in memory")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, end)
    try:
        with start(options.engine, options.path, port=options.port) as engine:
            print(engine.endpoint_url, flush=True)
            engine.wait()
            print(f"{engine.name} ended by itself. {engine.last_words}", file=sys.stderr)
            return 1
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def end(number: int, frame: FrameType | None) -> NoReturn:
    """Leave by the usual way, on which the engine is stopped."""
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())

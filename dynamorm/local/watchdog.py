"""Runs one engine, and ends it when the program that asked for it is gone.

Usage: ``python -I -S watchdog.py GRACE COMMAND...``

Standard input is the lifeline: a pipe whose other end only that program holds.  However the program ends, a
SIGKILL included, the operating system closes the pipe, and that is the sign to end the engine.  The engine's
process id is written to standard output; what the engine has to say goes to standard error, which is a file.
``GRACE`` is how many seconds there are between asking the engine to end and forcing it; 0 forces it at once.

This file is run by its path and imports nothing of the package and little of the standard library, because
whoever starts an engine waits for it.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time

TYPE_CHECKING = False  # as ``typing`` has it, whose import would take longer than starting an engine
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

LOG = 2
LOG_LIMIT = 1_000_000
SECONDS_BETWEEN_TRIMS = 60.0

if sys.platform == "win32":
    import subprocess

    def run(command: list[str], grace: float) -> int:
        """Run the command, and return its exit status when it ended."""
        engine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=LOG, stderr=LOG)
        report(engine.pid)
        watch(engine.terminate)
        return engine.wait()

else:
    import ctypes

    PR_SET_PDEATHSIG = 1
    ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def run(command: list[str], grace: float) -> int:
        """Run the command in a process group of its own, and return its exit status when it ended."""
        watchdog = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        engine = os.fork()
        if engine == 0:
            become(command, watchdog)

        def end() -> None:
            if grace:
                signal_group(engine, signal.SIGTERM)
                time.sleep(grace)
            signal_group(engine, signal.SIGKILL)

        def end_on_signal(number: int, frame: object) -> None:
            # Handlers run in the main thread, which has to be free to notice that the engine has ended.
            _thread.start_new_thread(end, ())

        move_to_own_group(engine)
        for number in ENDING_SIGNALS:
            signal.signal(number, end_on_signal)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        report(engine)
        watch(end)
        _, status = os.waitpid(engine, 0)
        # Where the command was only a launcher, what it launched is in the same group.
        signal_group(engine, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(status)
        return 128 - code if code < 0 else code  # as shells say that a signal ended it

    def become(command: list[str], watchdog: int) -> NoReturn:
        """Turn this process, just forked, into the engine."""
        try:
            move_to_own_group(os.getpid())
            die_with(watchdog)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(LOG, 1)
            os.execvp(command[0], command)
        except BaseException as error:
            os.write(LOG, f"{command[0]} cannot be run: {error}\n".encode())
        os._exit(127)

    def die_with(watchdog: int) -> None:
        """Have the kernel, where it can, kill this process when the watchdog itself is killed."""
        if sys.platform != "linux":
            return
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != watchdog:
            os._exit(127)

    def move_to_own_group(process: int) -> None:
        """Make the process leader of a group.  Parent and child both do it, so that none comes too late."""
        try:  # noqa: SIM105 - contextlib takes too long to import
            os.setpgid(process, process)
        except OSError:
            pass

    def signal_group(group: int, number: int) -> None:
        """Send a signal to every process of the group that is left."""
        try:  # noqa: SIM105
            os.killpg(group, number)
        except OSError:
            pass


def watch(end: Callable[[], None]) -> None:
    """Call ``end`` as soon as the lifeline is cut, and keep the log short until then, in the background.

    Only to be called when the engine runs: a process that has threads must not fork.
    """
    _thread.start_new_thread(end_with_lifeline, (end,))
    _thread.start_new_thread(keep_trimming, ())


def end_with_lifeline(end: Callable[[], None]) -> None:
    try:
        while os.read(0, 1):
            pass
    finally:
        end()


def report(engine: int) -> None:
    """Tell the program the engine's process id, and keep nothing open that it might wait for."""
    os.write(1, f"{engine}\n".encode())
    os.dup2(LOG, 1)


def trim(log: int, limit: int) -> None:
    """Empty the log once it is longer than the limit: of what an engine says, only the last words matter."""
    if os.fstat(log).st_size > limit:
        os.ftruncate(log, 0)
        # The engine shares this position, and writes on from here.
        os.lseek(log, 0, os.SEEK_SET)


def keep_trimming() -> None:
    while True:
        time.sleep(SECONDS_BETWEEN_TRIMS)
        trim(LOG, LOG_LIMIT)


if __name__ == "__main__":
    # No interpreter shutdown: threads may still be waiting, and there is nothing to tidy.
    os._exit(run(sys.argv[2:], float(sys.argv[1])) & 0xFF)

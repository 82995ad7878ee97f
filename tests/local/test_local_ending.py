"""Engines end with the program that started them, however it ends, and not before."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from dynamorm import local
from dynamorm.local import process

from .conftest import ASLEEP, PATIENCE

START = f"""
import multiprocessing, os, signal, subprocess, sys, threading, time
from dynamorm import local
ASLEEP = {ASLEEP}
engine = local.start(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
print(engine.pid, engine.watchdog.pid, engine.port, flush=True)
"""

# The engine that it launches waits until its process id is written.
LAUNCHER = """
(while [ ! -e {folder}/pid ]; do sleep 0.01; done; exec {dynoxide} "$@") &
echo $! > {folder}/pid.new
mv {folder}/pid.new {folder}/pid
wait
"""

ENDINGS = {
    "by itself": "",
    "with an exception": "raise RuntimeError",
    "with an exception inside the context": "with engine: raise RuntimeError",
    "by sys.exit": "sys.exit(3)",
    "by os._exit": "os._exit(3)",
    "by abort": "os.abort()",
    "by a SIGTERM": "os.kill(os.getpid(), signal.SIGTERM); time.sleep(ASLEEP)",
    "by a SIGINT": "os.kill(os.getpid(), signal.SIGINT); time.sleep(ASLEEP)",
    "by a SIGHUP": "os.kill(os.getpid(), signal.SIGHUP); time.sleep(ASLEEP)",
    "by a SIGKILL": "os.kill(os.getpid(), signal.SIGKILL); time.sleep(ASLEEP)",
    "by a SIGKILL while a child that it started lives on": (
        "subprocess.Popen(['sleep', str(ASLEEP)], close_fds=False); os.kill(os.getpid(), signal.SIGKILL)"
    ),
    "by becoming another program": "os.execv('/bin/sleep', ['sleep', str(ASLEEP)])",
    "with a thread still running": (
        "threading.Thread(target=time.sleep, args=(ASLEEP,), daemon=True).start(); sys.exit()"
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_engine_is_gone_when_the_program_ends(ending, program, gone, dynoxide):
    one = program(START + ENDINGS[ending], "dynoxide")
    engine, watchdog, _ = one.numbers()
    assert gone(engine)
    assert gone(watchdog)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_moto_is_gone_when_the_program_is_killed(sent, program, gone):
    one = program(START + "time.sleep(ASLEEP)", "moto")
    engine, watchdog, _ = one.numbers()
    one.process.send_signal(sent)
    assert gone(engine)
    assert gone(watchdog)


def test_an_engine_on_a_file_is_gone_too_when_the_program_is_killed(program, gone, dynoxide, tmp_path):
    one = program(START + "time.sleep(ASLEEP)", "dynoxide", str(tmp_path / "books.db"))
    engine, _, _ = one.numbers()
    one.process.kill()
    assert gone(engine)


def test_the_engine_lives_while_the_program_does(program, alive, dynoxide):
    one = program(START + "time.sleep(ASLEEP)", "dynoxide")
    engine, watchdog, _ = one.numbers()
    time.sleep(0.5)
    assert alive(engine)
    assert alive(watchdog)


def test_the_engine_outlives_the_thread_that_started_it(dynoxide):
    started: list[local.Engine] = []
    thread = threading.Thread(target=lambda: started.append(local.start("dynoxide")))
    thread.start()
    thread.join()
    with started[0] as engine:
        time.sleep(0.2)
        assert engine.answers()


def test_ctrl_c_at_the_terminal_leaves_the_engine_to_the_program(program, alive, gone, dynoxide):
    one = program("import signal; signal.signal(2, signal.SIG_IGN)" + START + "time.sleep(ASLEEP)", "dynoxide")
    engine, watchdog, _ = one.numbers()
    os.killpg(one.process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert alive(engine)
    assert alive(watchdog)
    one.process.kill()
    assert gone(engine)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
class TestAfterAFork:
    def test_a_child_that_lives_on_does_not_keep_the_engine(self, program, gone, alive, dynoxide):
        one = program(
            START + "child = os.fork() or time.sleep(ASLEEP)\nprint(child, flush=True); os._exit(0)", "dynoxide"
        )
        engine, _, _ = one.numbers()
        (child,) = one.numbers()
        try:
            assert gone(engine)
            assert alive(child)
        finally:
            os.kill(child, signal.SIGKILL)

    @pytest.mark.parametrize("ending", ["sys.exit()", "engine.stop()", "local.process._stop_all()"])
    def test_a_child_does_not_end_its_parents_engine(self, ending, program, alive, dynoxide):
        one = program(
            START + f"child = os.fork()\nif not child: {ending}; sys.exit()\n"
            "print(os.waitpid(child, 0)[1], engine.is_running, engine.answers(), sep='\\n', flush=True)\n"
            "engine.stop()",
            "dynoxide",
        )
        one.numbers()
        output, errors = one.rest(PATIENCE)
        assert (output.split(), errors) == (["0", "True", "True"], "")

    def test_a_child_can_use_its_parents_engine(self, program, dynoxide):
        one = program(
            START + "child = os.fork()\nif not child: print(engine.is_running, engine.answers(), flush=True)\n"
            "else: os.waitpid(child, 0)",
            "dynoxide",
        )
        one.numbers()
        output, errors = one.rest(PATIENCE)
        assert (output.split(), errors) == (["True", "True"], "")

    def test_a_child_can_have_an_engine_of_its_own(self, program, gone, alive, dynoxide):
        one = program(
            START + "if not os.fork():\n"
            "    mine = local.start('dynoxide'); print(mine.pid, os.getpid(), flush=True); time.sleep(ASLEEP)\n"
            "time.sleep(ASLEEP)",
            "dynoxide",
        )
        engine, _, _ = one.numbers()
        mine, child = one.numbers()
        os.kill(child, signal.SIGKILL)
        assert gone(mine)
        assert alive(engine)

    @pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
    def test_workers_of_multiprocessing_do_not_end_it(self, method, program, dynoxide, tmp_path):
        one = program(
            START + f"with multiprocessing.get_context('{method}').Pool(2) as pool: pool.map(abs, [1, 2])\n"
            "print(engine.answers(), flush=True)",
            "dynoxide",
        )
        one.numbers()
        output, errors = one.rest(PATIENCE)
        assert (output.split(), errors) == (["True"], "")


def test_a_watchdog_that_is_asked_to_end_ends_the_engine(dynoxide, gone):
    engine = local.start("dynoxide")
    os.kill(engine.watchdog.pid, signal.SIGTERM)
    assert gone(engine.pid)
    assert not engine.answers()
    engine.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_a_watchdog_that_is_killed_takes_the_engine_along(dynoxide, gone):
    engine = local.start("dynoxide")
    os.kill(engine.watchdog.pid, signal.SIGKILL)
    assert gone(engine.pid)
    engine.stop()


def test_stop_ends_the_engine_and_can_be_repeated(installed, gone):
    engine = local.start(installed)
    engine.stop()
    assert gone(engine.pid, 0)
    assert not engine.is_running
    assert not engine.answers()
    assert engine.last_words == ""
    engine.stop()


def test_the_end_of_a_with_block_stops_the_engine(dynoxide, alive):
    with local.start("dynoxide") as engine:
        assert alive(engine.pid)
    assert not alive(engine.pid)


def test_an_exception_in_a_with_block_stops_the_engine_and_goes_on(dynoxide, alive):
    with pytest.raises(ZeroDivisionError), local.start("dynoxide") as engine:
        raise ZeroDivisionError
    assert not alive(engine.pid)


def test_an_engine_that_ended_by_itself_is_known_not_to_run_and_can_be_stopped(dynoxide):
    with local.start("dynoxide") as engine:
        os.kill(engine.pid, signal.SIGKILL)
        assert engine.wait(PATIENCE) == 128 + signal.SIGKILL
        assert not engine.is_running


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_a_launcher_launched_ends_with_it(end, dynoxide, script, tmp_path, gone):
    script(LAUNCHER.format(dynoxide=dynoxide, folder=tmp_path))
    with local.start("dynoxide") as engine:
        launched = int((tmp_path / "pid").read_text())
        assert launched != engine.pid
        if end == "kill":
            os.kill(engine.pid, signal.SIGKILL)
            assert gone(launched)
    assert gone(launched)


def test_what_a_launcher_launched_is_ended_by_stop_though_the_watchdog_was_killed(dynoxide, script, tmp_path, gone):
    script(LAUNCHER.format(dynoxide=dynoxide, folder=tmp_path))
    engine = local.start("dynoxide")
    os.kill(engine.watchdog.pid, signal.SIGKILL)
    engine.stop()
    assert gone(int((tmp_path / "pid").read_text()))


def test_an_engine_on_a_file_is_asked_before_it_is_forced(dynoxide, script, tmp_path, monkeypatch, gone):
    script(f'trap "echo asked > {tmp_path}/asked; exit" TERM; {dynoxide} "$@" & while true; do wait; done')
    monkeypatch.setattr(process, "SECONDS_TO_CLOSE_FILES", PATIENCE)
    monkeypatch.setattr(process, "SECONDS_TO_BE_GONE", PATIENCE)
    engine = local.start("dynoxide", tmp_path / "books.db")
    engine.stop()
    assert (tmp_path / "asked").exists()
    assert gone(engine.pid, 0)


def test_an_engine_on_a_file_that_does_not_do_what_it_is_asked_is_forced(dynoxide, script, tmp_path, monkeypatch, gone):
    script(f'trap "" TERM; {dynoxide} "$@" & while true; do sleep 0.01; done')
    monkeypatch.setattr(process, "SECONDS_TO_CLOSE_FILES", 0.3)
    monkeypatch.setattr(process, "SECONDS_TO_BE_GONE", PATIENCE)
    engine = local.start("dynoxide", tmp_path / "books.db")
    engine.stop()
    assert gone(engine.pid, 0)


def test_a_watchdog_that_hangs_is_given_up(dynoxide, monkeypatch, gone):
    monkeypatch.setattr(process, "SECONDS_TO_BE_GONE", 0.3)
    engine = local.start("dynoxide")
    os.kill(engine.watchdog.pid, signal.SIGSTOP)
    engine.stop()
    assert gone(engine.pid)

"""What runs beside a statement of a database: Ctrl-C at any moment, twice, and in time."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from kzexpert.engines.sql.store.watch import Watch, apart


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def stuck() -> None:
    """Work that does not stop when it is told to."""
    time.sleep(2.0)


def interrupted_and_stuck() -> None:
    ctrl_c()
    stuck()


def test_what_goes_wrong_apart_comes_back() -> None:
    def fail() -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        apart(fail, lambda: None, lambda: None)
    done: list[str] = []
    apart(lambda: done.append("done"), lambda: None, lambda: done.append("abandoned"))
    assert done == ["done"]


def test_work_that_stops_is_not_abandoned() -> None:
    told = threading.Event()
    heard: list[str] = []

    def work() -> None:
        ctrl_c()
        told.wait(60)

    with pytest.raises(KeyboardInterrupt):
        apart(work, told.set, lambda: heard.append("abandoned"))
    assert (told.is_set(), heard) == (True, [])


@pytest.mark.parametrize("again", [lambda: None, ctrl_c], ids=["once", "twice"])
def test_work_that_does_not_stop_is_abandoned(again: Callable[[], None]) -> None:
    heard: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        apart(interrupted_and_stuck, again, lambda: heard.append("abandoned"))
    assert heard == ["abandoned"]


@pytest.mark.parametrize("stops", [True, False])
def test_work_that_takes_too_long(stops: bool) -> None:
    told = threading.Event()
    heard: list[str] = []

    def work() -> None:
        told.wait(60)

    with pytest.raises(TimeoutError):
        apart(work if stops else stuck, told.set, lambda: heard.append("abandoned"), lambda: True)
    assert heard == ([] if stops else ["abandoned"])


def test_an_interrupt_while_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def interrupted(self: threading.Thread) -> None:
        start(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    heard: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        apart(stuck, lambda: None, lambda: heard.append("abandoned"))
    assert heard == ["abandoned"]


def test_a_watch_interrupts_again_and_again_when_time_is_up() -> None:
    interrupts: list[float] = []
    with Watch(lambda: interrupts.append(time.monotonic()), seconds=0.05) as watch:
        time.sleep(0.6)
    assert watch.late
    assert len(interrupts) > 1


def test_of_two_watches_both_hear_a_signal() -> None:
    heard: set[str] = set()
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with Watch(lambda: heard.add("outer")):
            with Watch(lambda: heard.add("first")):
                pass
            with Watch(lambda: heard.add("inner")):
                ctrl_c()
                time.sleep(0.5)
            assert heard == {"outer", "inner"}
            heard.clear()
            time.sleep(0.3)
            assert heard == {"outer"}
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGINT, before)


_IN_AN_EVENT_LOOP = """
import asyncio, signal
from kzexpert.engines.sql.store.watch import Watch

async def watched():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: None)
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    with Watch(lambda: None, seconds=60):
        pass
    after = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(after)
    asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
    assert before == after != -1, (before, after)

asyncio.run(watched())
assert signal.set_wakeup_fd(-1) == -1
"""


def test_a_watch_leaves_signals_to_an_event_loop() -> None:
    """In a process of its own: a browser of other tests may have a loop running in this one."""
    ran = subprocess.run([sys.executable, "-c", _IN_AN_EVENT_LOOP], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")

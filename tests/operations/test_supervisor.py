"""The supervisor alone, with small programs in the place of the product's."""

import io
import os
import signal
import sys
import threading
import time

import psutil
import pytest

from bizsuite.operations.supervisor import (
    FIRST_DELAY_SECONDS,
    LONGEST_DELAY_SECONDS,
    SETTLED_AFTER_SECONDS,
    Program,
    Slot,
    Supervisor,
)
from tests.operations.conftest import is_running

SLEEPER = "import time; time.sleep(60)"
# Ignores SIGTERM and starts a child that does too.
STUBBORN = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    f"subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); print('up', flush=True); time.sleep(60)"
)


def program(name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-c", code])


def supervise(programs: list[Program], on_tick) -> str:
    """Run until `on_tick(supervisor)` is true, as if by SIGTERM; returns the log."""
    log = io.BytesIO()
    supervisor = Supervisor(programs, environment=os.environ, log=log)

    def tick() -> None:
        if on_tick(supervisor):
            os.kill(os.getpid(), signal.SIGTERM)

    supervisor.run(on_tick=tick)
    return log.getvalue().decode()


def after(seconds: float):
    deadline = time.monotonic() + seconds
    return lambda supervisor: time.monotonic() > deadline


def test_each_restart_waits_twice_as_long_up_to_a_limit():
    slot = Slot(program("web", SLEEPER))
    delays = [slot.plan_restart(status=1, lived_seconds=0.1, now=100.0) for _ in range(9)]
    assert delays[:4] == [FIRST_DELAY_SECONDS * factor for factor in (1, 2, 4, 8)]
    assert delays[-2:] == [LONGEST_DELAY_SECONDS] * 2
    assert slot.start_at == 100.0 + LONGEST_DELAY_SECONDS


def test_a_program_that_lived_a_while_is_restarted_quickly_again():
    slot = Slot(program("web", SLEEPER))
    for _ in range(5):
        slot.plan_restart(status=1, lived_seconds=0.1, now=0.0)
    again = slot.plan_restart(status=1, lived_seconds=SETTLED_AFTER_SECONDS, now=0.0)
    assert again == FIRST_DELAY_SECONDS


def test_a_program_that_is_killed_does_not_wait_longer_for_it():
    slot = Slot(program("worker", SLEEPER))

    def delay_after(status: int) -> float:
        return slot.plan_restart(status=status, lived_seconds=0.1, now=0.0)

    assert {delay_after(-signal.SIGKILL) for _ in range(10)} == {FIRST_DELAY_SECONDS}
    assert [delay_after(1), delay_after(-signal.SIGKILL), delay_after(-signal.SIGSEGV)] == [
        FIRST_DELAY_SECONDS,
        FIRST_DELAY_SECONDS * 2,
        FIRST_DELAY_SECONDS * 2,
    ]
    assert delay_after(1) == FIRST_DELAY_SECONDS * 4


def test_output_carries_the_programs_names_also_without_a_last_newline():
    log = supervise(
        [
            program("one", "print('first'); print('second', end='')"),
            program("two", "import sys; sys.stderr.write('third\\n')"),
        ],
        lambda supervisor: supervisor.log.getvalue().count(b"ended") >= 2,
    )
    assert "one       | first\n" in log
    assert "one       | second\n" in log
    assert "two       | third\n" in log


def test_a_program_that_ends_is_started_again():
    log = supervise(
        [program("web", "print('started'); raise SystemExit(3)")],
        lambda supervisor: supervisor.log.getvalue().count(b"started") == 2,
    )
    assert "web       | ended (exit code 3); starting again in 0.5 s\n" in log


def test_what_a_dead_program_left_behind_is_killed_before_the_restart():
    orphans = []

    def kill_leader(supervisor: Supervisor) -> bool:
        leader = supervisor.slots[0].child
        if not orphans and leader and b"up" in supervisor.log.getvalue():
            orphans.extend(psutil.Process(leader.process.pid).children())
            leader.process.kill()
        return supervisor.log.getvalue().count(b"up") == 2

    supervise([program("web", STUBBORN)], kill_leader)
    assert len(orphans) == 1
    assert not is_running(orphans[0])


def test_who_does_not_stop_in_time_is_killed_with_its_children(monkeypatch):
    monkeypatch.setattr("bizsuite.operations.supervisor.GRACE_SECONDS", 0.3)
    processes = []

    def when_up(supervisor: Supervisor) -> bool:
        leader = psutil.Process(supervisor.slots[0].child.process.pid)
        processes[:] = [leader, *leader.children()]
        return b"up" in supervisor.log.getvalue()

    log = supervise([program("web", STUBBORN)], when_up)
    assert len(processes) == 2
    assert not any(map(is_running, processes))
    assert "web       | did not stop in time and was killed\n" in log


def test_stopping_does_not_wait_when_all_follow_at_once():
    started = time.monotonic()
    supervise([program("one", SLEEPER), program("two", SLEEPER)], after(0.3))
    assert time.monotonic() - started < 2


def test_a_log_that_went_away_does_not_stop_anything():
    class Gone(io.BytesIO):
        def write(self, data) -> int:
            raise BrokenPipeError

    supervisor = Supervisor(
        [program("web", "print('started'); raise SystemExit(3)")],
        environment=os.environ,
        log=Gone(),
    )
    stop = after(0.4)
    supervisor.run(on_tick=lambda: stop(supervisor) and os.kill(os.getpid(), signal.SIGTERM))
    assert supervisor.slots[0].child is None


def test_the_signal_handlers_of_before_are_back_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    supervise([program("web", SLEEPER)], after(0))
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.fixture(autouse=True)
def _in_the_main_thread() -> None:
    assert threading.current_thread() is threading.main_thread()

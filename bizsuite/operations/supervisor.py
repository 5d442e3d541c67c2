"""Keeps the product's programs running side by side, and stops them together."""

import contextlib
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import IO, BinaryIO

from bizsuite.operations.processes import adopt_orphans, kill_group, start_group

TICK_SECONDS = 0.2
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
# Who lived this long did not fail to start: the next restart is quick again.
SETTLED_AFTER_SECONDS = 20.0
# Half of the five seconds that stopping may take in all: a busy machine needs the rest itself.
GRACE_SECONDS = 2.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """A command to keep running. `keep_open` lists the file descriptors that it inherits."""

    name: str
    command: Sequence[str]
    keep_open: Sequence[int] = ()


class Child:
    """One running process of a program."""

    def __init__(self, program: Program, environment: Mapping[str, str]) -> None:
        self.name = program.name
        self.started_at = time.monotonic()
        self.process: subprocess.Popen[bytes] = start_group(
            program.command, environment=environment, keep_open=program.keep_open
        )
        assert self.process.stdout is not None
        self.output: IO[bytes] = self.process.stdout
        self._unfinished_line = b""

    def read_lines(self) -> list[bytes] | None:
        """The lines written since the last call; None when there will be no more."""
        data = self.output.read(65536)
        if data == b"":
            return None
        *lines, self._unfinished_line = (self._unfinished_line + (data or b"")).split(b"\n")
        return lines

    def last_words(self) -> list[bytes]:
        """What a dead process had still to say."""
        lines = []
        while more := self.read_lines():
            lines += more
        return [*lines, self._unfinished_line] if self._unfinished_line else lines


class Slot:
    """The place of one program: its child if it runs, else when to start it again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.child: Child | None = None
        self.start_at = 0.0
        self._delay_seconds = FIRST_DELAY_SECONDS

    def plan_restart(self, *, status: int, lived_seconds: float, now: float) -> float:
        """Choose when to start again; twice as late each time that it ended by itself. Returns
        the seconds until then.

        Who was killed with 9, by the kernel for want of memory or by a person, has not failed to
        start: it does not wait longer for having been killed before.
        """
        if lived_seconds >= SETTLED_AFTER_SECONDS:
            self._delay_seconds = FIRST_DELAY_SECONDS
        delay = self._delay_seconds
        self.start_at = now + delay
        if status != -signal.SIGKILL:
            self._delay_seconds = min(delay * 2, LONGEST_DELAY_SECONDS)
        return delay


class Supervisor:
    """Runs programs until SIGINT, SIGTERM or SIGHUP.

    environment: what the programs see. log: where their output goes, each line named after its
    program.
    """

    def __init__(
        self, programs: Sequence[Program], *, environment: Mapping[str, str], log: BinaryIO
    ) -> None:
        self.slots = [Slot(program) for program in programs]
        self.environment = environment
        self.log = log
        self.selector = selectors.DefaultSelector()
        self.stop_requests = 0

    def run(self, *, on_tick: Callable[[], None]) -> None:
        """Start all, keep them running, return when all are stopped.

        `on_tick` is called about five times a second and must not take long.
        """
        adopt_orphans()
        earlier = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        for number, handler in earlier.items():
            if handler is not signal.SIG_IGN:  # nohup means: outlive the terminal
                signal.signal(number, self._request_stop)
        try:
            while not self.stop_requests:
                self._start_due(time.monotonic())
                self._pass_output_on(TICK_SECONDS)
                self._bury_dead(time.monotonic())
                on_tick()
        finally:
            self._stop_all()
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_requests += 1

    def _start_due(self, now: float) -> None:
        for slot in self.slots:
            if slot.child is None and now >= slot.start_at:
                slot.child = Child(slot.program, self.environment)
                self.selector.register(slot.child.output, selectors.EVENT_READ, slot.child)

    def _bury_dead(self, now: float) -> None:
        for slot in self.slots:
            child = slot.child
            if child is None or child.process.poll() is None:
                continue
            self._kill(child)  # its own children may have survived it
            slot.child = None
            status = child.process.returncode
            lived_seconds = now - child.started_at
            delay = slot.plan_restart(status=status, lived_seconds=lived_seconds, now=now)
            cause = _describe(status)
            self._write(child.name, f"ended ({cause}); starting again in {delay:g} s".encode())

    def _stop_all(self) -> None:
        """Ask politely, wait a little, then kill every group."""
        children = [slot.child for slot in self.slots if slot.child]
        for child in children:
            child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        impatient = self.stop_requests + 1  # a second Ctrl-C does not wait
        while time.monotonic() < deadline and self.stop_requests < impatient:
            if all(child.process.poll() is not None for child in children):
                break
            self._pass_output_on(0.05)
        for child in children:
            in_time = child.process.poll() is not None
            self._kill(child)
            if not in_time:
                self._write(child.name, b"did not stop in time and was killed")
        for slot in self.slots:
            slot.child = None

    def _kill(self, child: Child) -> None:
        kill_group(child.process)
        for line in child.last_words():
            self._write(child.name, line)
        self._stop_listening(child)
        child.output.close()

    def _pass_output_on(self, timeout_seconds: float) -> None:
        if not self.selector.get_map():
            time.sleep(timeout_seconds)  # an empty selector may return at once
            return
        for key, _ in self.selector.select(timeout_seconds):
            child: Child = key.data
            lines = child.read_lines()
            if lines is None:
                self._stop_listening(child)
            for line in lines or []:
                self._write(child.name, line)

    def _stop_listening(self, child: Child) -> None:
        if child.output in self.selector.get_map():
            self.selector.unregister(child.output)

    def _write(self, name: str, line: bytes) -> None:
        # A terminal that went away is no reason to stop, nor to stop stopping.
        with contextlib.suppress(OSError):
            self.log.write(f"{name:<9} | ".encode() + line + b"\n")
            self.log.flush()


def _describe(status: int) -> str:
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit code {status}"

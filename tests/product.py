"""The real product as a program: `manage.py up` with a data directory and a database of its own."""

import contextlib
import os
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import redis

from bizsuite.operations.processes import die_with_parent
from tests import migrated
from tests.programs import clean_environment, execute, manage

START_SECONDS = 60
STOP_SECONDS = 15


class Product:
    """A running installation.

    url: where it answers, without a slash at the end. key: an administrator's API key.
    data_dir: its data directory. env: what its programs see.
    """

    def __init__(self, data_dir: Path, env: Mapping[str, str], *, workers: int) -> None:
        self.data_dir = data_dir
        self.env = dict(env)
        self.workers = workers
        self.url = ""
        self.output = data_dir.with_name(f"{data_dir.name}.out")
        self.log = data_dir.with_name(f"{data_dir.name}.log")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> str:
        text = (self.data_dir / "first-login.txt").read_text()
        match = re.search(r"API key\s+(\S+)", text)
        assert match
        return match[1]

    def start(self) -> None:
        """Start it, on the address it had before if it ran before, and wait until it is ready."""
        bind = urlsplit(self.url).netloc or "127.0.0.1:0"
        parent_id = os.getpid()
        with self.output.open("wb") as output, self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*manage("up"), "--bind", bind, "--workers", str(self.workers)],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: _become_a_program_of_its_own(parent_id),
            )
        self.url = self._wait_until_ready()

    def stop(self) -> int:
        """Ask it to stop; returns its exit code. Whatever should be left is killed."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            for process in self.processes():
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self.process.wait()

    def restart(self, *, workers: int | None = None, env: Mapping[str, str] | None = None) -> None:
        """Stop and start it at the same address, with another number of web processes or more
        environment."""
        self.stop()
        self.workers = workers or self.workers
        self.env |= env or {}
        self.start()

    def manage(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a manage.py command on this installation."""
        return subprocess.run(
            manage(*arguments), env=self.env, input=stdin, capture_output=True, text=True
        )

    def processes(self) -> list[psutil.Process]:
        """All that run with this data directory, whoever their parents are."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def programs(self) -> dict[str, psutil.Process]:
        """The leading process of each supervised program: web, worker and scheduler."""
        assert self.process is not None
        marks = {"web": "gunicorn", "worker": "worker", "scheduler": "beat"}
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                # Not the orphans of a program that has just died, which the supervisor adopts.
                if child.status() == psutil.STATUS_ZOMBIE or os.getsid(child.pid) != child.pid:
                    continue
                command = child.cmdline()
                found |= {name: child for name, mark in marks.items() if mark in command}
        return found

    def _owns(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get("BIZSUITE_DATA_DIR") == str(self.data_dir)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def _wait_until_ready(self) -> str:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if match := re.search(r"^ready (\S+)\n", self.output.read_text(), re.MULTILINE):
                return match[1]
            time.sleep(0.05)
        said = self.output.read_text() + self.log.read_text()
        raise AssertionError(f"The product did not become ready:\n{said}")


def _become_a_program_of_its_own(parent_id: int) -> None:
    # Should the tests be killed, it goes with them.
    die_with_parent(parent_id)
    # Of tests that run in the background (`make test &`) it would inherit that Ctrl-C is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def installation(
    folder: Path,
    *,
    workers: int = 2,
    env: Mapping[str, str] | None = None,
    is_migrated: bool = True,
) -> Iterator[Product]:
    """A product that was never started: state in `folder`, servers as the tests have them.

    is_migrated: whether its tables are there already, which saves the first start some seconds.
    """
    data_dir = folder / "data"
    with _fresh_database(data_dir, is_migrated=is_migrated) as database, _fresh_redis() as broker:
        environment = {"BIZSUITE_DATA_DIR": str(data_dir)} | database | broker | (env or {})
        product = Product(data_dir, clean_environment() | environment, workers=workers)
        try:
            yield product
        finally:
            if product.process is not None:
                product.stop()


@contextlib.contextmanager
def running_product(
    folder: Path, *, workers: int = 2, env: Mapping[str, str] | None = None
) -> Iterator[Product]:
    with installation(folder, workers=workers, env=env) as product:
        product.start()
        yield product


@contextlib.contextmanager
def _fresh_database(data_dir: Path, *, is_migrated: bool) -> Iterator[dict[str, str]]:
    """On SQLite the file is in the data directory; else a database on the server."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        if is_migrated:
            migrated.copy_data_directory(data_dir)
        yield {}
        return
    name = f"product_{uuid.uuid4().hex}"
    if is_migrated:
        migrated.create_database(server, name)
    else:
        execute(server, f"CREATE DATABASE {name}")
    try:
        yield {"DATABASE_URL": migrated.at(server, name)}
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def _fresh_redis() -> Iterator[dict[str, str]]:
    """Nothing without Redis; else a database of the server that no other product uses."""
    server = os.environ.get("REDIS_URL", "")
    if not server:
        yield {}
        return
    for number in range(1, 16):
        url = urlsplit(server)._replace(path=f"/{number}").geturl()
        with contextlib.closing(redis.from_url(url)) as client:
            if client.dbsize() == 0 and client.set("taken-by-tests", os.getpid(), nx=True):
                try:
                    yield {"REDIS_URL": url}
                finally:
                    client.flushdb()
                return
    raise AssertionError("No empty database is left on the Redis server")

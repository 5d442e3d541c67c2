"""Programs that are killed, and stopping: nothing is left behind, and the product comes back."""

import os
import signal
import socket
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from tests.operations.conftest import is_running
from tests.product import Product

STOP_CEILING_SECONDS = 5


def wait_for(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        time.sleep(0.05)


def api_status(product: Product) -> int:
    return httpx.get(
        f"{product.url}/api/v2/customers", headers={"X-API-Key": product.key}, timeout=15
    ).status_code


def send_and_measure(product: Product, number: int) -> float:
    """The seconds from the signal to the end."""
    started = time.monotonic()
    os.kill(product.process.pid, number)
    assert product.process.wait(15) == 0
    return time.monotonic() - started


@pytest.mark.parametrize("name", ["web", "worker", "scheduler"])
def test_a_program_killed_with_9_is_started_again_and_leaves_no_orphan(own_product, name):
    programs = own_product.programs()
    family = [programs[name], *programs[name].children(recursive=True)]
    programs[name].kill()

    wait_for(
        lambda: own_product.programs().get(name, programs[name]) != programs[name],
        seconds=15,
        what=f"the restart of {name}",
    )
    assert not any(map(is_running, family))
    others = {other: process for other, process in programs.items() if other != name}
    assert others.items() <= own_product.programs().items()
    # Requests that come meanwhile wait in the listening socket, which the supervisor holds.
    assert api_status(own_product) == 200


def test_sigterm_stops_all(own_product):
    assert len(own_product.processes()) >= 4
    assert send_and_measure(own_product, signal.SIGTERM) < STOP_CEILING_SECONDS
    assert own_product.processes() == []
    assert own_product.output.read_text().endswith("stopped\n")


def test_a_later_start_makes_no_second_administrator(own_product):
    key = own_product.key
    text = (own_product.data_dir / "first-login.txt").read_text()
    own_product.restart()
    assert (own_product.data_dir / "first-login.txt").read_text() == text
    assert own_product.key == key
    assert own_product.output.read_text() == f"ready {own_product.url}\n"


def test_sigterm_stops_all_though_every_program_was_just_killed_with_9(own_product):
    programs = own_product.programs()
    family = own_product.processes()
    assert len(programs) == 3
    for process in programs.values():
        process.kill()
    assert send_and_measure(own_product, signal.SIGTERM) < STOP_CEILING_SECONDS
    assert not any(map(is_running, family))
    assert own_product.processes() == []


def test_ctrl_c_stops_all_though_a_client_is_still_sending(own_product):
    address = httpx.URL(own_product.url)
    with (
        httpx.Client() as idle,
        closing(socket.create_connection((address.host, address.port))) as slow,
    ):
        idle.get(f"{own_product.url}/api/v2/")  # its connection stays open
        slow.sendall(b"POST /api/v2/customers HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        assert send_and_measure(own_product, signal.SIGINT) < STOP_CEILING_SECONDS
    assert own_product.processes() == []


def test_nothing_outlives_a_supervisor_killed_with_9(own_product):
    own_product.process.kill()
    own_product.process.wait()
    wait_for(lambda: not own_product.processes(), seconds=5, what="the end of all programs")
    own_product.start()  # neither the port nor the data directory is still taken
    assert api_status(own_product) == 200


@pytest.mark.skipif("os.environ.get('DATABASE_URL')", reason="only SQLite files are copied aside")
def test_the_sqlite_database_is_copied_aside_before_it_is_migrated(own_product):
    own_product.stop()
    assert not (own_product.data_dir / "backups").exists()
    undone = own_product.manage("migrate", "sessions", "zero")
    assert undone.returncode == 0, undone.stderr
    own_product.start()

    [copy] = (own_product.data_dir / "backups").iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert f"Copied the database to {copy}" in own_product.output.read_text()
    assert "django_session" not in tables(copy)
    assert "django_session" in tables(own_product.data_dir / "bizsuite.sqlite3")
    assert tables(copy) >= {"identity_user", "customers_customer"}


def tables(path: os.PathLike[str]) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master")}

"""`make test` itself: a leg that cannot run, or runs nothing, is a failure and says so."""

import subprocess
import sys
from collections import Counter

import psycopg2
import pytest
import redis

from tests import run_legs, servers
from tests.programs import ROOT, clean_environment
from tests.run_legs import Result, run_leg, summarise
from tests.servers import ServerMissing, private_postgres, private_redis


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.run_legs", *arguments],
        cwd=ROOT,
        env=clean_environment() | env,
        capture_output=True,
        text=True,
    )


def test_a_server_that_is_missing_fails_the_leg_loudly(monkeypatch):
    def missing(folder):
        raise ServerMissing("no PostgreSQL")

    monkeypatch.setattr(servers, "_postgres_binaries", missing)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    result = run_leg("postgres", [])
    assert not result.passed
    assert summarise({"postgres": result}) == (
        "\nPostgreSQL + Redis: COULD NOT RUN: no PostgreSQL\n"
        "0 passed, 0 failed, 1 leg(s) did not run"
    )


def test_a_url_of_another_kind_of_server_fails_the_leg():
    done = run("--leg", "postgres", DATABASE_URL="sqlite:///x.sqlite3")
    assert done.returncode == 1
    assert "COULD NOT RUN: DATABASE_URL names no postgres server" in done.stdout
    assert done.stdout.endswith("0 passed, 0 failed, 1 leg(s) did not run\n")


def test_a_selection_that_selects_nothing_fails():
    done = run(
        "--leg", "sqlite", "--", "tests/operations/test_listening.py", "-k", "nosuchtest", "-n0"
    )
    assert done.returncode == 1
    assert "SQLite: FAILED with exit code 5" in done.stdout


def test_the_counts_of_the_legs_add_up_and_one_failure_fails_the_whole(monkeypatch, capsys):
    results = iter(
        [
            Result(True, "3 passed in 1s", Counter(passed=3)),
            Result(False, "FAILED", Counter(passed=1, failed=1, error=1, skipped=4)),
        ]
    )
    monkeypatch.setattr(run_legs, "run_leg", lambda name, arguments: next(results))
    monkeypatch.setattr(sys, "argv", ["run_legs"])
    monkeypatch.setattr(run_legs.signal, "signal", lambda *ignored: None)
    assert run_legs.main() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "4 passed, 2 failed, 4 skipped"


def test_a_private_server_is_gone_afterwards_with_its_folder(monkeypatch):
    folders = []
    make = servers.tempfile.mkdtemp
    monkeypatch.setattr(
        servers.tempfile,
        "mkdtemp",
        lambda **options: folders.append(make(**options)) or folders[-1],
    )
    with private_redis() as url:
        assert redis.from_url(url).ping()
    with pytest.raises(redis.ConnectionError):
        redis.from_url(url).ping()
    assert len(folders) == 1
    assert not servers.Path(folders[0]).exists()


def test_the_servers_that_the_requirements_bring_along_work_too(monkeypatch):
    monkeypatch.setattr(servers.shutil, "which", lambda name: None)
    monkeypatch.setattr(servers.Path, "glob", lambda self, pattern: iter(()))
    with private_postgres() as url:
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT upper('ä')")
            assert cursor.fetchone() == ("Ä",)
        connection.close()
    with private_redis() as url:
        assert redis.from_url(url).ping()

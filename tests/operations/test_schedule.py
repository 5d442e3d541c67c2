"""The scheduler's file may be damaged, and the scheduler starts."""

import dbm.dumb
import shelve
from pathlib import Path

import pytest
from django.conf import settings

from bizsuite.celery import app
from bizsuite.operations.schedule import Scheduler


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    """Of a file as a scheduler leaves it, in the format that is everywhere."""
    monkeypatch.setattr(
        Scheduler,
        "persistence",
        type("Format", (), {"open": staticmethod(lambda name, **how: shelf(name, **how))}),
    )
    start(tmp_path / "schedule")
    return tmp_path / "schedule"


def shelf(name: str, **how: bool) -> shelve.Shelf:
    return shelve.Shelf(dbm.dumb.open(name, "c"), **how)


def start(path: Path) -> set[str]:
    """The names of what a new scheduler will do."""
    scheduler = Scheduler(app, schedule_filename=str(path), lazy=True)
    scheduler.setup_schedule()
    names = set(scheduler.schedule)
    scheduler.close()
    return names


@pytest.mark.parametrize("left", [0, 100, 600, 1500, 2100, 3000])
@pytest.mark.parametrize("suffix", [".dat", ".dir"])
def test_a_file_of_which_only_the_beginning_was_written_does_not_keep_it_from_starting(
    path, suffix, left
):
    damaged = path.with_suffix(suffix)
    damaged.write_bytes(damaged.read_bytes()[:left])
    assert start(path) >= set(settings.CELERY_BEAT_SCHEDULE)


def test_what_ran_when_is_kept_where_nothing_is_damaged(path):
    before = shelf(str(path))["entries"]["prune-webhooks"].last_run_at
    assert start(path) >= set(settings.CELERY_BEAT_SCHEDULE)
    assert shelf(str(path))["entries"]["prune-webhooks"].last_run_at == before

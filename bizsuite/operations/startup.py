"""`manage.py up`: prepare the database, then run the product until it is told to stop."""

import http.client
import os
import socket
import sys
from contextlib import closing
from typing import BinaryIO, TextIO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from bizsuite.operations.bootstrap import bootstrap
from bizsuite.operations.instance_lock import only_instance
from bizsuite.operations.listening import local_url, open_listener
from bizsuite.operations.sandbox import print_login
from bizsuite.operations.sqlite_copy import copy_before_migrating
from bizsuite.operations.supervisor import Program, Supervisor
from bizsuite.public_address import THIS_MACHINE
from bizsuite.sandbox.resetting import in_sandbox, is_marked, make_sandbox, require_no_installation

PROBE_PATH = f"{settings.API_PREFIX}/"


def start_product(*, bind: str, workers: int, out: TextIO, log: BinaryIO) -> None:
    """Run the product at `bind` until SIGINT or SIGTERM. Raises CommandError in plain words."""
    with only_instance(settings.DATA_DIR), closing(open_listener(bind)) as listener:
        url = local_url(listener)
        prepare_database(url, out)
        # The programs open their own; the supervisor needs none while it waits.
        connections.close_all()
        supervisor = Supervisor(programs(listener, workers), environment=environment(url), log=log)
        supervisor.run(on_tick=Announcement(url, out))
        out.write("stopped\n")


def prepare_database(url: str, out: TextIO) -> None:
    """Bring the tables up to date, with a copy of the database aside, and make the first login.

    Raises NotASandbox when a sandbox would run on people's data, and CommandError when people
    would work on data that is thrown away every day.
    """
    if in_sandbox():
        require_no_installation()
    elif is_marked():
        raise CommandError(
            "This database is a sandbox's, which is reset every day. Start it with --sandbox."
        )
    copy = copy_before_migrating(settings.DATA_DIR, now=timezone.now())
    if copy:
        out.write(f"Copied the database to {copy} before changing its tables.\n")
    call_command("migrate", interactive=False, verbosity=0)
    if in_sandbox():
        if not is_marked():
            out.write("Making up a company for the sandbox; this takes some seconds …\n")
            out.flush()
        print_login(make_sandbox(now=timezone.now()), url=url, out=out)
        return
    bootstrap(email=settings.ADMIN_EMAIL, url=url, data_dir=settings.DATA_DIR, out=out)


def programs(listener: socket.socket, workers: int) -> list[Program]:
    """The web server, the worker and the scheduler, each as a process of its own.

    The scheduler is not embedded in the worker: killing such a worker leaves the scheduler behind.
    """
    celery = [sys.executable, "-m", "celery", "--quiet", "--skip-checks", "-A", "bizsuite.celery"]
    return [
        Program(
            "web",
            [
                *(sys.executable, "-m", "gunicorn"),
                *("--config", "python:bizsuite.operations.web_server"),
                *("--bind", f"fd://{listener.fileno()}"),
                *("--workers", str(workers)),
                "bizsuite.wsgi",
            ],
            keep_open=[listener.fileno()],
        ),
        Program(
            "worker",
            [*celery, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"],
        ),
        Program("scheduler", [*celery, "beat"]),
    ]


def environment(url: str) -> dict[str, str]:
    """What the programs see: ours, with what depends on the working directory made absolute.

    url: where the product listens, which its links begin with unless something else is said.
    """
    public_url = url if settings.PUBLIC_URL == THIS_MACHINE else settings.PUBLIC_URL
    paths = [str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "BIZSUITE_DATA_DIR": str(settings.DATA_DIR),
        "BIZSUITE_PUBLIC_URL": public_url,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
    }


class Announcement:
    """Says once that the API answers."""

    def __init__(self, url: str, out: TextIO) -> None:
        self.url = url
        self.out = out
        self.made = False

    def __call__(self) -> None:
        if not self.made and answers(self.url):
            self.made = True
            self.out.write(f"ready {self.url}\n")
            self.out.flush()


def answers(url: str) -> bool:
    """Whether the API answers; without a key it says 401, which is an answer."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=0.5)
    with closing(connection):
        try:
            connection.request("GET", PROBE_PATH)
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False

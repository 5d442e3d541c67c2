import argparse
import os
import sys
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bizsuite.operations.plain_errors import plain_errors
from bizsuite.operations.sandbox import sandbox_environment
from bizsuite.operations.startup import start_product
from bizsuite.sandbox.resetting import in_sandbox

DEFAULT_BIND = "127.0.0.1:8000"
SANDBOX_BIND = "127.0.0.1:8001"


def worker_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("must be a number from 1 to 64")
    return int(text)


def _become_sandbox() -> NoReturn:
    """Run this very command again, with the settings of the sandbox."""
    environment = sandbox_environment(settings.GIVEN_ENVIRONMENT, data_dir=settings.DATA_DIR)
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)  # noqa: S606


class Command(BaseCommand):
    help = (
        "Start Business Suite: prepare the database, then run the web server, the worker and the "
        "scheduler until Ctrl-C. On the first start it makes an administrator."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind",
            metavar="HOST:PORT",
            help=f"where to listen (default: {DEFAULT_BIND}, with --sandbox {SANDBOX_BIND}; "
            "port 0 chooses a free one)",
        )
        parser.add_argument(
            "--workers",
            metavar="N",
            type=worker_count,
            default=min(os.cpu_count() or 1, 4),
            help="web processes (default: one per processor, at most 4; here %(default)s)",
        )

        parser.add_argument(
            "--sandbox",
            action="store_true",
            help="run the sandbox instead: a made-up company in a database of its own",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sandbox"] and not in_sandbox():
            _become_sandbox()
        # The database, the queue and the logs hold people's data: nobody else's to read.
        os.umask(0o077)
        try:
            with plain_errors():
                start_product(
                    bind=options["bind"] or (SANDBOX_BIND if in_sandbox() else DEFAULT_BIND),
                    workers=options["workers"],
                    out=sys.stdout,
                    log=sys.stderr.buffer,
                )
        except KeyboardInterrupt:
            raise CommandError("Interrupted before it had started.", returncode=130) from None

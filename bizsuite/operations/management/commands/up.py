import argparse
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bizsuite.operations.plain_errors import plain_errors
from bizsuite.operations.startup import start_product


def worker_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("must be a number from 1 to 64")
    return int(text)


class Command(BaseCommand):
    help = (
        "Start Business Suite: prepare the database, then run the web server, the worker and the "
        "scheduler until Ctrl-C. On the first start it makes an administrator."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind",
            metavar="HOST:PORT",
            default="127.0.0.1:8000",
            help="where to listen (default: %(default)s; port 0 chooses a free one)",
        )
        parser.add_argument(
            "--workers",
            metavar="N",
            type=worker_count,
            default=min(os.cpu_count() or 1, 4),
            help="web processes (default: one per processor, at most 4; here %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # The database, the queue and the logs hold people's data: nobody else's to read.
        os.umask(0o077)
        try:
            with plain_errors():
                start_product(
                    bind=options["bind"],
                    workers=options["workers"],
                    out=sys.stdout,
                    log=sys.stderr.buffer,
                )
        except KeyboardInterrupt:
            raise CommandError("Interrupted before it had started.", returncode=130) from None

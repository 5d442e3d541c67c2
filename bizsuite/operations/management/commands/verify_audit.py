import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bizsuite.events.heads import Head, contradiction, head_text, read_head
from bizsuite.events.verification import Report, verify_events
from bizsuite.identity.models import organisation
from bizsuite.operations.plain_errors import plain_errors

STDOUT = "-"
# Between two lines about how far it is.
EVENTS_PER_LINE = 100_000


class Command(BaseCommand):
    help = (
        "Prove that no event of the audit trail was altered, removed or put in past the product."
        " Exit code 1, naming what is off, when anything is. Writes nothing, also while the"
        " product runs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--export",
            metavar="FILE",
            help="then write the head of the chain there, to be kept elsewhere; - for stdout",
        )
        parser.add_argument(
            "--against",
            metavar="FILE",
            help="a head that was exported: prove that the chain of today still contains it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        export, against = options["export"], options["against"]
        with plain_errors():
            head = read_head(_content(against)) if against else None
            if export and export != STDOUT and Path(export).exists():
                raise CommandError(f"{export} exists already; heads are not overwritten.")
            report = verify_events(now=timezone.now(), progress=self._teller())
            if head is not None and (finding := contradiction(head)):
                report.find(finding)
            self._say(report, proven=head, aside=export == STDOUT)
            if export:
                self._export(report, export)

    def _teller(self) -> Any:
        started = time.monotonic()
        said = 0

        def tell(done: int, of: int) -> None:
            nonlocal said
            if done // EVENTS_PER_LINE > said:
                said = done // EVENTS_PER_LINE
                rate = done / (time.monotonic() - started)
                self.stderr.write(f"{done:,} of {of:,} events ({rate:,.0f} a second)")

        return tell

    def _say(self, report: Report, *, proven: Head | None, aside: bool) -> None:
        """aside: what goes to stdout is the head."""
        out = self.stderr if aside else self.stdout
        for finding in report.findings:
            out.write(f"OFF   {finding}")
        if report.off:
            more = report.off - len(report.findings)
            found = "1 finding" if report.off == 1 else f"{report.off:,} findings"
            raise CommandError(
                f"The audit trail is not what was recorded: {found}"
                + (f", the first {len(report.findings)} above." if more else ".")
            )
        out.write(
            f"The audit trail is right: {report.events:,} events, head {report.head or 'none yet'}."
        )
        if report.erased:
            out.write(f"Erased, each by an erasure that is recorded: {report.erased:,} of them.")
        if report.waiting:
            out.write(f"Sealed, and waiting for their number: {report.waiting:,} more.")
        if proven is not None:
            out.write(f"It contains the exported head: event {proven.sequence:,}.")

    def _export(self, report: Report, export: str) -> None:
        head = Head(report.sequence, report.head, report.events)
        text = head_text(head, organisation=organisation().name, now=timezone.now())
        if export == STDOUT:
            self.stdout.write(text, ending="")
            return
        try:
            with Path(export).open("x") as file:
                file.write(text)
        except OSError as error:
            raise CommandError(f"The head cannot be written: {error}") from error
        self.stdout.write(f"The head is in {export}. Keep it on another machine, or on paper.")


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandError(f"The exported head cannot be read: {error}") from error

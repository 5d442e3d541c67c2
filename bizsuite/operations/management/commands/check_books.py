from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.book_checks import CHECKS
from billing.book_checks.findings import Check
from bizsuite.identity.models import organisation
from bizsuite.operations.plain_errors import plain_errors
from bizsuite.operations.snapshots import one_snapshot


class Command(BaseCommand):
    help = (
        "Compute the books anew from their documents and compare. Exit code 1, naming the first"
        " row of each check that is off, when anything differs. Writes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            # A new installation has no row of it yet, and within the snapshot none can be made.
            organisation()
            with one_snapshot():
                off = sum(not self._holds(check) for check in CHECKS)
        if off:
            raise CommandError(f"{off} of {len(CHECKS)} checks found something.")
        self.stdout.write(f"The books are right: {len(CHECKS)} checks found nothing.")

    def _holds(self, check: Check) -> bool:
        sentence = (check.__doc__ or check.__name__).splitlines()[0]
        finding = next(check(), None)
        if finding is None:
            self.stdout.write(f"ok    {sentence}")
        else:
            self.stdout.write(f"OFF   {sentence}\n      {finding}")
        return finding is None

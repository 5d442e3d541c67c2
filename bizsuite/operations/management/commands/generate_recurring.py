import datetime
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.amounts import printed
from billing.models import RecurringInvoice
from billing.recurring_runs import due_dates, generate_due
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.operations.plain_errors import plain_errors


def day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no day such as 2024-01-31") from None


class Command(BaseCommand):
    help = (
        "Make the recurring invoices that are due, as the scheduler does every ten minutes. Safe to"
        " run twice and at any time. Exit code 1 when some could not be made."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--date",
            type=day,
            help="as if this day had come, such as 2024-01-31 (default: today)",
        )
        parser.add_argument(
            "--preview",
            "--dry-run",
            action="store_true",
            dest="preview",
            help="only say what would be made; write nothing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with plain_errors():
            if options["date"]:
                now = organisation().start_of(options["date"])
            if options["preview"]:
                self._preview(organisation().today(now))
            else:
                self._generate(now)

    def _preview(self, today: datetime.date) -> None:
        invoices = 0
        for schedule in RecurringInvoice.objects.due(today).order_by("next_date", "pk").iterator():
            for date in due_dates(schedule, today):
                invoices += 1
                self.stdout.write(
                    f"{date}  recurring invoice {schedule.pk}, customer {schedule.customer_id}:"
                    f" {printed(schedule.amount, schedule.currency)}"
                )
        self.stdout.write(f"{invoices} to make.")

    def _generate(self, now: datetime.datetime) -> None:
        made = 0
        failed: dict[int, str] = {}
        while True:
            outcome = generate_due(now=now, actor=Actor.system("cli"))
            for invoice in outcome.made:
                self.stdout.write(
                    f"{invoice}  recurring invoice {invoice.recurring_invoice_id},"
                    f" {invoice.recurring_period}: {printed(invoice.amount, invoice.currency)}"
                )
            made, failed = made + len(outcome.made), failed | outcome.failed
            if outcome.complete:
                break
        self.stdout.write(f"{made} made.")
        if failed:
            for pk, said in failed.items():
                self.stderr.write(f"Recurring invoice {pk}: {said}")
            raise CommandError(f"{len(failed)} could not be made; they are tried again.")

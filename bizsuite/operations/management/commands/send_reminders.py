from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from billing.mailing.reminders import Planned, planned_reminders, send_reminders
from billing.pdf.figures import money_text
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.operations.plain_errors import plain_errors


class Command(BaseCommand):
    help = (
        "Remind customers of the invoices that they owe, as the reminder levels say. Safe to run"
        " twice: each level is sent once per invoice. The scheduler does it every ten minutes, by day."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--preview",
            "--dry-run",
            action="store_true",
            dest="preview",
            help="say what would be done, and do nothing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with plain_errors():
            if not organisation().reminders_enabled:
                self.stdout.write("Reminders are switched off: nothing is sent (Settings).")
            if options["preview"]:
                plans = planned_reminders(now=now)
            else:
                plans = send_reminders(now=now, actor=Actor.system("cli"))
        for plan in plans:
            self.stdout.write(_line(plan))
        sent = sum(not plan.skipped for plan in plans)
        what = "Reminders that would be sent" if options["preview"] else "Reminders sent"
        self.stdout.write(f"{what}: {sent}; passed over: {len(plans) - sent}.")


def _line(plan: Planned) -> str:
    fee = f", late fee {money_text(plan.fee, plan.invoice.currency)}" if plan.fee else ""
    what = f"{plan.invoice}  {plan.level}  {plan.to or '–'}{fee}"
    return f"{what}  passed over: {plan.skipped}" if plan.skipped else what

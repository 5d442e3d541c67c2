from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from bizsuite.identity.actors import Actor
from bizsuite.operations.arguments import day_count, moment
from bizsuite.operations.lookups import find_webhook
from bizsuite.operations.plain_errors import plain_errors
from bizsuite.operations.webhook_status import as_json, as_text
from webhooks.health import current_health
from webhooks.models import DeliveryStatus
from webhooks.pruning import Retention, count_prunable, prune_deliveries
from webhooks.replaying import replay_deliveries


class Command(BaseCommand):
    help = "See how webhooks fare, send again what has not arrived, forget what is old."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
        status = commands.add_parser(
            "status",
            help="how everything fares; exit code 1, saying what to do, if something needs a person",
        )
        status.add_argument("--json", action="store_true", help="for programs")
        status.add_argument("--all", action="store_true", help="every webhook, however many")
        replay = commands.add_parser(
            "replay", help="send what has not arrived at a webhook of the events since an instant"
        )
        replay.add_argument("webhook", metavar="ID", type=int, help="as status shows it")
        replay.add_argument(
            "--since",
            metavar="INSTANT",
            type=moment,
            required=True,
            help="such as 2024-01-31T10:00:00Z, or a day (its beginning in UTC)",
        )
        prune = commands.add_parser(
            "prune", help="forget deliveries that were done long ago, as the scheduler does"
        )
        prune.add_argument(
            "--days",
            metavar="N",
            type=day_count,
            help="keep what arrived for so long (default: BIZSUITE_WEBHOOK_RETENTION_DAYS)",
        )
        prune.add_argument(
            "--failed-days",
            metavar="N",
            type=day_count,
            help="and what was given up (default: BIZSUITE_WEBHOOK_FAILED_RETENTION_DAYS); never"
            " less than what arrived",
        )
        for changing in (replay, prune):
            changing.add_argument(
                "--dry-run", action="store_true", help="only say how many; change nothing"
            )

    def handle(self, *args: Any, command: str, **options: Any) -> None:
        with plain_errors():
            {"status": self._status, "replay": self._replay, "prune": self._prune}[command](options)

    def _status(self, options: dict[str, Any]) -> None:
        health = current_health(now=timezone.now())
        if options["json"]:
            self.stdout.write(as_json(health))
        else:
            self.stdout.write("\n".join(as_text(health, every=options["all"])))
        if count := len(health.problems):
            raise CommandError(
                f"{count} {'thing needs' if count == 1 else 'things need'} a person."
            )

    def _replay(self, options: dict[str, Any]) -> None:
        webhook, now = find_webhook(options["webhook"]), timezone.now()
        if options["since"] > now:
            raise CommandError("--since is still to come; there is nothing to send again.")
        with transaction.atomic():
            queued = replay_deliveries(
                webhook, since=options["since"], now=now, actor=Actor.system("cli")
            )
            # Done and undone: nothing else knows as well how many there would be.
            transaction.set_rollback(options["dry_run"])
        messages = "1 message" if queued == 1 else f"{queued:,} messages"
        are = "would be" if options["dry_run"] else "is" if queued == 1 else "are"
        self.stdout.write(f"{messages} {are} due now for webhook {webhook.pk}.")

    def _prune(self, options: dict[str, Any]) -> None:
        configured = Retention.configured()
        retention = Retention.of_days(
            options["days"] or configured.succeeded.days,
            options["failed_days"] or configured.failed.days,
        )
        now = timezone.now()
        if options["dry_run"]:
            counts = count_prunable(retention, now=now)
        else:
            counts = dict.fromkeys((DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED), 0)
            for status, removed in prune_deliveries(retention, now=now):
                counts[status] += removed
        self.stdout.write(
            f"{'To forget' if options['dry_run'] else 'Forgotten'}:"
            f" {counts[DeliveryStatus.SUCCEEDED]} deliveries that arrived more than"
            f" {retention.succeeded.days} days ago, {counts[DeliveryStatus.FAILED]} that were given"
            f" up more than {retention.failed.days} days ago."
        )

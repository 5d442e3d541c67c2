import datetime
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from bizsuite.exact_json import instant
from bizsuite.identity.models import ApiKey
from bizsuite.operations.arguments import day_count
from bizsuite.operations.lookups import find_api_key
from bizsuite.operations.plain_errors import plain_errors
from bizsuite.operations.tables import aligned
from bizsuite.usage.models import HourlyUsage, UsageQuerySet


class Command(BaseCommand):
    help = "What the API keys were used for: requests by key, or one key's by endpoint and status."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", metavar="N", type=day_count, default=30, help="how far back (default: 30)"
        )
        parser.add_argument(
            "--key", metavar="ID", help="one key: the part between bs_live_ and the secret"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        begins = timezone.now() - datetime.timedelta(days=options["days"])
        with plain_errors():
            usage = HourlyUsage.objects.between(begins)
            rows = (
                _endpoints(usage.filter(api_key=find_api_key(options["key"])))
                if options["key"]
                else _keys(usage)
            )
        if len(rows) == 1:
            self.stdout.write(f"No requests in the last {options['days']} days.")
            return
        for line in aligned(rows, figures=(0, 1)):
            self.stdout.write(line)


def _keys(usage: UsageQuerySet) -> list[Sequence[str]]:
    names = dict(ApiKey.objects.values_list("pk", "name"))
    groups = usage.grouped("api_key", "api_key__public_id")
    return [
        ("Requests", "Refused", "Last used", "Key", "Name"),
        *(
            (
                *_figures(row),
                row["api_key__public_id"],
                names[row["api_key"]],
            )
            for row in groups.order_by("-total", "api_key")
        ),
    ]


def _endpoints(usage: UsageQuerySet) -> list[Sequence[str]]:
    groups = usage.grouped("endpoint", "status")
    return [
        ("Requests", "Refused", "Last used", "Status", "Endpoint"),
        *(
            (*_figures(row), str(row["status"]), row["endpoint"])
            for row in groups.order_by("-total", "endpoint", "status")
        ),
    ]


def _figures(row: dict[str, Any]) -> tuple[str, str, str]:
    return str(row["total"]), str(row["refused"]), instant(row["last"])

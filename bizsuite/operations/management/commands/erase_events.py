from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from bizsuite.events.erasing import erase_events
from bizsuite.exact_json import decode
from bizsuite.identity.actors import Actor
from bizsuite.operations.plain_errors import plain_errors


class Command(BaseCommand):
    help = (
        "Erase, for good, what the audit trail says of a record: the data of its events. That they"
        " happened, when and by whom stays, and so does what was erased and why. The record itself"
        " is not touched. See docs/audit.md for what else there may be of a person."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("resource", help="as in the events' types: customer, lead, ticket …")
        parser.add_argument("id", type=int, help="the record's id")
        parser.add_argument("--reason", required=True, help="kept for ever; name nobody in it")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say how many events; erase nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        resource, object_id = options["resource"], options["id"]
        with plain_errors(), transaction.atomic():
            erasure = erase_events(
                resource, object_id, reason=options["reason"], actor=Actor.system("cli")
            )
            transaction.set_rollback(options["dry_run"])
        count = len(decode(erasure.payload.encode())["events"])
        events = "1 event" if count == 1 else f"{count:,} events"
        if options["dry_run"]:
            self.stdout.write(f"To erase: what {events} said of {resource} {object_id}.")
            return
        self.stdout.write(
            f"Erased: what {events} said of {resource} {object_id}. Event {erasure.pk} says why."
        )

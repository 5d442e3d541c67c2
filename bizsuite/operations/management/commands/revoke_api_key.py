from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bizsuite.identity.actors import Actor
from bizsuite.operations.lookups import find_api_key
from bizsuite.operations.plain_errors import plain_errors
from bizsuite.team.keys import revoke_api_key


class Command(BaseCommand):
    help = "Stop an API key for good, from the next request on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="the key's id: the part between bs_live_ and the secret")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            key = revoke_api_key(find_api_key(options["id"]), actor=Actor.system("cli"))
        self.stdout.write(f"Key {key.public_id} ({key.name}) is revoked.")

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from bizsuite.identity.actors import Actor
from bizsuite.operations.arguments import moment
from bizsuite.operations.lookups import find_user
from bizsuite.operations.plain_errors import plain_errors
from bizsuite.team.keys import create_api_key, create_signing_secret


def comma_list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


class Command(BaseCommand):
    help = "Make an API key. The last line printed is the key; it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", metavar="EMAIL", required=True, help="whose role it has")
        parser.add_argument("--name", required=True, help="what uses it")
        parser.add_argument(
            "--scopes",
            metavar="A:read,B:write",
            type=comma_list,
            default=[],
            help="what to cut the role down to, such as customers:read,invoices:write",
        )
        parser.add_argument(
            "--rate-limit", metavar="N", type=int, help="requests per hour, instead of the usual"
        )
        parser.add_argument(
            "--expires",
            metavar="DATE",
            type=moment,
            help="from when on it is refused: a day (its beginning in UTC) or an instant",
        )

        parser.add_argument(
            "--networks",
            metavar="NETWORK,NETWORK",
            type=comma_list,
            default=[],
            help="where it is good for, such as 203.0.113.0/24,2001:db8::/32; else everywhere",
        )
        parser.add_argument(
            "--sign", action="store_true", help="make a signing secret too; printed before the key"
        )
        parser.add_argument(
            "--require-signature", action="store_true", help="--sign, and refuse what is not signed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor, signing_secret = Actor.system("cli"), ""
        with plain_errors(), transaction.atomic():
            key, secret = create_api_key(
                find_user(options["user"]),
                name=options["name"],
                scopes=options["scopes"],
                rate_limit=options["rate_limit"],
                expires_at=options["expires"],
                allowed_networks=options["networks"],
                actor=actor,
            )
            if options["sign"] or options["require_signature"]:
                required = options["require_signature"]
                signing_secret = create_signing_secret(key, required=required, actor=actor)
        if signing_secret:
            self.stdout.write(f"Signing secret: {signing_secret}")
        self.stdout.write(f"Key {key.public_id} for {key.user.email}:")
        self.stdout.write(secret)

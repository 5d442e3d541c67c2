from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bizsuite.operations.lookups import find_user
from bizsuite.operations.plain_errors import plain_errors
from bizsuite.team.signing_in import unlock_sign_in


class Command(BaseCommand):
    help = "Let people sign in again who typed too many wrong passwords."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--email", help="only this user, from any address (default: everybody, everywhere)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            user = find_user(options["email"]) if options["email"] else None
            unlock_sign_in(user.email if user else None)
        self.stdout.write(f"{user.email if user else 'Everybody'} can try again.")

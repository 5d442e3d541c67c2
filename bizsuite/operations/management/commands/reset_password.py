from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bizsuite.identity.actors import Actor
from bizsuite.operations.lookups import find_user
from bizsuite.operations.passwords import VARIABLE, ask_password
from bizsuite.operations.plain_errors import plain_errors
from bizsuite.team.users import set_password


class Command(BaseCommand):
    help = (
        "Give a user a new password, which ends their open sessions. "
        f"It comes from {VARIABLE}, else from a prompt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose password")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            user = find_user(options["email"])
            set_password(user, password=ask_password(), actor=Actor.system("cli"))
        self.stdout.write(f"{user.email} has a new password.")

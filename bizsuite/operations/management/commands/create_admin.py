from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bizsuite.identity.actors import Actor
from bizsuite.identity.roles import Role
from bizsuite.operations.passwords import VARIABLE, ask_password
from bizsuite.operations.plain_errors import plain_errors
from bizsuite.team.users import create_user


class Command(BaseCommand):
    help = f"Add an administrator. The password comes from {VARIABLE}, else from a prompt."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="what they sign in with")
        parser.add_argument("--name", required=True, help="shown to colleagues")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            user = create_user(
                email=options["email"],
                name=options["name"],
                password=ask_password(),
                role=Role.ADMINISTRATOR,
                actor=Actor.system("cli"),
            )
        self.stdout.write(f"Administrator {user.email} added.")

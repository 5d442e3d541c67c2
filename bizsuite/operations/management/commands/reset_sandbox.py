from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from bizsuite.operations.plain_errors import plain_errors
from bizsuite.sandbox.resetting import reset_sandbox


class Command(BaseCommand):
    help = (
        "Throw the sandbox's data away and fill it with the demo company again; users and API keys "
        "stay. Refuses every database that is not marked as a sandbox."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            login = reset_sandbox(now=timezone.now())
        self.stdout.write("The sandbox is as new.")
        self.stdout.write(f"Login {login.email}, password {login.password}")
        self.stdout.write(login.key)

"""Running the sandbox beside the production installation of one machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from bizsuite.sandbox.logins import Login

# What names production's data, or opens it, and the receivers that are trusted with it.
PRODUCTIONS_OWN = frozenset(
    {
        "DATABASE_URL",
        "BIZSUITE_REDIS_KEY_PREFIX",
        "BIZSUITE_SECRET_KEY",
        "BIZSUITE_API_KEY_PEPPER",
        "BIZSUITE_ENCRYPTION_KEYS",
        "BIZSUITE_WEBHOOK_ALLOWED_HOSTS",
    }
)


def sandbox_environment(production: Mapping[str, str], *, data_dir: Path) -> dict[str, str]:
    """The environment of the sandbox beside this production environment.

    production: without the variables of its `.env`; the sandbox reads `.env.sandbox`. Its data
    directory is one within production's; its database is there unless that file names another.
    """
    shared = {name: value for name, value in production.items() if name not in PRODUCTIONS_OWN}
    if shared.get("BIZSUITE_ENV_FILE"):  # an empty one says that there is none
        del shared["BIZSUITE_ENV_FILE"]
    return shared | {
        "BIZSUITE_ENVIRONMENT": "sandbox",
        "BIZSUITE_DATA_DIR": str(data_dir / "sandbox"),
    }


def print_login(login: Login, *, url: str, out: TextIO) -> None:
    """Unlike production's also into a log: what it opens is made up, and meant to be looked at."""
    out.write(f"""
  A sandbox, filled with a made-up company. It is reset every day at 00:00 UTC.

  Admin     {url}/admin/
  Login     {login.email}
  Password  {login.password}
  API key   {login.key}

  Once it is ready, try:
  curl -H 'Authorization: Bearer {login.key}' '{url}/api/v2/invoices?status=unpaid'

""")
    out.flush()

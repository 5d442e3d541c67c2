"""Whose admin this is and what it looks like. Named in settings.UNFOLD."""

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext as _

from bizsuite.backoffice.middleware import organisation_of


def site_title(request: HttpRequest) -> str:
    return organisation_of(request).name


def stylesheet(request: HttpRequest) -> str:
    return static("backoffice/backoffice.css")


def favicon(request: HttpRequest) -> str:
    return static("dashboard/favicon.svg")


def logo(request: HttpRequest) -> str:
    return static("dashboard/logo.svg")


def login_image(request: HttpRequest) -> str:
    return static("dashboard/login.svg")


def environment(request: HttpRequest) -> tuple[str, str] | None:
    """A banner on every page of an environment that is not the real one."""
    if settings.ENVIRONMENT == "production":
        return None
    return _(settings.ENVIRONMENT.capitalize()), "warning"


def environment_notice(request: HttpRequest) -> dict[str, str]:
    """For every template: what to know of the sandbox on each of its pages."""
    if settings.ENVIRONMENT != "sandbox":
        return {}
    notice = _(
        "Sandbox: nothing here is real. It is reset every day at 00:00 UTC, and no mail leaves it."
    )
    return {"environment_notice": notice}


def environment_prefix(request: HttpRequest) -> str | None:
    shown = environment(request)
    return f"[{shown[0]}]" if shown else None

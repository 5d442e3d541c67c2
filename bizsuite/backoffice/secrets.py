"""The page that shows new secrets, once."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse


def secret_page(
    request: HttpRequest,
    model_admin: Any,
    record: Any,
    *,
    title: str,
    secrets: Sequence[tuple[str, str]],
) -> TemplateResponse:
    """The answer to the very request that made the secrets: there is nowhere to read them again.

    secrets: what each is called, and the secret itself.

    A script replaces the page's address, so that reloading does not make another one. As on all
    pages of the admin, Cache-Control is no-store.
    """
    return TemplateResponse(
        request,
        "backoffice/secret.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "original": record,
            "title": title,
            "secrets": secrets,
            "record_url": model_admin.url_of(record),
            "list_url": model_admin.list_url(),
            "media": model_admin.media,
        },
    )

"""The page that shows a new secret, once."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse


def secret_page(
    request: HttpRequest, model_admin: Any, record: Any, *, title: str, secret: str
) -> TemplateResponse:
    """The answer to the very request that made the secret: there is nowhere to read it again.

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
            "secret": secret,
            "record_url": model_admin.url_of(record),
            "list_url": model_admin.list_url(),
            "media": model_admin.media,
        },
    )

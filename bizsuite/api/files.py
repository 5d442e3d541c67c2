"""Addresses that answer with a file instead of an envelope; what they refuse has one all the same."""

from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.utils.mediatypes import media_type_matches

from bizsuite.api import etags


class FileNegotiation(DefaultContentNegotiation):
    """Takes who asks for `media_type`, or for JSON as everywhere."""

    media_type = "*/*"

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            accepted = self.get_accept_list(request)
            if any(media_type_matches(each, self.media_type) for each in accepted):
                return renderers[0], renderers[0].media_type
            raise


class PdfNegotiation(FileNegotiation):
    media_type = "application/pdf"


def file_response(
    request: Any, content: bytes, *, media_type: str, name: str, inline: bool = False
) -> HttpResponse:
    """The file, or 304 for who has it.

    inline: whether a browser may show it in place; never for what strangers have uploaded.
    """
    etag = etags.etag_of(0, content)
    response = HttpResponse(content, content_type=media_type)
    shown = "inline" if inline else "attachment"
    # RFC 6266: a plain name for old readers, and the whole one.
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
    response["Content-Disposition"] = (
        f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = etag
    if etags.is_shown(request.headers.get("If-None-Match", ""), etag):
        return etags.not_modified(response)
    return response

"""Addresses that answer with a file instead of an envelope; what they refuse has one all the same."""

from typing import Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.utils.mediatypes import media_type_matches

from bizsuite.api import etags


class FileNegotiation(DefaultContentNegotiation):
    """Takes who asks for `media_type`, or for JSON as everywhere.

    media_type: what the document promises; anything, where that is the file's own.
    """

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


class XmlNegotiation(FileNegotiation):
    media_type = "application/xml"


def file_response(
    request: Any, content: bytes, *, media_type: str, name: str, inline: bool = False
) -> HttpResponse:
    """The file, or 304 for who has it.

    inline: whether a browser may show it in place. Never for what strangers have uploaded: that is
    saved, and neither guessed at nor run.
    """
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(not inline, name)
    response["X-Content-Type-Options"] = "nosniff"
    if not inline:
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["ETag"] = etag = etags.etag_of(0, content)
    if etags.is_shown(request.headers.get("If-None-Match", ""), etag):
        return etags.not_modified(response)
    return response

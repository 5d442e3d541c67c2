"""Handing out what strangers attached, so that no browser takes it for a part of this product."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from bizsuite.errors import NotFound
from bizsuite.stored_files import read_file
from support.models import Attachment


def file_response(attachment: Attachment) -> HttpResponse:
    """The file, to be saved: not shown, not guessed at, not run. Raises NotFound if it is gone."""
    try:
        content = read_file(attachment.stored_name)
    except FileNotFoundError:
        raise NotFound("The file is not in this installation's data directory.") from None
    return HttpResponse(
        content,
        content_type=attachment.content_type,
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=attachment.name
            ),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        },
    )

"""Handing out what strangers attached, so that no browser takes it for a part of this product."""

from typing import Any

from django.http import HttpResponse

from bizsuite.api.files import file_response
from bizsuite.errors import NotFound
from bizsuite.stored_files import read_file
from support.models import Attachment


def attachment_response(request: Any, attachment: Attachment) -> HttpResponse:
    """The file, to be saved. Raises NotFound if it is gone."""
    try:
        content = read_file(attachment.stored_name)
    except FileNotFoundError:
        raise NotFound("The file is not in this installation's data directory.") from None
    response = file_response(
        request, content, media_type=attachment.content_type, name=attachment.name
    )
    response["Cache-Control"] = "private, no-store"
    return response

"""Removing files that no row names any more."""

import datetime
import itertools
from collections.abc import Iterable

from django.db import transaction

from bizsuite.mail.models import MailAttachment, MailStatus
from bizsuite.stored_files import names_written_before, remove_file
from support.models import Attachment

# A transaction that is still open may be about to name its file.
ORPHANED_AFTER = datetime.timedelta(days=1)
_SWEPT_AT_ONCE = 500


def forget_files(stored_names: Iterable[str]) -> None:
    """Remove files after the commit that removes their rows; what a mail still needs, later."""
    names = list(stored_names)
    transaction.on_commit(lambda: _remove_unused(names), robust=True)


def sweep_files(*, now: datetime.datetime) -> None:
    """Remove files that no row names: left by transactions that failed, or by deleted tickets."""
    names = names_written_before(now - ORPHANED_AFTER)
    while chunk := list(itertools.islice(names, _SWEPT_AT_ONCE)):
        _remove_unused(chunk)


def _remove_unused(names: list[str]) -> None:
    kept = Attachment.objects.filter(stored_name__in=names)
    mailed = MailAttachment.objects.filter(stored_name__in=names).exclude(
        mail__status=MailStatus.SENT
    )
    used = {*kept.values_list("stored_name", flat=True)}
    used |= {*mailed.values_list("stored_name", flat=True)}
    for name in names:
        if name not in used:
            remove_file(name)

"""Removing files that no row names any more."""

import datetime
import itertools
import logging
from collections.abc import Iterable, Iterator

from django.db import transaction

from bizsuite.mail.models import MailAttachment, MailStatus
from bizsuite.stored_files import names_written_before, remove_file
from support.models import Attachment

# A transaction that is still open may be about to name its file.
ORPHANED_AFTER = datetime.timedelta(days=1)
_SWEPT_AT_ONCE = 500

logger = logging.getLogger(__name__)


def forget_files(stored_names: Iterable[str]) -> None:
    """Remove files after the commit that removes their rows; what a mail still needs, later."""
    names = list(stored_names)
    transaction.on_commit(lambda: _remove_unused(names), robust=True)


def forget_all_files() -> None:
    """Remove the files of all rows there are now, after the commit that removes these."""
    forget_files(
        [
            *Attachment.objects.values_list("stored_name", flat=True),
            *MailAttachment.objects.values_list("stored_name", flat=True),
        ]
    )


def sweep_files(*, now: datetime.datetime) -> None:
    """Remove files that no row needs: of mails long sent, and what failed transactions left.

    Of those, few are unknown to the database. When most are, it is not these files' database (an
    empty one after a move, another installation's): then nothing that it does not know is removed.
    """
    names = list(names_written_before(now - ORPHANED_AFTER))
    unknown = [name for chunk in _chunks(names) for name in _unknown(chunk)]
    if len(unknown) * 2 > len(names):
        logger.error(
            "%d of %d attached files are unknown to this database; none was removed. "
            "Does the data directory belong to it?",
            len(unknown),
            len(names),
        )
        names = sorted({*names} - {*unknown})
    for chunk in _chunks(names):
        _remove_unused(chunk)


def _chunks(names: list[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while chunk := list(itertools.islice(rest, _SWEPT_AT_ONCE)):
        yield chunk


def _unknown(names: list[str]) -> set[str]:
    attached = Attachment.objects.filter(stored_name__in=names)
    mailed = MailAttachment.objects.filter(stored_name__in=names)
    known = (rows.values_list("stored_name", flat=True) for rows in (attached, mailed))
    return {*names}.difference(*known)


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

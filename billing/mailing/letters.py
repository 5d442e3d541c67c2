"""From a text with placeholders to mails in the queue."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy

from billing.link_addresses import PublicAddressMissing
from billing.mailing.html import html_of
from billing.mailing.placeholders import filled
from billing.mailing.texts import Text
from billing.models import Invoice, Quote
from billing.shared_links import share
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import Organisation
from bizsuite.mail.mails import File, NewMail, named_address, queue_mail
from bizsuite.stored_files import store_file

PDF = "application/pdf"
# On the button under which its page is.
OPEN_PAGE = gettext_lazy("Open the page")


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF that goes with a mail. version: the document's that it shows."""

    name: str
    version: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written to whom about which record: `invoice` and 17. Nobody else sees the words.

    addresses: each gets a mail of its own, so that one that is refused is seen to be.
    link: a button in mail programs that show one.
    """

    addresses: Sequence[str]
    text: Text
    words: Mapping[str, str]
    resource: str
    object_id: int
    papers: Sequence[Paper] = ()
    link: str = ""


def queue_letter(letter: Letter, *, profile: Organisation, now: datetime.datetime) -> None:
    """Queue it in the transaction of what causes it."""
    subject, body = (
        filled(letter.text.subject, letter.words),
        filled(letter.text.body, letter.words),
    )
    files = [File(paper.name, PDF, store_file(paper.content).name) for paper in letter.papers]
    for address in dict.fromkeys(letter.addresses):
        queue_mail(
            NewMail(
                to=address,
                subject=subject,
                body=body,
                html_body=html_of(body, link=letter.link, label=str(OPEN_PAGE)),
                resource=letter.resource,
                object_id=letter.object_id,
                sender=sender_of(profile),
                files=files,
            ),
            now=now,
        )


def page_of(document: Invoice | Quote, *, actor: Actor, now: datetime.datetime) -> str:
    """The address of its page; empty where nobody said how this installation is reached.

    Its mails leave all the same: they bring the paper.
    """
    try:
        return share(document, actor=actor, now=now)
    except PublicAddressMissing:
        return ""


def sender_of(profile: Organisation) -> str:
    """The organisation's own address, else the installation's."""
    if not profile.email:
        return str(settings.DEFAULT_FROM_EMAIL)
    return named_address(profile.name, profile.email)

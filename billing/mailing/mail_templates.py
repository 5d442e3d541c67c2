"""What can be done with the texts of mails."""

from typing import Any

from django.db import transaction

from billing.mailing.texts import kept_texts
from billing.models import MailTemplate
from bizsuite.errors import Stale
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.records import lock


@transaction.atomic
def update_mail_template(
    template: MailTemplate, *, actor: Actor, if_version: int | None = None, **texts: str
) -> MailTemplate:
    """Change subject or body. Empty, or as the product's own, is the product's own.

    Raises Invalid, naming what is no placeholder of this kind of mail.
    """
    lock(template)
    if if_version not in (None, template.version):
        raise Stale("This template has been changed since you read it.")
    kept = kept_texts(template, texts)
    changes: dict[str, Any] = {
        name: text for name, text in kept.items() if getattr(template, name) != text
    }
    if changes:
        MailTemplate.objects.filter(pk=template.pk).change(**changes)
        template.refresh()
        record_event("mail_template.updated", template, data=_shown(template), actor=actor)
    return template


def _shown(template: MailTemplate) -> dict[str, Any]:
    return {name: getattr(template, name) for name in ("id", "kind", "subject", "body")}

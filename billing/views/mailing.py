"""Mailing a document over the API."""

from typing import Any

from django.utils import timezone
from rest_framework.response import Response

from billing.mailing.documents import mail_document, paper_of
from billing.mailing.letters import Paper
from bizsuite.identity.models import organisation


class MailsDocuments:
    """For viewsets of what can be mailed. mail_action: the action that does."""

    mail_action = "send"
    paper: Paper | None = None

    def prepare(self) -> None:
        """Print it before the transaction opens: that takes a while, and holds up nobody here."""
        super().prepare()
        if self.action == self.mail_action and self.asks_for_mail():
            document = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
            if document is not None:
                self.paper = paper_of(document, seller=organisation())

    def asks_for_mail(self) -> bool:
        return True

    def mailed(self, **said: Any) -> Response:
        document = mail_document(
            self.get_object(), actor=self.actor, now=timezone.now(), paper=self.paper, **said
        )
        return self.answer(document)

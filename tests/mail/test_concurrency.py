"""Several workers at the same queue."""

import datetime
from collections import Counter

import pytest
from django.db import transaction

from bizsuite.mail.mails import NewMail, queue_mail
from bizsuite.mail.models import OutgoingMail
from bizsuite.mail.sending import send_due
from tests.concurrency import at_once
from tests.mail.servers import MailServer

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)


def test_two_workers_send_each_mail_once():
    for number in range(10):
        new = NewMail(f"{number}@example.com", "Hello", "Text", resource="ticket", object_id=1)
        with transaction.atomic():
            queue_mail(new, now=NOW)
    servers = [MailServer(), MailServer()]

    counts = at_once(
        [
            lambda server=server: send_due(clock=lambda: NOW, connect=server.connect)
            for server in servers
        ]
    )

    addresses = Counter(message.to[0] for server in servers for message in server.taken)
    assert set(addresses.values()) == {1}
    assert len(addresses) == sum(counts) == 10
    assert set(OutgoingMail.objects.values_list("status", "attempts")) == {("sent", 1)}

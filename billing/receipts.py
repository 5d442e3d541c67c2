"""Receipts: the papers behind transactions, taken in and removed."""

import hashlib

from django.db import transaction

from billing.currency import open_books
from billing.ledger import require_open_period
from billing.models import Receipt, Transaction
from billing.serializers import ReceiptSerializer, TransactionSerializer
from billing.transactions import require_standing
from bizsuite.errors import Conflict, Invalid, NotFound
from bizsuite.events.recording import record_event
from bizsuite.file_names import clean_name, content_type_of
from bizsuite.identity.actors import Actor
from bizsuite.records import lock

MAX_RECEIPT_BYTES = 5_000_000
MAX_RECEIPTS = 20


class TooManyReceipts(Conflict):
    code = "too_many_receipts"


@transaction.atomic
def attach_receipt(line: Transaction, *, name: str, content: bytes, actor: Actor) -> Receipt:
    """Keep a paper with a transaction; at any time, in a closed period too.

    Raises Invalid for what is too large, and TooManyReceipts.
    """
    if len(content) > MAX_RECEIPT_BYTES:
        text = f"A file may have at most {MAX_RECEIPT_BYTES // 1_000_000} MB"
        raise Invalid({"content": text})
    lock(line)
    if line.receipts.count() >= MAX_RECEIPTS:
        raise TooManyReceipts(f"A transaction may have at most {MAX_RECEIPTS} receipts.")
    name = clean_name(name)
    receipt = Receipt.objects.create(
        transaction=line,
        name=name,
        content_type=content_type_of(name),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    _record("attached", line, receipt, actor)
    return receipt


@transaction.atomic
def remove_receipt(receipt: Receipt, *, actor: Actor) -> None:
    """Remove a paper that was attached by mistake.

    A reversed transaction keeps its receipts, and so does one in a closed period: they are what
    the books are proven with. Raises TransactionFixed, PeriodClosed, and NotFound if it is gone.
    """
    line, pk = receipt.transaction, receipt.pk
    profile = open_books()
    lock(line)
    require_standing(line)
    require_open_period([line.date], profile)
    removed, _ = Receipt.objects.filter(pk=pk).delete()
    if not removed:
        raise NotFound("There is no such receipt.")
    _record("detached", line, receipt, actor)


def _record(what: str, line: Transaction, receipt: Receipt, actor: Actor) -> None:
    Transaction.objects.filter(pk=line.pk).change()
    line.refresh()
    data = TransactionSerializer(line).data | {"receipt": ReceiptSerializer(receipt).data}
    record_event(f"transaction.{what}", line, data=data, actor=actor)

"""Money moved between the organisation's own accounts."""

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.amounts import require_payable
from billing.catalogue import require_in_use
from billing.currency import open_books
from billing.ledger import NewEntry, NewPosting, post_entry
from billing.models import Account, Transfer
from billing.models.ledger import Ledger
from billing.serializers import TransferSerializer
from bizsuite.errors import Invalid
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor


@transaction.atomic
def create_transfer(
    *,
    from_account: Account,
    to_account: Account,
    amount: Decimal,
    actor: Actor,
    date: datetime.date | None = None,
    amount_received: Decimal | None = None,
    **details: Any,
) -> Transfer:
    """Move money from one account to another. A mistake is mended by moving it back.

    amount_received: what arrived, where that differs because the currencies do; it does not.
    details: description, external_id, metadata.
    """
    profile = open_books()
    if from_account.pk == to_account.pk:
        raise Invalid({"to_account_id": "Must be another account than the one it comes from"})
    require_in_use(from_account, "from_account_id")
    require_in_use(to_account, "to_account_id")
    require_payable(amount, profile.currency)
    if amount_received not in (None, amount):
        raise Invalid(
            {"amount_received": f"Must be the amount: both accounts are in {profile.currency}"}
        )
    transfer = Transfer(
        from_account=from_account,
        to_account=to_account,
        amount=amount,
        date=date or profile.today(),
        currency=profile.currency,
        **details,
    )
    transfer.search_text = transfer.folded_search_text()
    transfer.save(force_insert=True)
    post_entry(_entry(transfer))
    record_event("transfer.created", transfer, data=TransferSerializer(transfer).data, actor=actor)
    return transfer


def _entry(transfer: Transfer) -> NewEntry:
    names = f"{transfer.from_account.name} → {transfer.to_account.name}"
    return NewEntry(
        date=transfer.date,
        document=transfer,
        description=transfer.description or f"Transfer: {names}",
        currency=transfer.currency,
        postings=[
            NewPosting(ledger=Ledger.CASH, amount=-transfer.amount, account=transfer.from_account),
            NewPosting(ledger=Ledger.CASH, amount=transfer.amount, account=transfer.to_account),
        ],
    )

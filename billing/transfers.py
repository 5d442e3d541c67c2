"""Money moved between the organisation's own accounts."""

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.amounts import require_payable
from billing.catalogue import require_in_use
from billing.currency import open_books
from billing.exchange import Rates, exchanged
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

    amount_received: what arrived, where the accounts' currencies differ; by the stored rates if
    None.
    details: description, external_id, metadata.
    """
    profile = open_books(from_account, to_account)
    if from_account.pk == to_account.pk:
        raise Invalid({"to_account_id": "Must be another account than the one it comes from"})
    require_in_use(from_account, "from_account_id")
    require_in_use(to_account, "to_account_id")
    date = date or profile.today()
    require_payable(amount, from_account.currency)
    worth = exchanged(
        amount,
        from_account.currency,
        to_account,
        date=date,
        rates=Rates(profile.currency),
        account_amount=amount_received,
        rate_field="amount",
    )
    transfer = Transfer(
        from_account=from_account,
        to_account=to_account,
        amount=amount,
        date=date,
        currency=from_account.currency,
        amount_received=worth.account_amount,
        currency_received=to_account.currency,
        base_amount=worth.base_amount,
        **details,
    )
    transfer.search_text = transfer.folded_search_text()
    transfer.save(force_insert=True)
    post_entry(_entry(transfer, worth.rate))
    record_event("transfer.created", transfer, data=TransferSerializer(transfer).data, actor=actor)
    return transfer


def _entry(transfer: Transfer, rate: Decimal) -> NewEntry:
    names = f"{transfer.from_account.name} → {transfer.to_account.name}"
    return NewEntry(
        date=transfer.date,
        document=transfer,
        description=transfer.description or f"Transfer: {names}",
        currency=transfer.currency,
        exchange_rate=rate,
        postings=[
            NewPosting(
                ledger=Ledger.CASH,
                amount=-transfer.amount,
                base_amount=-transfer.base_amount,
                account=transfer.from_account,
            ),
            NewPosting(
                ledger=Ledger.CASH,
                amount=transfer.amount,
                base_amount=transfer.base_amount,
                account_amount=transfer.amount_received,
                account=transfer.to_account,
            ),
        ],
    )

"""Late fees: each an invoice of its own, for one overdue invoice, outside VAT."""

import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.invoices import create_invoice
from billing.models import Invoice, ReminderLevel
from billing.models.tax_categories import TaxCategory
from bizsuite.identity.actors import Actor
from bizsuite.money import round_money


def late_fee(invoice: Invoice, level: ReminderLevel) -> Decimal:
    """What paying late costs at this level, in the invoice's currency; 0: nothing.

    The fixed part is in the organisation's currency, the percent of what is still owed. Never a
    fee on a fee.
    """
    if invoice.late_fee_for_id is not None:
        return Decimal(0)
    fixed = level.fee_amount / invoice.exchange_rate
    percent = invoice.balance * level.fee_percent / 100
    return round_money(fixed + percent, invoice.currency)


def charge_late_fee(
    invoice: Invoice, amount: Decimal, *, date: datetime.date, actor: Actor
) -> Invoice:
    """Issue the fee. Raises what any new invoice may: an archived customer, a closed period."""
    return create_invoice(
        customer=invoice.customer,
        date=date,
        items=[
            {
                "description": _("Late fee for invoice %(number)s") % {"number": invoice.number},
                "amount": amount,
                "quantity": Decimal(1),
                "tax_rate": Decimal(0),
                # Damages and not the price of anything: no VAT is due on it.
                "tax_category": TaxCategory.OUTSIDE_SCOPE,
            }
        ],
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        delivery_email=invoice.delivery_email,
        late_fee_for=invoice,
        actor=actor,
    )

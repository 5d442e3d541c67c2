"""The documents by themselves: totals, and what is paid."""

from collections.abc import Iterator

from django.db.models import F, Q, Sum

from billing.book_checks.findings import NOTHING, Finding, differs, named, paged
from billing.items import totals_of
from billing.models import Allocation, Invoice, Payment, Quote, Transaction, WriteOff
from billing.models.invoices import InvoiceStatus
from billing.models.items import DocumentItem
from bizsuite.money import split_gross


def documents_add_up() -> Iterator[Finding]:
    """The totals of an invoice or a quote are those of its items, computed anew."""
    for rows in (Invoice.objects.all(), Quote.objects.all()):
        for document in paged(rows.prefetch_related("items", "taxes")):
            yield from _adds_up(document)


def _adds_up(document: Invoice | Quote) -> Iterator[Finding]:
    items: list[DocumentItem] = list(document.items.all())
    totals = totals_of(document, items)
    yield from differs(document, "discount", document.discount, totals.discount)
    yield from differs(document, "subtotal", document.subtotal, totals.subtotal)
    yield from differs(document, "tax", document.tax, totals.tax)
    yield from differs(document, "amount", document.amount, totals.total)
    name = f"{document._meta.verbose_name} {document.pk}"
    for item, total, net in zip(items, totals.lines, totals.nets, strict=True):
        yield from differs(item, f"total on {name}", item.total, total)
        yield from differs(item, f"net on {name}", item.net, net)
    if [(t.category, t.rate, t.discount, t.net, t.tax) for t in document.taxes.all()] != [
        (each.category, each.rate, each.discount, each.net, each.tax) for each in totals.rates
    ]:
        yield f"{named(document)}: its tax lines are not those of its items."


def invoices_are_paid_by_allocations() -> Iterator[Finding]:
    """What is paid on an invoice was allocated to it, and carries all of its tax once nothing is owed.

    Its tax: less what was credited of it.
    """
    rows = Invoice.objects.annotate(
        allocated=Sum("allocations__amount", default=NOTHING),
        allocated_tax=Sum("allocations__tax", default=NOTHING),
    )
    for invoice in paged(rows.prefetch_related("taxes")):
        yield from differs(invoice, "paid", invoice.paid, invoice.allocated)
        if invoice.status == InvoiceStatus.PAID and invoice.is_settled():
            charged = invoice.tax - sum(
                (line.credited_tax for line in invoice.taxes.all()), NOTHING
            )
            yield from differs(invoice, "tax", charged, invoice.allocated_tax)


def invoices_are_written_off_as_said() -> Iterator[Finding]:
    """What is written off of an invoice are the write-offs that stand, its own customer's."""
    standing = Sum("write_offs__amount", filter=Q(write_offs__reversed_on=None), default=NOTHING)
    for invoice in paged(Invoice.objects.annotate(given_up=standing)):
        yield from differs(invoice, "written off", invoice.written_off, invoice.given_up)
    for write_off in paged(WriteOff.objects.select_related("invoice")):
        invoice = write_off.invoice
        yield from differs(write_off, "customer_id", write_off.customer_id, invoice.customer_id)
        if write_off.date < invoice.date:
            yield f"{named(write_off)} is dated before its invoice {invoice.pk}."


def payments_add_up() -> Iterator[Finding]:
    """A payment is what it allocates, to its own customer's invoices, what went back, and the rest.

    One that never happened has none of these.
    """
    for payment in paged(Payment.objects.prefetch_related("allocations", "refunds")):
        refunded = sum((each.amount for each in payment.refunds.all()), NOTHING)
        allocated = sum((each.amount for each in payment.allocations.all()), NOTHING)
        yield from differs(payment, "refunded", payment.refunded, refunded)
        yield from differs(payment, "unallocated", payment.unallocated, payment.left - allocated)
        for refund in payment.refunds.all():
            if refund.date < payment.date:
                yield f"Refund {refund.pk} is dated before its payment {payment.pk}."
    for allocation in paged(
        Allocation.objects.annotate(
            payer=F("payment__customer_id"), debtor=F("invoice__customer_id")
        )
    ):
        if allocation.payer != allocation.debtor:
            yield (
                f"Payment {allocation.payment_id} pays invoice {allocation.invoice_id},"
                " which is another customer's."
            )


def transactions_add_up() -> Iterator[Finding]:
    """A line's tax is that of its amount, and a payment's line shows what the payment says."""
    for line in paged(Transaction.objects.select_related("payment")):
        _, tax = split_gross(line.amount, line.tax_rate, line.currency)
        yield from differs(line, "tax", line.tax, tax)
        if line.payment is not None:
            yield from differs(line, "amount", line.amount, line.payment.amount_received)
            for name in ("date", "account_id"):
                yield from differs(line, name, getattr(line, name), getattr(line.payment, name))
            if (line.reversed_on is None) != (line.payment.reversed_at is None):
                yield (
                    f"{named(line)}: it {_standing(line.reversed_on)}, and payment"
                    f" {line.payment_id} {_standing(line.payment.reversed_at)}."
                )


def _standing(reversed_then: object) -> str:
    return "stands" if reversed_then is None else "is reversed"

"""The filters of billing's lists."""

from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.models import (
    Account,
    Category,
    ClosedYear,
    CreditNote,
    ExchangeRate,
    Invoice,
    Payment,
    Product,
    Quote,
    RecurringInvoice,
    SharedLink,
    Supplier,
    Transaction,
    Transfer,
    WriteOff,
)
from billing.models.catalogue import FlowType
from billing.models.invoices import InvoiceStatus
from billing.models.payments import PaymentStatus
from billing.models.quotes import QuoteStatus
from billing.models.recurring import RecurringStatus
from billing.models.shared_links import LinkKind, LinkStatus
from billing.recurrence import Interval
from bizsuite.api.filters import (
    ArchivableFilter,
    CurrencyFilter,
    DateFilter,
    FlagFilter,
    IdFilter,
    RecordFilter,
    SearchFilter,
    TextFilter,
    WordFilter,
)
from bizsuite.identity.models import organisation

COMMON = ("external_id", "updated_since")


class DatedFilter(RecordFilter):
    date_from = DateFilter(field_name="date", lookup_expr="gte", help_text="First day, inclusive.")
    date_to = DateFilter(field_name="date", lookup_expr="lte", help_text="Last day, inclusive.")


class AccountFilter(ArchivableFilter):
    type = WordFilter(words=Account.Type.values)

    class Meta:
        model = Account
        fields = ("search", "type", "archived", *COMMON)


class CategoryFilter(ArchivableFilter):
    type = WordFilter(words=FlowType.values)

    class Meta:
        model = Category
        fields = ("search", "type", "archived", *COMMON)


class SupplierFilter(ArchivableFilter):
    class Meta:
        model = Supplier
        fields = ("search", "archived", *COMMON)


class ProductFilter(ArchivableFilter):
    type = WordFilter(words=Product.Type.values)

    class Meta:
        model = Product
        fields = ("search", "type", "archived", *COMMON)


class InvoiceFilter(DatedFilter):
    search = SearchFilter()
    status = WordFilter(words=InvoiceStatus.values)
    customer_id = IdFilter(field_name="customer_id")
    invoice_number = TextFilter(
        field_name="number", max_length=40, help_text="The invoice with exactly this number."
    )
    recurring_invoice_id = IdFilter(
        field_name="recurring_invoice_id", help_text="Those that this recurring invoice made."
    )
    imported = FlagFilter(
        field_name="imported", help_text="true: those whose number came with them; false: others."
    )
    overdue = FlagFilter(
        method="filter_overdue", help_text="true: owed after the due date; false: all others."
    )

    class Meta:
        model = Invoice
        fields = (
            "search", "status", "customer_id", "date_from", "date_to", "overdue",
            "invoice_number", "imported", "recurring_invoice_id", *COMMON,
        )  # fmt: skip

    def filter_overdue(self, queryset: Any, name: str, value: bool) -> QuerySet:
        overdue = Invoice.objects.overdue(organisation().today())
        return queryset.filter(pk__in=overdue) if value else queryset.exclude(pk__in=overdue)


class RecurringInvoiceFilter(RecordFilter):
    search = SearchFilter()
    status = WordFilter(words=RecurringStatus.values)
    interval = WordFilter(words=Interval.values)
    customer_id = IdFilter(field_name="customer_id")
    failing = FlagFilter(
        method="filter_failing", help_text="true: those whose last attempt did not succeed."
    )
    next_date_to = DateFilter(
        field_name="next_date", lookup_expr="lte", help_text="Due up to this day, inclusive."
    )

    class Meta:
        model = RecurringInvoice
        fields = (
            "search", "status", "interval", "customer_id", "failing", "next_date_to", *COMMON,
        )  # fmt: skip

    def filter_failing(self, queryset: Any, name: str, value: bool) -> QuerySet:
        return queryset.exclude(failure="") if value else queryset.filter(failure="")


class QuoteFilter(DatedFilter):
    search = SearchFilter()
    status = WordFilter(words=QuoteStatus.values, method="filter_status")
    customer_id = IdFilter(field_name="customer_id")

    class Meta:
        model = Quote
        fields = ("search", "status", "customer_id", "date_from", "date_to", *COMMON)

    def filter_status(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.in_status(value, organisation().today())


class SharedLinkFilter(RecordFilter):
    search = SearchFilter()
    kind = WordFilter(words=LinkKind.values)
    status = WordFilter(words=LinkStatus.values, method="filter_status")
    customer_id = IdFilter(field_name="customer_id")
    invoice_id = IdFilter(field_name="invoice_id")
    quote_id = IdFilter(field_name="quote_id")

    class Meta:
        model = SharedLink
        fields = ("search", "kind", "status", "customer_id", "invoice_id", "quote_id", *COMMON)

    def filter_status(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.in_status(value, timezone.now())


class PaymentFilter(DatedFilter):
    search = SearchFilter()
    customer_id = IdFilter(field_name="customer_id")
    account_id = IdFilter(field_name="account_id")
    status = WordFilter(words=PaymentStatus.values, method="filter_status")
    unallocated = FlagFilter(
        method="filter_unallocated", help_text="true: those with credit left, false: the others."
    )

    class Meta:
        model = Payment
        fields = (
            "search", "customer_id", "account_id", "status", "unallocated",
            "date_from", "date_to", *COMMON,
        )  # fmt: skip

    def filter_status(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.with_status(value)

    def filter_unallocated(self, queryset: Any, name: str, value: bool) -> QuerySet:
        with_credit = Q(unallocated__gt=Decimal(0))
        return queryset.filter(with_credit if value else ~with_credit)


class CreditNoteFilter(DatedFilter):
    search = SearchFilter()
    customer_id = IdFilter(field_name="customer_id")
    invoice_id = IdFilter(field_name="invoice_id")

    class Meta:
        model = CreditNote
        fields = ("search", "customer_id", "invoice_id", "date_from", "date_to", *COMMON)


class WriteOffFilter(DatedFilter):
    search = SearchFilter()
    customer_id = IdFilter(field_name="customer_id")
    invoice_id = IdFilter(field_name="invoice_id")
    reversed = FlagFilter(
        method="filter_reversed", help_text="true: those taken back; false: those that stand."
    )

    class Meta:
        model = WriteOff
        fields = (
            "search", "customer_id", "invoice_id", "reversed", "date_from", "date_to", *COMMON,
        )  # fmt: skip

    def filter_reversed(self, queryset: Any, name: str, value: bool) -> QuerySet:
        return queryset.exclude(reversed_on=None) if value else queryset.standing()


class ClosedYearFilter(RecordFilter):
    search = SearchFilter()
    reopened = FlagFilter(
        method="filter_reopened", help_text="true: those taken back; false: those that stand."
    )

    class Meta:
        model = ClosedYear
        fields = ("search", "reopened", *COMMON)

    def filter_reopened(self, queryset: Any, name: str, value: bool) -> QuerySet:
        return queryset.exclude(reopened_at=None) if value else queryset.standing()


class TransactionFilter(DatedFilter):
    search = SearchFilter()
    type = WordFilter(words=FlowType.values)
    account_id = IdFilter(field_name="account_id")
    category_id = IdFilter(field_name="category_id")
    supplier_id = IdFilter(field_name="supplier_id")
    reference = TextFilter(max_length=100, help_text="Those with exactly this reference.")

    class Meta:
        model = Transaction
        fields = (
            "search", "type", "account_id", "category_id", "supplier_id", "reference",
            "date_from", "date_to", *COMMON,
        )  # fmt: skip


class ExchangeRateFilter(DatedFilter):
    search = SearchFilter()
    currency = CurrencyFilter(field_name="currency", help_text="Its code, such as EUR.")

    class Meta:
        model = ExchangeRate
        fields = ("search", "currency", "date_from", "date_to", *COMMON)


class TransferFilter(DatedFilter):
    search = SearchFilter()
    account_id = IdFilter(method="filter_account", help_text="Money that left it or came to it.")

    class Meta:
        model = Transfer
        fields = ("search", "account_id", "date_from", "date_to", *COMMON)

    def filter_account(self, queryset: Any, name: str, value: int) -> QuerySet:
        return queryset.of_account(value)

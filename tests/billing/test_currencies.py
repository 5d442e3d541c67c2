"""Documents in other currencies: each sum by hand, in the organisation's euros."""

import datetime
from decimal import Decimal

import pytest

from billing import payments, refunds, write_offs
from billing.invoices import void_invoice
from billing.models import Account, Invoice, JournalEntry, Payment, Transaction
from billing.models.ledger import Basis, Ledger
from reporting.financial import Period, financial_summary
from tests.billing.books import booked, findings, in_account
from tests.factories import (
    DAY,
    SYSTEM,
    keep_books_in,
    make_account,
    make_credit_note,
    make_customer,
    make_draft,
    make_exchange_rate,
    make_invoice,
    make_payment,
    make_quote,
    make_transaction,
    make_transfer,
    make_user,
    make_write_off,
    new_item,
)

pytestmark = pytest.mark.django_db

CASH = 1  # in euros, as the books are
FEBRUARY = datetime.date(2024, 2, 1)


@pytest.fixture(autouse=True)
def _books_in_euros():
    keep_books_in("EUR")


@pytest.fixture
def dollars():
    return make_account("Dollars", currency="USD")


def usd(amount="100.00", rate="0.90", **fields):
    return make_invoice(amount, currency="USD", exchange_rate=Decimal(rate), **fields)


def pay(invoice, amount, **fields):
    values = {
        name: Decimal(value) if isinstance(value, str) else value for name, value in fields.items()
    }
    return make_payment(amount, invoice=invoice, **values)


def pay_all(invoice):
    account = make_account("Dollars", currency="USD")
    return pay(invoice, invoice.balance, account=account, exchange_rate="0.70")


def gain() -> Decimal:
    """A credit, which the books keep negative."""
    return -booked(Ledger.EXCHANGE_DIFFERENCE)


def lines(entry) -> list[tuple]:
    return [
        (line.ledger, line.basis, line.document_amount, line.amount)
        for line in entry.postings.all()
    ]


def entry_of(record) -> JournalEntry:
    return JournalEntry.objects.get(document_type=record._meta.model_name, document_id=record.pk)


def report(basis, currency=None):
    return financial_summary(
        Period(None, None), basis=basis, today=FEBRUARY, base_currency="EUR", currency=currency
    )


# ── Issuing ──────────────────────────────────────────────────────────────────────


def test_an_invoice_is_booked_in_its_currency_and_in_ours():
    # 100.00 net + 19.00 tax = 119.00 USD × 0.9155 = 108.9445 → 108.94 EUR. By largest remainder:
    # net 108.94 × 100 ÷ 119 = 91.546…, tax 17.393… → 91.54 and 17.39, the cent to net: 91.55.
    invoice = usd("100.00", "0.9155", tax_rate=19)

    assert (invoice.currency, invoice.amount, invoice.balance) == ("USD", 119, 119)
    assert lines(entry_of(invoice)) == [
        ("receivable", "accrual", 119, Decimal("108.94")),
        ("income", "accrual", -100, Decimal("-91.55")),
        ("tax_payable", "accrual", -19, Decimal("-17.39")),
    ]


@pytest.mark.parametrize(
    ("currency", "price", "rate", "amount", "worth"),
    [
        ("JPY", "1999", "0.0062", "1999", "12.39"),  # 12.3938
        ("KWD", "1.005", "2.9803", "1.005", "3.00"),  # 2.9952015
        ("USD", "0.01", "0.10", "0.01", "0.00"),  # too little for a cent of ours
    ],
)
def test_every_currency_has_its_own_decimals(currency, price, rate, amount, worth):
    invoice = make_invoice(price, currency=currency, exchange_rate=Decimal(rate))

    assert invoice.amount == Decimal(amount)
    assert booked(Ledger.RECEIVABLE) == Decimal(worth)


# ── Rates ────────────────────────────────────────────────────────────────────────


def test_a_document_takes_the_newest_rate_of_its_date_or_before():
    make_exchange_rate("USD", "0.91", date=DAY - datetime.timedelta(days=30))
    make_exchange_rate("USD", "0.92", date=DAY)
    make_exchange_rate("USD", "0.93", date=DAY + datetime.timedelta(days=1))
    make_exchange_rate("GBP", "1.15", date=DAY)

    assert make_invoice(currency="USD").exchange_rate == Decimal("0.92")
    assert make_quote(currency="USD", date=DAY).exchange_rate == Decimal("0.92")
    earlier = DAY - datetime.timedelta(days=1)
    assert make_invoice(currency="USD", date=earlier).exchange_rate == Decimal("0.91")


def test_without_any_rate_a_document_is_refused_and_told_what_to_do(api):
    body = {"customer_id": make_customer().pk, "currency": "USD", "date": "2024-01-15"}
    body["items"] = [{"description": "A", "amount": 1, "qty": 1}]

    assert api.post("/invoices", body).errors == {
        "exchange_rate": "No rate of USD to EUR is known for 2024-01-15: send one, or store one"
        " under /api/v2/exchange-rates"
    }
    assert not Invoice.objects.exists()


def test_a_draft_changes_its_currency_with_its_rate_and_totals(api):
    make_exchange_rate("JPY", "0.0062", date=DAY)
    draft = make_draft("99.50", currency="USD", exchange_rate=Decimal("0.9"), tax_rate=10)

    changed = api.patch(f"/invoices/{draft.pk}", {"currency": "JPY"})

    # The same price: 99.50 → 100 yen, and 10 of tax.
    assert (changed.data["currency"], changed.data["exchange_rate"]) == ("JPY", Decimal("0.0062"))
    assert [changed.data[name] for name in ("subtotal", "tax", "amount")] == [100, 10, 110]
    assert api.patch(f"/invoices/{draft.pk}", {"currency": "EUR"}).data["exchange_rate"] == 1


def test_a_stored_rate_follows_the_date_of_a_draft_and_a_given_one_stays(api):
    later = DAY + datetime.timedelta(days=10)
    make_exchange_rate("USD", "0.91", date=DAY)
    make_exchange_rate("USD", "0.92", date=later)
    stored = make_draft(currency="USD")
    given = make_draft(currency="USD", exchange_rate=Decimal("0.95"))

    dates = {"date": later.isoformat(), "due_date": "2024-12-31"}
    rates = [
        api.patch(f"/invoices/{draft.pk}", dates).data["exchange_rate"] for draft in (stored, given)
    ]

    assert rates == [Decimal("0.92"), Decimal("0.95")]


def test_once_issued_neither_currency_nor_rate_changes(api):
    invoice = usd()

    for change in ({"currency": "EUR"}, {"exchange_rate": 2}):
        assert api.patch(f"/invoices/{invoice.pk}", change).status == 409


def test_a_converted_quote_keeps_its_prices_and_takes_the_rate_of_the_day(api):
    quote = make_quote("100.00", currency="USD", exchange_rate=Decimal("0.90"))
    other = make_quote("100.00", currency="USD", exchange_rate=Decimal("0.90"))

    by_quote = api.post(f"/quotes/{quote.pk}/convert").data
    make_exchange_rate("USD", "0.93", date=DAY)
    by_day = api.post(f"/quotes/{other.pk}/convert").data

    assert [(each["currency"], each["amount"]) for each in (by_quote, by_day)] == [("USD", 100)] * 2
    assert by_quote["exchange_rate"] == Decimal("0.9")
    assert by_day["exchange_rate"] == Decimal("0.93")


# ── Being paid ───────────────────────────────────────────────────────────────────


def test_paid_into_an_account_of_its_currency_at_another_rate(dollars):
    invoice = usd("100.00", "0.90")  # 90.00 EUR

    payment = pay(invoice, "100.00", account=dollars, exchange_rate="0.92")  # 92.00 EUR

    assert in_account(dollars.pk) == 100
    assert lines(entry_of(payment)) == [
        ("cash", "both", 100, 92),
        ("receivable", "accrual", -100, -90),
        ("income", "cash", -100, -90),
        ("exchange_difference", "both", 0, -2),
    ]
    assert gain() == 2
    invoice.refresh()
    assert (invoice.status, invoice.balance) == ("Paid", 0)


def test_paid_into_our_own_account_by_what_arrived():
    invoice = usd("100.00", "0.90")

    payment = pay(invoice, "100.00", amount_received="88.45")

    assert in_account(CASH) == Decimal("88.45")
    assert (payment.amount, payment.currency) == (100, "USD")
    assert payment.exchange_rate == Decimal("0.8845")
    assert gain() == Decimal("-1.55")
    assert booked(Ledger.RECEIVABLE) == 0
    # The cash book shows what happened on the account.
    line = Transaction.objects.get(payment=payment)
    assert (line.amount, line.currency) == (Decimal("88.45"), "EUR")


def test_paid_into_an_account_of_a_third_currency():
    invoice = usd("100.00", "0.90")
    pounds = make_account("Pounds", currency="GBP")

    pay(invoice, "100.00", account=pounds, exchange_rate="0.91", amount_received="78.00")

    assert in_account(pounds.pk) == 78
    assert booked(Ledger.CASH) == 91
    assert gain() == 1


def test_income_of_the_cash_basis_is_at_the_invoices_rate(dollars):
    pay(usd("100.00", "0.90"), "100.00", account=dollars, exchange_rate="0.95")
    make_invoice("50.00")

    assert report(Basis.CASH).income == 90
    assert report(Basis.ACCRUAL).income == 140
    assert report(Basis.ACCRUAL).outstanding == 50
    assert report(Basis.CASH, "USD").income == 100
    assert report(Basis.ACCRUAL, "EUR").income == 50


def test_parts_clear_the_receivable_to_the_cent(dollars):
    # 100.00 USD × 0.9155 = 91.55 EUR. Cumulatively: 33.33 → 30.51, 66.66 → 61.03 (61.0272),
    # 100 → 91.55. Each part brings 30.51 or 30.52 (33.34 × 0.9155 = 30.5228) of cash: 91.54.
    invoice = usd("100.00", "0.9155")
    cleared = []
    for part in ("33.33", "33.33", "33.34"):
        payment = pay(invoice, part, account=dollars, exchange_rate="0.9155")
        cleared.append(payment.allocations.get().base_amount)

    assert cleared == [Decimal("30.51"), Decimal("30.52"), Decimal("30.52")]
    assert booked(Ledger.RECEIVABLE) == 0
    assert booked(Ledger.CASH) == Decimal("91.54")
    assert gain() == Decimal("-0.01")


def test_a_reversed_payment_in_the_middle_leaves_no_cent_behind(dollars):
    invoice = usd("100.00", "0.9155")
    made = [
        pay(invoice, part, account=dollars, exchange_rate="0.92")
        for part in ("11.11", "22.22", "33.33")
    ]
    payments.reverse_payment(made[1], actor=SYSTEM)
    pay(invoice, "55.56", account=dollars, exchange_rate="0.93")

    assert booked(Ledger.RECEIVABLE) == 0
    # 10.22 (11.11 × 0.92) + 30.66 + 51.67 (51.6708) − 91.55
    assert booked(Ledger.CASH) == Decimal("92.55")
    assert gain() == Decimal("1.00")


def test_credit_is_carried_at_what_it_was_worth_when_it_came(dollars):
    customer = make_customer()
    credit = make_payment(
        "100.00", customer=customer, account=dollars, exchange_rate=Decimal("0.90")
    )
    assert booked(Ledger.CUSTOMER_CREDIT) == -90
    later = usd("60.00", "0.95", customer=customer)  # 57.00 EUR

    payments.allocate_payment(
        credit, allocations=[{"invoice": later, "amount": Decimal(60)}], date=FEBRUARY, actor=SYSTEM
    )

    assert booked(Ledger.CUSTOMER_CREDIT) == -36
    # 54.00 of credit paid what is 57.00 in the books.
    assert gain() == -3


def test_money_goes_back_as_it_came_unless_a_rate_is_given(dollars):
    invoice = usd("100.00", "0.90")
    payment = pay(invoice, "100.00", account=dollars, exchange_rate="0.92")

    refunds.refund_payment(payment, amount=Decimal(40), actor=SYSTEM)
    # 36.80 of cash for 36.00 of receivable: 0.80 of the gain of 2.00 is undone.
    assert (booked(Ledger.CASH), booked(Ledger.RECEIVABLE)) == (Decimal("55.20"), 36)
    assert gain() == Decimal("1.20")

    refunds.refund_payment(payment, exchange_rate=Decimal("0.95"), actor=SYSTEM)
    # The other 60 USD cost 57.00 now, and bring back 54.00 of receivable.
    assert (booked(Ledger.CASH), booked(Ledger.RECEIVABLE)) == (Decimal("-1.80"), 90)
    assert gain() == Decimal("-1.80")
    assert in_account(dollars.pk) == 0


def test_a_refund_says_what_left_our_own_account(api):
    payment = pay(usd("100.00", "0.90"), "100.00", amount_received="91.00")

    answer = api.post(f"/payments/{payment.pk}/refund", {"amount": 50, "amount_sent": "46.10"})

    (refund,) = answer.data["refunds"]
    assert (refund["amount"], refund["amount_sent"]) == (50, Decimal("46.10"))
    assert in_account(CASH) == Decimal("44.90")
    assert booked(Ledger.RECEIVABLE) == 45
    # 91.00 − 90.00 won, then 46.10 − 45.00 lost.
    assert gain() == Decimal("-0.10")


def test_a_credit_note_takes_off_what_it_was_worth(dollars):
    invoice = usd("100.00", "0.9155", tax_rate=19)  # 108.94 EUR
    pay(invoice, "119.00", account=dollars, exchange_rate="0.92")  # 109.48 EUR
    for part in ("33.33", "33.33", "33.34"):
        make_credit_note(invoice, (0, part))

    assert booked(Ledger.RECEIVABLE) == 0
    assert booked(Ledger.INCOME) == booked(Ledger.TAX_PAYABLE) == 0
    assert booked(Ledger.CUSTOMER_CREDIT) == Decimal("-109.48")
    assert gain() == 0
    assert Payment.objects.get().unallocated == 119


def test_void_and_written_off_invoices_leave_nothing_owed(dollars):
    one, other = usd("100.00", "0.9155"), usd("33.33", "0.9155")
    pay(one, "33.33", account=dollars, exchange_rate="0.9155")
    make_write_off(one, "33.33")
    rest = make_write_off(one)
    assert booked(Ledger.RECEIVABLE) == Decimal("30.51")

    write_offs.reverse_write_off(rest, date=FEBRUARY, actor=SYSTEM)
    pay(one, "33.34", account=dollars, exchange_rate="0.9155")
    void_invoice(other, actor=SYSTEM)

    assert booked(Ledger.RECEIVABLE) == 0
    assert booked(Ledger.WRITE_OFF) == Decimal("30.52")


@pytest.mark.parametrize("rate", ["0.9155", "0.8333", "0.0149", "0.7777"])
def test_credited_after_a_write_off_an_invoice_is_cleared_to_the_cent(rate):
    invoice = usd("0.10", rate, items=[new_item("0.05"), new_item("0.05")])
    make_write_off(invoice, "0.03")

    make_credit_note(invoice, (0, "0.05"))
    make_credit_note(invoice, (1, "0.02"))

    invoice.refresh()
    assert invoice.balance == 0
    assert booked(Ledger.RECEIVABLE) == 0


@pytest.mark.parametrize("settle", [pay_all, make_credit_note, make_write_off])
def test_owed_again_after_a_note_made_up_for_a_cent_it_is_cleared_to_the_cent_too(settle):
    invoice = usd("0.02", "0.6155", items=[new_item("0.01"), new_item("0.01")])
    write_off = make_write_off(invoice, "0.01")
    # Both cents were worth 0.01: the write-off took that, and nothing was left for the note.
    note = make_credit_note(invoice, (1, "0.01"))
    assert (write_off.base_amount, note.base_amount) == (Decimal("0.01"), 0)
    write_offs.reverse_write_off(write_off, actor=SYSTEM)
    invoice.refresh()
    assert findings() == []

    settle(invoice)

    invoice.refresh()
    assert (invoice.balance, booked(Ledger.RECEIVABLE)) == (0, 0)
    assert findings() == []


# ── What does not go together ────────────────────────────────────────────────────


def test_a_payment_pays_invoices_of_its_own_currency_only(api):
    customer = make_customer()
    invoice = usd(customer=customer)
    body = {"customer_id": customer.pk, "amount": 10, "currency": "EUR"}
    body["allocations"] = [{"invoice_id": invoice.pk, "amount": 10}]

    assert api.post("/payments", body).errors == {
        "allocations.0.invoice_id": f"Invoice {invoice.pk} is in USD and the payment in EUR: record"
        " one in USD, with what arrived as its amount_received"
    }
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"amount": "10.005"}, {"amount": "Must have no more than 2 decimals in USD"}),
        (
            {"exchange_rate": "0.9", "amount_received": "9.50"},
            {"amount_received": "At this rate it is 9.00 EUR: give one of both"},
        ),
        ({}, None),
        ({"exchange_rate": 0}, {"exchange_rate": "Exchange rate must be greater than 0"}),
        (
            {"exchange_rate": "0.0001", "amount": "0.01"},
            {"amount_received": "The amount is too small to be exchanged: nothing would arrive"},
        ),
        (
            {"amount_received": "9.005"},
            {"amount_received": "Must have no more than 2 decimals in EUR"},
        ),
    ],
)
def test_a_wrong_payment_is_refused_and_told_why(api, wrong, errors):
    invoice = usd()
    answer = api.post(
        f"/invoices/{invoice.pk}/payments", {"amount": 10, "date": "2024-01-15"} | wrong
    )

    if errors is None:
        assert "No rate of USD to EUR" in answer.errors["exchange_rate"]
    else:
        assert answer.errors == errors
    assert not Payment.objects.exists()


def test_no_fraction_of_a_yen_is_paid(api):
    invoice = make_invoice("100", currency="JPY", exchange_rate=Decimal("0.0062"))

    answer = api.post(
        f"/invoices/{invoice.pk}/payments", {"amount": "10.5", "exchange_rate": "0.006"}
    )

    assert answer.errors == {"amount": "Must have no more than 0 decimals in JPY"}


def test_an_amount_beyond_our_books_is_refused(api):
    customer = make_customer()
    items = [{"description": "A", "amount": "99999999999", "qty": 1}]
    body = {"customer_id": customer.pk, "currency": "KWD", "exchange_rate": 3, "items": items}

    answer = api.post("/invoices", body)

    assert (answer.status, answer.body["code"]) == (400, "amount_too_large")
    assert not Invoice.objects.exists()


# ── Accounts, cash book, transfers ───────────────────────────────────────────────


def test_a_transaction_is_in_its_accounts_currency(api, dollars):
    make_exchange_rate("USD", "0.90", date=DAY)
    line = make_transaction("119.00", tax_rate=Decimal(19), account=dollars)

    # 119.00 × 0.90 = 107.10: 90.00 and 17.10.
    assert (line.currency, line.exchange_rate) == ("USD", Decimal("0.90"))
    assert booked(Ledger.INCOME) == -90
    assert booked(Ledger.TAX_PAYABLE) == Decimal("-17.10")

    moved = api.patch(f"/transactions/{line.pk}", {"account_id": CASH}).data

    assert (moved["currency"], moved["exchange_rate"]) == ("EUR", 1)
    assert booked(Ledger.INCOME) == -100
    assert (in_account(dollars.pk), in_account(CASH)) == (0, 119)


def test_an_opening_balance_is_worth_the_rate_of_today(api):
    body = {"name": "Dollars", "type": "Bank", "currency": "USD", "opening_balance": 100}
    assert "No rate of USD to EUR" in api.post("/accounts", body).errors["currency"]
    make_exchange_rate("USD", "0.90", date=DAY)

    opened = api.post("/accounts", body).data

    assert opened["balance"] == 100
    assert booked(Ledger.OPENING_BALANCE) == -90


def test_a_transfer_across_currencies_says_what_arrived(api, dollars):
    body = {"from_account_id": CASH, "to_account_id": dollars.pk, "amount": 100}
    assert api.post("/transfers", body).errors == {"amount_received": "Say how much of USD it was"}

    answer = api.post("/transfers", body | {"amount_received": "108.50"})

    assert (answer.data["amount"], answer.data["amount_received"]) == (100, Decimal("108.50"))
    assert (answer.data["currency"], answer.data["currency_received"]) == ("EUR", "USD")
    assert (in_account(CASH), in_account(dollars.pk)) == (-100, Decimal("108.50"))
    assert booked(Ledger.CASH) == 0
    back = make_transfer(
        "50.00",
        from_account=dollars,
        to_account=account(CASH),
        amount_received=Decimal("45.10"),
    )
    assert back.base_amount == Decimal("45.10")
    assert (in_account(CASH), in_account(dollars.pk)) == (Decimal("-54.90"), Decimal("58.50"))


def account(pk) -> Account:
    return Account.objects.get(pk=pk)


def test_a_transfer_between_two_other_currencies_is_worth_the_stored_rate(dollars):
    pounds = make_account("Pounds", currency="GBP")
    make_exchange_rate("USD", "0.90", date=DAY)
    make_exchange_rate("GBP", "1.15", date=DAY)

    transfer = make_transfer("100.00", from_account=dollars, to_account=pounds)

    # 90.00 EUR ÷ 1.15 = 78.2608…
    assert (transfer.base_amount, transfer.amount_received) == (90, Decimal("78.26"))


def test_accounts_of_other_currencies_do_not_follow_the_own_one(dollars):
    make_invoice()

    dollars.refresh()
    assert dollars.currency == "USD"
    assert account(CASH).currency == "EUR"


# ── What is said of several currencies ───────────────────────────────────────────


def test_a_statement_is_in_one_currency_and_names_the_others(api):
    customer = make_customer()
    make_invoice("10.00", customer=customer)
    invoice = usd("100.00", "0.90", customer=customer)
    pay(invoice, "40.00", amount_received="37.00")
    address = f"/customers/{customer.pk}/statement"

    ours, theirs = api.get(address).data, api.get(f"{address}?currency=USD").data

    assert (ours["currency"], ours["currencies"]) == ("EUR", ["EUR", "USD"])
    assert [line["amount"] for line in ours["lines"]] == [10]
    assert ours["outstanding"] == 10
    assert [line["amount"] for line in theirs["lines"]] == [100, -40]
    assert (theirs["outstanding"], theirs["closing_balance"]) == (60, 60)


def test_a_customer_of_another_currency_has_their_statement_in_it(api):
    invoice = usd()

    statement = api.get(f"/customers/{invoice.customer_id}/statement").data

    assert (statement["currency"], statement["currencies"]) == ("USD", ["USD"])
    assert statement["outstanding"] == 100


def test_two_currencies_are_never_added_up_on_a_customers_page(client):
    customer = make_customer()
    make_invoice("10.00", customer=customer)
    usd("100.00", "0.90", customer=customer)
    usd("5.00", "0.95", customer=customer)
    make_payment("7.00", customer=customer, currency="USD", amount_received=Decimal("6.50"))
    client.force_login(make_user())

    page = client.get(f"/admin/customers/customer/{customer.pk}/change/").content.decode()

    for amount in ("10.00", "105.00", "7.00"):
        assert f">{amount} <" in page
    assert ">115.00 <" not in page


def test_the_home_page_shows_what_is_owed_in_our_currency(client):
    make_invoice("10.00")
    usd("100.00", "0.90")
    client.force_login(make_user())

    page = client.get("/admin/").content.decode()

    assert ">100.00 <" in page  # 10.00 + 90.00 EUR
    assert ">110.00 <" not in page

"""The home page, the financial report, and how the site presents itself."""

import datetime
import re
from decimal import Decimal

import pytest

from bizsuite.dashboard.months import monthly_bars
from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from tests.backoffice.staff import staff_client, text_of
from tests.factories import (
    PASSWORD,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_transaction,
    make_user,
)

REPORT = "/admin/reports/financial/"
TODAY = datetime.date(2024, 3, 20)


def plain(page) -> str:
    """The page's words, one space between them."""
    return " ".join(re.sub(r"<[^>]+>", " ", text_of(page)).split())


def test_a_new_installation_shows_first_steps(administrator):
    text = plain(administrator.get("/admin/"))

    assert "First steps" in text
    for step in ("Say who you are", "Add a customer", "Write an invoice", "Connect a program"):
        assert step in text
    assert "Outstanding 0.00 USD" in text
    assert "No invoices yet." in text


def test_a_step_that_is_done_is_ticked(administrator):
    make_customer()

    text = text_of(administrator.get("/admin/"))

    assert text.count("check_circle") == 1
    assert '<a href="/admin/customers/customer/add/">Add a customer</a>' not in text


def test_steps_are_offered_to_who_may_take_them(viewer_in_admin, accountant_in_admin):
    assert "First steps" not in plain(viewer_in_admin.get("/admin/"))
    theirs = plain(accountant_in_admin.get("/admin/"))
    assert "Add a customer" in theirs
    assert "Say who you are" not in theirs
    assert "Connect a program" not in theirs


def test_the_figures_are_the_books(administrator):
    today = organisation().today()
    overdue = make_invoice("100.00", tax_rate=20, date=today - datetime.timedelta(days=60))
    make_invoice("50.00", date=today)
    make_draft("999.00", date=today)
    make_payment("60.00", invoice=overdue, date=today)
    make_transaction("12.50", "Expense", date=today)

    text = plain(administrator.get("/admin/"))

    assert "Outstanding 110.00 USD 2 open invoices" in text
    assert "Overdue 60.00 USD 1 invoices past their due date" in text
    assert "Income 50.00 USD" in text
    assert "Expenses 12.50 USD" in text
    assert overdue.number in text
    assert "Draft" in text


def test_the_bars_are_the_last_twelve_months(db):
    make_payment("120.00", invoice=make_invoice("100.00", tax_rate=20), date=TODAY)
    make_transaction("25.00", "Expense", date=datetime.date(2024, 2, 29))
    make_transaction("1000.00", date=datetime.date(2023, 3, 31))  # thirteen months ago

    shown = monthly_bars(TODAY, "USD")

    assert [bar.month for bar in shown.bars][-2:] == ["Feb 24", "Mar 24"]
    assert len(shown.bars) == 12
    assert shown.bars[0].month == "Apr 23"
    assert (shown.bars[-1].income, shown.bars[-1].income_height) == ("100.00", 100)
    assert (shown.bars[-2].expenses, shown.bars[-2].expenses_height) == ("25.00", 25)
    assert shown.highest == "100.00"


def test_there_are_no_bars_without_bookings(db):
    assert monthly_bars(TODAY, "USD") is None


@pytest.mark.parametrize("role", [Role.SALES, Role.SUPPORT])
def test_the_home_page_keeps_money_from_who_may_not_see_it(role, db):
    make_payment("77.00", customer=make_customer(account="Secret payer"))

    text = plain(staff_client(make_user(role=role)).get("/admin/"))

    assert "Outstanding" in text
    for word in ("Income", "Expenses", "Latest payments", "Secret payer"):
        assert word not in text


def test_the_report_of_a_month(accountant_in_admin):
    make_payment("120.00", invoice=make_invoice("100.00", tax_rate=20), date=TODAY)
    make_transaction("25.00", "Expense", date=TODAY)

    march = plain(accountant_in_admin.get(REPORT, {"year": "2024", "month": "3"}))
    assert "Income 100.00 USD" in march
    assert "Expenses 25.00 USD" in march
    assert "Profit 75.00 USD" in march
    assert "Outstanding 0.00 USD" in march
    accrual = {"year": "2024", "month": "1", "basis": "accrual"}
    january = plain(accountant_in_admin.get(REPORT, accrual))
    assert "Income 100.00 USD" in january
    assert "Outstanding 120.00 USD" in january
    everything = plain(accountant_in_admin.get(REPORT, {"year": "", "month": ""}))
    assert "Profit 75.00 USD" in everything


def test_a_wrong_period_is_said(administrator):
    answer = administrator.get(REPORT, {"year": "abc", "month": "13"})

    assert answer.status_code == 200
    assert {"year", "month"} <= set(answer.context["form"].errors)
    assert "Profit" not in plain(answer)


def test_the_search_finds_pages_and_records(administrator):
    customer = make_customer(account="ÄRGER GmbH")
    invoice = make_invoice(customer=customer)

    by_name = text_of(administrator.get("/admin/search/", {"s": "ärger", "extended": "1"}))
    assert f"/admin/customers/customer/{customer.pk}/change/" in by_name
    assert f"/admin/billing/invoice/{invoice.pk}/change/" in by_name
    page = text_of(administrator.get("/admin/search/", {"s": "transact", "extended": "1"}))
    assert "/admin/billing/transaction/" in page
    assert administrator.get("/admin/search/", {"s": "ä", "extended": "1"}).content == b""


def test_the_search_is_fresh_and_bounded(administrator):
    def links() -> int:
        found = text_of(administrator.get("/admin/search/", {"s": "needle", "extended": "1"}))
        return found.count("/admin/customers/customer/")

    assert links() == 0
    for number in range(7):
        make_customer(account=f"Needle {number}")
    assert links() == 5


def test_the_sign_in_page_names_the_organisation_and_loads_only_from_here(nobody):
    page = nobody.get("/admin/login/")

    text = text_of(page)
    assert "My Company" in text
    assert not re.findall(r"""(?:src|href|url\()=?["']?(https?:)?//""", text)
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert "'unsafe-inline'" not in page["Content-Security-Policy"].split("style-src")[0]


def test_an_environment_that_is_not_the_real_one_says_so(administrator, settings):
    assert "Sandbox" not in plain(administrator.get("/admin/"))
    settings.ENVIRONMENT = "sandbox"

    text = plain(administrator.get("/admin/"))

    assert "[Sandbox]" in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/", 200),
        ("/admin/customers/customer/", 200),
        ("/admin/usage/", 200),
        ("/admin/customers/customer/add/", 200),
        ("/admin/nothing/", 404),
    ],
)
def test_every_page_of_a_sandbox_says_that_nothing_is_real(administrator, settings, path, status):
    notice = "Sandbox: nothing here is real."
    assert notice not in text_of(administrator.get(path))
    settings.ENVIRONMENT = "sandbox"

    page = administrator.get(path)

    assert page.status_code == status
    assert notice in text_of(page)
    assert page["X-Environment"] == "sandbox"


def test_groups_are_not_offered(administrator):
    assert administrator.get("/admin/auth/group/").status_code == 404


def test_amounts_follow_the_currency(administrator):
    invoice = make_invoice("1234.50")

    page = plain(administrator.get(f"/admin/billing/invoice/{invoice.pk}/change/"))

    assert "Total 1,234.50 USD" in page
    assert invoice.amount == Decimal("1234.5")


def test_errors_have_a_page_with_a_way_back(viewer_in_admin, administrator, monkeypatch):
    forbidden = viewer_in_admin.get("/admin/identity/user/")
    assert forbidden.status_code == 403
    assert "That is not for your role" in plain(forbidden)
    missing = administrator.get("/nothing/here")
    assert missing.status_code == 404
    assert "There is nothing here" in plain(missing)

    def fail(request):
        raise ZeroDivisionError

    monkeypatch.setattr("bizsuite.dashboard.site.home_context", fail)
    administrator.raise_request_exception = False
    broken = administrator.get("/admin/")
    assert broken.status_code == 500
    assert "What you were saving has not been saved" in plain(broken)
    assert 'href="/admin/"' in text_of(broken)


def test_signing_in_leads_to_the_page_that_was_asked_for(nobody):
    user = make_user()
    asked = nobody.get("/admin/billing/invoice/?status__exact=Paid")

    answer = nobody.post(asked["Location"], {"username": user.email, "password": PASSWORD})

    assert answer["Location"] == "/admin/billing/invoice/?status__exact=Paid"

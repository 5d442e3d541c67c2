"""Closing years and the chart of accounts, in the admin."""

import datetime
from decimal import Decimal

from billing.models import ClosedYear
from bizsuite.identity.models import organisation
from tests.backoffice.staff import form_values, text_of
from tests.factories import close_period, make_closed_year, make_invoice, make_transaction

LIST = "/admin/billing/closedyear/"
CHART = "/admin/billing/journalentry/chart/"


def test_the_year_that_ended_last_is_offered_and_closed(administrator):
    make_transaction("70.00")
    last = datetime.date(organisation().today().year - 1, 12, 31)

    offered = form_values(administrator.get(f"{LIST}add/"))["last_day"]
    administrator.send(f"{LIST}add/", {"last_day": offered})

    year = ClosedYear.objects.get()
    assert (year.last_day, year.profit) == (last, Decimal("70.00"))
    page = text_of(administrator.get(f"{LIST}{year.pk}/change/"))
    assert "70.00" in page
    assert f"{LIST}{year.pk}/reopen/" in page


def test_a_wrong_day_is_said_at_the_field(administrator):
    answer = administrator.send(f"{LIST}add/", {"last_day": "2024-06-30"})

    assert "The fiscal year ends on 2024-12-31" in text_of(answer)
    assert not ClosedYear.objects.exists()


def test_only_the_one_closed_last_offers_to_be_reopened(administrator):
    first, second = make_closed_year(2023), make_closed_year(2024)

    assert f"{first.pk}/reopen/" not in text_of(administrator.get(f"{LIST}{first.pk}/change/"))
    administrator.send(f"{LIST}{second.pk}/reopen/", {}, form="action-form")

    second.refresh()
    assert second.reopened_at is not None
    assert organisation().closed_until == datetime.date(2023, 12, 31)


def test_the_settings_cannot_open_a_closed_year(administrator):
    make_closed_year(2024)

    answer = administrator.send(
        "/admin/identity/organisation/1/change/", {"closed_until": "2024-06-30"}
    )

    assert "reopen it first" in text_of(answer)
    close_period(datetime.date(2025, 6, 30))
    assert organisation().closed_until == datetime.date(2025, 6, 30)


def test_the_chart_of_accounts_shows_both_sides_and_their_sums(administrator):
    make_invoice("100.00", tax_rate=19)

    accrual = text_of(administrator.get(CHART))
    cash = text_of(administrator.get(f"{CHART}?day=2024-12-31&basis=cash"))

    assert accrual.count("119.00") == 3  # receivable, and both sums
    assert "Tax payable" in accrual
    assert "119.00" not in cash
    assert "Enter a valid date" in text_of(administrator.get(f"{CHART}?day=yesterday"))

"""Accounts, categories and products, over the API."""

import datetime
from decimal import Decimal

import pytest

from billing import catalogue
from billing.models import Account, Category, JournalEntry, Product
from billing.models.ledger import Ledger
from bizsuite.errors import NotFound, Stale
from tests.billing.books import booked, event_types, in_account, last_event_id
from tests.factories import (
    SYSTEM,
    close_period,
    keep_books_in,
    make_account,
    make_category,
    make_draft,
    make_product,
    make_transaction,
    new_item,
)

pytestmark = pytest.mark.django_db


def test_a_new_installation_has_cash_and_sales(api):
    assert api.get("/accounts/1").data["name"] == "Cash"
    sales = api.get("/categories/1").data
    assert (sales["name"], sales["type"]) == ("Sales", "Income")


def test_an_opening_balance_is_booked_against_equity_today(api):
    answer = api.post(
        "/accounts", {"name": "Bank", "type": "Bank", "opening_balance": Decimal("250.50")}
    )

    assert answer.status == 201
    assert b'"opening_balance":250.50,"balance":250.50' in answer.raw
    assert booked(Ledger.OPENING_BALANCE) == Decimal("-250.50")
    assert JournalEntry.objects.get().date == datetime.datetime.now(datetime.UTC).date()
    report = api.get("/reports/financial").data
    assert (report["income"], report["expenses"]) == (0, 0)


def test_an_overdrawn_account_is_opened_with_less_than_nothing(api):
    answer = api.post("/accounts", {"name": "Card", "type": "Card", "opening_balance": -20})

    assert answer.data["balance"] == Decimal("-20.00")


def test_no_account_is_opened_with_money_in_a_closed_period(api):
    close_period(datetime.date(2999, 1, 1))

    answer = api.post("/accounts", {"name": "Bank", "type": "Bank", "opening_balance": 1})

    assert (answer.status, answer.body["code"]) == (409, "period_closed")
    assert Account.objects.count() == 1
    assert api.post("/accounts", {"name": "Bank", "type": "Bank"}).status == 201


@pytest.mark.parametrize(
    ("path", "sent", "errors"),
    [
        ("/accounts", {"name": "A"}, {"type": "This field is required"}),
        ("/accounts", {"name": "A", "type": "Safe"}, {"type": '"Safe" is not a valid choice'}),
        (
            "/accounts",
            {"name": "A", "type": "Bank", "currency": "EUX"},
            {"currency": "Must be an ISO 4217 currency code, such as EUR"},
        ),
        (
            "/accounts",
            {"name": "A", "type": "Bank", "balance": 5},
            {"balance": "This field is read-only"},
        ),
        ("/categories", {"name": "C"}, {"type": "This field is required"}),
        ("/categories", {"name": "", "type": "Income"}, {"name": "This field is required"}),
        ("/products", {"name": "P"}, {"price": "This field is required"}),
        ("/products", {"name": "P", "price": -1}, {"price": "Price must be at least 0"}),
        (
            "/products",
            {"name": "P", "price": 1, "tax_rate": 101},
            {"tax_rate": "Tax rate must be at most 100"},
        ),
        (
            "/products",
            {"name": "P", "price": 1, "type": "thing"},
            {"type": '"thing" is not a valid choice'},
        ),
        (
            "/products",
            {"name": "P", "price": Decimal("0.00001")},
            {"price": "Must have no more than 4 decimals"},
        ),
    ],
)
def test_a_wrong_field_is_named(api, path, sent, errors):
    before = last_event_id()

    assert api.post(path, sent).errors == errors
    assert event_types(before) == []


def test_a_product_needs_a_name_and_a_price(api):
    shown = api.post("/products", {"name": "Hosting", "price": "0.0125"}).data

    assert (shown["type"], shown["tax_rate"]) == ("product", 0)
    assert str(shown["price"]) == "0.0125"


@pytest.mark.parametrize(
    ("make", "path"),
    [(make_account, "/accounts"), (make_category, "/categories"), (make_product, "/products")],
)
def test_what_was_read_can_be_changed_and_sent_back(api, make, path):
    record = make()
    shown = api.get(f"{path}/{record.pk}").data
    before = last_event_id()

    assert api.put(f"{path}/{record.pk}", shown).data == shown
    assert event_types(before) == []
    renamed = api.put(f"{path}/{record.pk}", shown | {"name": "Ärger GmbH"})
    assert renamed.data["name"] == "Ärger GmbH"
    assert [row["id"] for row in api.get(f"{path}?search=ÄRGER").data] == [record.pk]


def test_what_an_account_was_opened_with_stays(api):
    bank = make_account(opening_balance="10.00")

    for changes in ({"opening_balance": 11}, {"currency": "EUR"}):
        assert api.patch(f"/accounts/{bank.pk}", changes).status == 409
    assert api.patch(f"/accounts/{bank.pk}", {"opening_balance": 10, "name": "B"}).status == 200
    assert in_account(bank.pk) == 10


def test_a_category_stays_income_or_expense(api):
    category = make_category("Consulting", flow="Income")

    answer = api.patch(f"/categories/{category.pk}", {"type": "Expense"})

    assert (answer.status, answer.body["code"]) == (409, "fixed_once_made")
    assert api.get(f"/categories/{category.pk}").data["type"] == "Income"
    assert api.patch(f"/categories/{category.pk}", {"name": "Advice"}).status == 200


@pytest.mark.parametrize(
    ("make", "path", "message"),
    [
        (make_account, "/accounts", "Account deleted"),
        (make_category, "/categories", "Category deleted"),
        (make_product, "/products", "Product deleted"),
    ],
)
def test_what_nothing_refers_to_is_deleted(api, make, path, message):
    record = make()
    before = last_event_id()

    assert api.delete(f"{path}/{record.pk}").body == {"success": True, "message": message}
    assert api.get(f"{path}/{record.pk}").status == 404
    assert api.delete(f"{path}/{record.pk}").status == 404
    assert event_types(before) == [f"{record._meta.model_name}.deleted"]


def test_what_documents_refer_to_is_archived(api):
    account, category, product = make_account(), make_category(flow="Income"), make_product()
    make_transaction(account=account, category=category)
    make_draft(items=[new_item(product=product)])

    for path, record in (("accounts", account), ("categories", category), ("products", product)):
        before = last_event_id()
        name = record._meta.model_name
        answer = api.delete(f"/{path}/{record.pk}")
        assert answer.body == {"success": True, "message": f"{name.capitalize()} archived"}
        assert event_types(before) == [f"{name}.updated"]
        assert api.get(f"/{path}/{record.pk}").data["archived_at"] is not None
        assert record.pk not in [row["id"] for row in api.get(f"/{path}").data]
        assert [row["id"] for row in api.get(f"/{path}?archived=true").data] == [record.pk]
        assert api.delete(f"/{path}/{record.pk}").status == 200  # twice changes nothing
        assert len(event_types(before)) == 1


def test_an_account_with_money_from_its_opening_is_archived(api):
    bank = make_account(opening_balance="5.00")

    assert api.delete(f"/accounts/{bank.pk}").body["message"] == "Account archived"


def test_a_restored_record_takes_documents_again(api):
    bank = make_account()
    catalogue.archive_named(bank, actor=SYSTEM)
    catalogue.restore_named(bank, actor=SYSTEM)
    before = last_event_id()

    catalogue.restore_named(bank, actor=SYSTEM)

    assert event_types(before) == []
    make_transaction(account=bank)


@pytest.mark.parametrize("make", [make_account, make_category, make_product])
def test_a_record_that_is_deleted_meanwhile_is_not_found(make):
    record = make()
    type(record).objects.filter(pk=record.pk).delete()

    with pytest.raises(NotFound):
        catalogue.update_named(record, name="Late", actor=SYSTEM)
    with pytest.raises(NotFound):
        catalogue.delete_named(record, actor=SYSTEM)


def test_a_change_of_an_older_version_is_stale():
    product = make_product()
    catalogue.update_named(product, name="New", actor=SYSTEM)

    with pytest.raises(Stale):
        catalogue.update_named(product, name="Newer", if_version=1, actor=SYSTEM)
    assert Product.objects.get().name == "New"


def test_two_changes_of_different_fields_are_both_found():
    """The second is made from what was read before the first."""
    product = make_product("Hosting")
    same = Product.objects.get()

    catalogue.update_named(product, name="Storage", actor=SYSTEM)
    catalogue.update_named(same, description="In the cloud", actor=SYSTEM)

    assert Product.objects.search("storage cloud").exists()


def test_prices_are_shown_in_the_books_currency(api):
    keep_books_in("JPY")
    make_product(price="1500")

    assert b'"price":1500,' in api.get("/products").raw


def test_categories_of_the_same_name_may_be_of_both_types(api):
    for flow in ("Income", "Expense"):
        assert api.post("/categories", {"name": "Other", "type": flow}).status == 201
    assert Category.objects.filter(name="Other").count() == 2

"""The admin's pages, seen through those about customers."""

import csv
import io

import pytest

from bizsuite.events.models import Event
from customers.customers import archive_customer, update_customer
from customers.models import Customer
from tests.backoffice.staff import form_values, messages_of, text_of
from tests.factories import SYSTEM, make_customer

LIST = "/admin/customers/customer/"
ADD = "/admin/customers/customer/add/"


def page_of(customer: Customer) -> str:
    return f"{LIST}{customer.pk}/change/"


def test_adding_goes_through_the_action_and_is_on_record(administrator):
    answer = administrator.post(
        ADD, {"account": "Jane Smith", "email": "jane@example.com"}, headers={"X-Request-ID": "r-1"}
    )

    assert answer.status_code == 302
    customer = Customer.objects.get()
    assert customer.account == "Jane Smith"
    assert customer.search_text == "jane smith\njane@example.com"
    event = Event.objects.get(resource="customer")
    assert (event.type, event.object_id, event.source) == ("customer.created", customer.pk, "admin")
    assert (event.actor_name, event.actor_user_id) == ("Ada Reyes", administrator.user.pk)
    assert event.request_id == "r-1"


def test_changing_sends_only_what_was_changed(administrator):
    customer = make_customer(phone="1", metadata={"tier": "gold"})

    administrator.send(page_of(customer), {"phone": "2"})

    customer.refresh_from_db()
    assert (customer.account, customer.phone, customer.version) == ("Jane Smith", "2", 2)
    assert customer.metadata == {"tier": "gold"}
    assert Event.objects.filter(type="customer.updated", source="admin").count() == 1


def test_saving_without_a_change_records_nothing(administrator):
    customer = make_customer()

    answer = administrator.send(page_of(customer))

    assert answer.status_code == 302
    customer.refresh_from_db()
    assert customer.version == 1
    assert not Event.objects.filter(type="customer.updated").exists()


def test_a_mistake_keeps_what_was_typed(administrator):
    answer = administrator.send(ADD, {"account": "Jane Smith", "email": "jane at home"})

    assert answer.status_code == 200
    values = form_values(answer, "customer_form")
    assert (values["account"], values["email"]) == ("Jane Smith", "jane at home")
    assert "Enter a valid email address" in text_of(answer)
    assert not Customer.objects.exists()


def test_a_second_person_is_told_and_does_not_overwrite(administrator):
    customer = make_customer(phone="1")
    page = administrator.get(page_of(customer))
    update_customer(customer, actor=SYSTEM, phone="from elsewhere")

    answer = administrator.send_from(page, page_of(customer), {"phone": "mine"})

    customer.refresh_from_db()
    assert customer.phone == "from elsewhere"
    text = text_of(answer)
    assert "system changed this at" in text
    assert "Phone: from elsewhere" in text
    assert form_values(answer, "customer_form")["phone"] == "mine"


def test_saving_again_after_being_told_overwrites(administrator):
    customer = make_customer(phone="1")
    page = administrator.get(page_of(customer))
    update_customer(customer, actor=SYSTEM, phone="from elsewhere")
    told = administrator.send_from(page, page_of(customer), {"phone": "mine"})

    answer = administrator.send_from(told, page_of(customer))

    assert answer.status_code == 302
    customer.refresh_from_db()
    assert customer.phone == "mine"


def test_a_mistake_does_not_hide_that_somebody_else_saved(administrator):
    """The page made again after a mistake still belongs to the version that was read."""
    customer = make_customer(phone="1")
    page = administrator.get(page_of(customer))
    update_customer(customer, actor=SYSTEM, phone="from elsewhere")
    mistaken = administrator.send_from(page, page_of(customer), {"email": "no", "phone": "mine"})

    administrator.send_from(mistaken, page_of(customer), {"email": "a@example.com"})

    customer.refresh_from_db()
    assert customer.phone == "from elsewhere"


def test_metadata_is_edited_as_rows(administrator):
    customer = make_customer(metadata={"tier": "gold", "region": "north"})

    administrator.send(
        page_of(customer),
        {"pairs-name": ["tier", "", "since"], "pairs-value": ["silver", "", "2019"]},
    )

    customer.refresh_from_db()
    assert customer.metadata == {"tier": "silver", "since": "2019"}


@pytest.mark.parametrize(
    ("names", "values", "why"),
    [
        (["a", "a"], ["1", "2"], "Two rows have the same name"),
        ([""], ["1"], "Give every value a name"),
        (["n" * 41], ["1"], "Names must be 1 to 40 characters long"),
    ],
)
def test_metadata_keeps_the_rules_of_the_api(administrator, names, values, why):
    customer = make_customer()

    answer = administrator.send(page_of(customer), {"pairs-name": names, "pairs-value": values})

    assert why in text_of(answer)
    customer.refresh_from_db()
    assert customer.metadata == {}


def test_a_taken_external_id_is_said_at_the_field(administrator):
    make_customer(external_id="C-1")
    answer = administrator.send(ADD, {"account": "Other", "external_id": "C-1"})

    assert answer.status_code == 200
    assert "external_id" in answer.context["adminform"].form.errors
    assert Customer.objects.count() == 1


def test_deleting_asks_first(administrator):
    customer = make_customer()

    page = administrator.get(f"{LIST}{customer.pk}/delete/")

    assert "Delete customer" in text_of(page)
    assert Customer.objects.filter(pk=customer.pk).exists()


def test_deleting_removes_and_is_on_record(administrator):
    customer = make_customer()

    answer = administrator.post(f"{LIST}{customer.pk}/delete/", follow=True)

    assert messages_of(answer) == ["Jane Smith has been deleted."]
    assert not Customer.objects.exists()
    assert Event.objects.get(type="customer.deleted").source == "admin"


def test_deleting_several_counts_them(administrator):
    first, second, kept = (make_customer(account=name) for name in ("A", "B", "C"))
    chosen = {"action": "delete_selected", "_selected_action": [first.pk, second.pk]}

    asked = administrator.post(LIST, chosen)
    assert "Delete 2 customers?" in text_of(asked)
    assert Customer.objects.count() == 3
    answer = administrator.post(LIST, chosen | {"confirmed": "1"}, follow=True)

    assert messages_of(answer) == ["2 deleted."]
    assert list(Customer.objects.all()) == [kept]
    assert Event.objects.filter(type="customer.deleted", source="admin").count() == 2


def test_archiving_and_restoring(administrator):
    customer = make_customer()

    answer = administrator.post(f"{LIST}{customer.pk}/archive/", follow=True)
    assert messages_of(answer) == ["Jane Smith has been archived."]
    customer.refresh_from_db()
    assert customer.archived_at is not None
    assert f"{LIST}{customer.pk}/restore/" in text_of(answer)
    assert f"{LIST}{customer.pk}/archive/" not in text_of(answer)

    administrator.post(f"{LIST}{customer.pk}/restore/")
    customer.refresh_from_db()
    assert customer.archived_at is None


def test_the_list_leaves_the_archived_out_unless_asked(administrator):
    make_customer(account="Active One")
    archive_customer(make_customer(account="Archived One"), actor=SYSTEM)

    def shown(query: str) -> list[bool]:
        text = text_of(administrator.get(LIST + query))
        return ["Active One" in text, "Archived One" in text]

    assert shown("") == [True, False]
    assert shown("?archived=true") == [False, True]
    assert shown("?archived=all") == [True, True]


def test_the_search_finds_whatever_the_case(administrator):
    make_customer(account="ÄRGER GmbH")
    make_customer(account="Jane Smith")

    text = text_of(administrator.get(LIST, {"q": "ärger"}))

    assert "ÄRGER GmbH" in text
    assert "Jane Smith" not in text


def test_history_shows_who_changed_what(administrator):
    customer = make_customer(phone="1")
    administrator.send(page_of(customer), {"phone": "2"})

    text = text_of(administrator.get(f"{LIST}{customer.pk}/history/"))

    assert "by Ada Reyes" in text
    assert '<th scope="row">Phone</th><td>1</td><td>2</td>' in text
    assert "by system" in text


def test_the_export_has_what_the_list_has(administrator):
    make_customer(account="Jane Smith", city="Bristol")
    make_customer(account="John Doe")

    answer = administrator.get(f"{LIST}export/", {"q": "jane"})

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [(row["account"], row["city"]) for row in rows] == [("Jane Smith", "Bristol")]


def test_the_export_contains_no_formulas(administrator):
    make_customer(account='=HYPERLINK("http://evil.example")', phone="+44 20", notes="@x")

    answer = administrator.get(f"{LIST}export/")

    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert row["account"] == '\'=HYPERLINK("http://evil.example")'
    assert (row["phone"], row["notes"]) == ("'+44 20", "'@x")


def test_the_export_reads_beyond_one_page(administrator, monkeypatch):
    monkeypatch.setattr("bizsuite.backoffice.export.ROWS_PER_PAGE", 2)
    for number in range(5):
        make_customer(account=f"Customer {number}")

    answer = administrator.get(f"{LIST}export/")

    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row["account"] for row in rows] == [f"Customer {number}" for number in range(5)]

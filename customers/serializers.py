from bizsuite.api.expansion import Expansion
from bizsuite.api.serializers import RecordSerializer
from customers.models import Customer


class CustomerSerializer(RecordSerializer):
    class Meta:
        model = Customer
        fields = (
            "id",
            "account",
            "contact_name",
            "email",
            "phone",
            "tax_id",
            "address",
            "city",
            "state",
            "zip",
            "country",
            "notes",
            "reminders_paused",
            "external_id",
            "metadata",
            "archived_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("archived_at",)
        help_texts = {
            "account": "The name of the person or company.",
            "contact_name": "Whom to ask for there.",
            "email": "Where mails to them go.",
            "phone": "Free text: an extension or several numbers are welcome.",
            "tax_id": "Their tax or VAT number, printed on invoices.",
            "address": "Street and number; may have several lines.",
            "city": "Town or city.",
            "state": "State, county or region.",
            "zip": "Postal code: text, so that it keeps its zeros.",
            "country": "Name or code, as it is to be printed.",
            "notes": "For yourselves; printed nowhere.",
            "reminders_paused": "true: no reminders of any of their invoices, and no late fees.",
        }


# For every shape that names a customer.
CUSTOMER_EXPANSION = Expansion("customers", CustomerSerializer, Customer.objects.all())

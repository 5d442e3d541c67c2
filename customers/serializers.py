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
            "external_id",
            "metadata",
            "archived_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("archived_at",)

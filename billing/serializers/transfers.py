"""The public shape of transfers."""

from billing.models import Account, Transfer
from billing.serializers.catalogue import ACCOUNT_EXPANSION, COMMON_FIELDS
from bizsuite.api.fields import ApiMoneyField, RecordIdField, StrictDateField
from bizsuite.api.serializers import RecordSerializer


class TransferSerializer(RecordSerializer):
    from_account_id = RecordIdField(source="from_account", queryset=Account.objects.all())
    to_account_id = RecordIdField(source="to_account", queryset=Account.objects.all())
    amount = ApiMoneyField(positive=True)
    amount_received = ApiMoneyField(
        currency="currency_received",
        positive=True,
        required=False,
        help_text="What arrived, where the accounts' currencies differ; by the stored rates if not"
        " given.",
    )
    date = StrictDateField(required=False)

    expandable = {
        "from_account": ACCOUNT_EXPANSION,
        "to_account": ACCOUNT_EXPANSION,
    }

    class Meta:
        model = Transfer
        fields = (
            "id",
            "from_account_id",
            "to_account_id",
            "amount",
            "amount_received",
            "currency",
            "currency_received",
            "date",
            "description",
            *COMMON_FIELDS,
        )
        read_only_fields = ("currency", "currency_received")
        help_texts = {
            "from_account_id": "Where the money was.",
            "to_account_id": "Where it is now: another account.",
            "amount": "What left the first account.",
            "currency": "The first account's.",
            "currency_received": "The second account's.",
            "date": "When; today if not given.",
            "description": "What for, in your words.",
        }

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
        positive=True,
        required=False,
        help_text="What arrived. The same as the amount, for all accounts are in one currency.",
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
            "date",
            "description",
            *COMMON_FIELDS,
        )
        read_only_fields = ("currency",)
        help_texts = {
            "from_account_id": "Where the money was.",
            "to_account_id": "Where it is now: another account.",
            "amount": "What left the first account.",
            "date": "When; today if not given.",
            "description": "What for, in your words.",
        }

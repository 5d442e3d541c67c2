"""The public shape of closed years."""

from billing.models import ClosedYear
from billing.serializers.catalogue import COMMON_FIELDS
from bizsuite.api.fields import ApiMoneyField, StrictDateField
from bizsuite.api.serializers import RecordSerializer


class ClosedYearSerializer(RecordSerializer):
    last_day = StrictDateField()
    profit = ApiMoneyField(read_only=True)
    cash_profit = ApiMoneyField(read_only=True)

    class Meta:
        model = ClosedYear
        fields = (
            "id",
            "last_day",
            "profit",
            "cash_profit",
            "currency",
            "reopened_at",
            *COMMON_FIELDS,
        )
        read_only_fields = ("currency", "reopened_at")
        validators = ()  # that a year is closed once is said by the action
        help_texts = {
            "last_day": "The fiscal year's: 31 December, unless the settings name another month.",
            "profit": (
                "What became retained earnings on the accrual basis, with gains and losses by"
                " exchange rates; negative: a loss."
            ),
            "cash_profit": "The same on the cash basis.",
            "reopened_at": "When the closing was taken back.",
        }

"""The public shape of exchange rates."""

from typing import Any

from billing.models import ExchangeRate
from billing.serializers.catalogue import COMMON_FIELDS, CurrencyField, rate_field
from bizsuite.api.fields import StrictDateField
from bizsuite.api.serializers import RecordSerializer


class ExchangeRateSerializer(RecordSerializer):
    currency = CurrencyField()
    date = StrictDateField()
    rate = rate_field()

    class Meta:
        model = ExchangeRate
        fields = ("id", "currency", "date", "rate", *COMMON_FIELDS)
        # The action says it, and by the field that is to be changed.
        validators: list[Any] = []
        help_texts = {
            "currency": "The code of the currency that is exchanged.",
            "date": "It holds from this day until a newer one.",
            "rate": "Units of the organisation's currency for one of this one; up to 10 decimals.",
        }

"""Exact money: its column, its rounding, its tax and its shares. Never a float."""

from bizsuite.money.currencies import (
    UnknownCurrency,
    currency_decimals,
    is_currency,
    round_money,
)
from bizsuite.money.decimals import (
    format_decimal,
    has_at_most,
    parse_decimal,
    plain_decimal,
    round_half_up,
)
from bizsuite.money.fields import (
    EXCHANGE_RATE_MAX,
    EXCHANGE_RATE_PLACES,
    MONEY_MAX,
    MONEY_PLACES,
    PERCENT_MAX,
    PERCENT_PLACES,
    QUANTITY_MAX,
    QUANTITY_PLACES,
    ExactDecimalField,
    ExchangeRateField,
    MoneyField,
    MoneyValue,
    PercentField,
    QuantityField,
    money_value,
)
from bizsuite.money.forms import ExactDecimalFormField
from bizsuite.money.shares import cumulative_share, split_by_weight
from bizsuite.money.tax import (
    AmountTooLarge,
    Line,
    RateTotal,
    Totals,
    compute_totals,
    split_gross,
)

__all__ = [
    "EXCHANGE_RATE_MAX",
    "EXCHANGE_RATE_PLACES",
    "MONEY_MAX",
    "MONEY_PLACES",
    "PERCENT_MAX",
    "PERCENT_PLACES",
    "QUANTITY_MAX",
    "QUANTITY_PLACES",
    "AmountTooLarge",
    "ExactDecimalField",
    "ExactDecimalFormField",
    "ExchangeRateField",
    "Line",
    "MoneyField",
    "MoneyValue",
    "PercentField",
    "QuantityField",
    "RateTotal",
    "Totals",
    "UnknownCurrency",
    "compute_totals",
    "cumulative_share",
    "currency_decimals",
    "format_decimal",
    "has_at_most",
    "is_currency",
    "money_value",
    "parse_decimal",
    "plain_decimal",
    "round_half_up",
    "round_money",
    "split_by_weight",
    "split_gross",
]

from webhooks.models.deliveries import (
    Delivery,
    DeliveryAttempt,
    DeliveryQuerySet,
    DeliveryStatus,
    DispatchTurn,
)
from webhooks.models.endpoints import URL_LENGTH, DisabledReason, PausedReason, WebhookEndpoint
from webhooks.models.figures import HourlyFigures

__all__ = [
    "URL_LENGTH",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryQuerySet",
    "DeliveryStatus",
    "DisabledReason",
    "DispatchTurn",
    "HourlyFigures",
    "PausedReason",
    "WebhookEndpoint",
]

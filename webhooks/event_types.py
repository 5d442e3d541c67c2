from bizsuite.events.registry import EventType, declare

TEST_EVENT = "webhook.tested"

WEBHOOK = {
    "id": 1,
    "url": "https://your-domain.com/webhook",
    "events": ["invoice.created", "payment.received"],
    "active": True,
    "disabled_at": None,
    "disabled_reason": None,
    "failing_since": None,
    "paused_at": None,
    "paused_reason": None,
    "missed_since": None,
    "catching_up": False,
    "previous_secret_until": None,
    "external_id": None,
    "metadata": {},
    "created_at": "2024-01-15T10:00:00Z",
    "updated_at": "2024-01-15T10:00:00Z",
}

# For the audit alone: whoever receives webhooks need not know who else does.
declare(
    EventType("webhook.created", "A webhook was registered.", WEBHOOK, public=False),
    EventType("webhook.updated", "A webhook's URL or events changed.", WEBHOOK, public=False),
    EventType("webhook.deleted", "A webhook was removed.", WEBHOOK, public=False),
    EventType(
        "webhook.enabled",
        "A webhook was switched on again, or it was said what is to become of what it missed.",
        WEBHOOK | {"catching_up": True},
        public=False,
    ),
    EventType(
        "webhook.paused",
        "Nothing is sent to a webhook: by hand, or because too much was waiting for it.",
        WEBHOOK
        | {
            "paused_at": "2024-01-20T10:00:00Z",
            "paused_reason": "backlog",
            "catching_up": True,
        },
        public=False,
    ),
    EventType(
        "webhook.resumed", "A webhook is sent to again after a pause.", WEBHOOK, public=False
    ),
    EventType(
        "webhook.looped",
        "Messages to a webhook caused changes that caused messages, five times in a row; the"
        " event named is not sent. Said once a day.",
        WEBHOOK | {"event": "customer.updated", "event_id": 4711},
        public=False,
    ),
    EventType(
        "webhook.disabled",
        "A webhook was switched off: by hand, by a 410, or after five days of failure.",
        WEBHOOK
        | {
            "active": False,
            "disabled_at": "2024-01-20T10:00:00Z",
            "disabled_reason": "failing",
            "failing_since": "2024-01-15T10:00:00Z",
            "missed_since": "2024-01-15T10:00:00Z",
        },
        public=False,
    ),
    EventType(
        "webhook.rotated",
        "A webhook got a new secret; the old one signs too for a day.",
        WEBHOOK | {"previous_secret_until": "2024-01-16T10:00:00Z"},
        public=False,
    ),
    EventType(
        TEST_EVENT,
        "A test was asked for; sent to that one webhook, whatever it subscribed to.",
        WEBHOOK,
        public=False,
    ),
    EventType(
        "webhook.resent",
        "A person had one message sent once more.",
        WEBHOOK | {"message_id": "msg_7k2m9q4x8t3v7k2m9q4x8t3v7k"},
        public=False,
    ),
    EventType(
        "webhook.replayed",
        "A person had everything that did not arrive since an instant sent again.",
        WEBHOOK | {"since": "2024-01-15T10:00:00Z", "queued": 12},
        public=False,
    ),
)

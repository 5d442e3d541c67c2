from bizsuite.events.registry import EventType, declare

# For the audit alone: receivers of webhooks have copies of their own, which this does not reach.
declare(
    EventType(
        "event.erased",
        "The data of a record's events was erased; which events, and why.",
        {"resource": "customer", "object_id": 17, "reason": "Asked to be forgotten", "events": [4]},
        public=False,
    ),
)

"""Two webhooks with a past. Neither is sent anything, so that nothing leaves the sandbox."""

import datetime

from bizsuite.events.models import Event
from bizsuite.identity.roles import Role
from bizsuite.sandbox.company.story import Story
from webhooks.endpoints import create_endpoint
from webhooks.figures import Attempted, count_attempts
from webhooks.making import insert, new_delivery
from webhooks.messages import Signer, message_body
from webhooks.models import Delivery, DeliveryStatus, DisabledReason, WebhookEndpoint
from webhooks.retries import random
from webhooks.sending import Reply
from webhooks.settling import Outcome, record_outcomes
from webhooks.switching import give_up_endpoint, pause_endpoint

# No host has a name that ends in .example.
WAREHOUSE = "https://warehouse.harbourandpine.example/hooks"
NEWSLETTER = "https://newsletter.harbourandpine.example/business-suite"
PAST_HOURS = 7 * 24
SHOWN_OF_PAST = 12


def tell_others(story: Story) -> None:
    """One that took all it was sent, paused while its server is moved; and one that is broken."""
    manager = story.person(Role.ADMINISTRATOR)
    warehouse = create_endpoint(
        url=WAREHOUSE, events=["lead.converted", "quote.accepted"], actor=manager
    )
    _deliver_past(story, warehouse, Reply(200, body=b"ok"))
    pause_endpoint(warehouse, now=story.hours_ago(1), actor=manager)

    newsletter = create_endpoint(url=NEWSLETTER, events=["customer.created"], actor=manager)
    _deliver_past(story, newsletter, Reply(503, "The receiver answered 503", b"Under repair"))
    give_up_endpoint(newsletter.pk, reason=DisabledReason.FAILING, now=story.now)


def _deliver_past(story: Story, endpoint: WebhookEndpoint, reply: Reply) -> None:
    """A week of attempts by the hour, and the latest messages with what came back."""
    for hour in range(1, PAST_HOURS):
        count_attempts(
            [_attempted(story, endpoint, reply) for _ in range(story.random.randrange(4))],
            now=story.hours_ago(hour),
        )
    events = list(Event.objects.filter(type__in=endpoint.events).order_by("id")[:SHOWN_OF_PAST])
    insert([new_delivery(event, endpoint, now=story.now) for event in events])
    made = Delivery.objects.filter(endpoint=endpoint).select_related("event", "endpoint")
    signer = Signer()
    outcomes = [
        Outcome(
            delivery,
            reply,
            started_at=story.now,
            duration_ms=_duration_ms(story),
            url=endpoint.url,
            signature=signer.sign(delivery, message_body(delivery.event), now=story.now),
        )
        for delivery in made
    ]
    record_outcomes(outcomes, now=story.now, random=random)
    # All their attempts were in vain, but only the last is told of.
    made.filter(status=DeliveryStatus.PENDING).update(
        status=DeliveryStatus.FAILED, failed_at=story.now, next_attempt_at=None
    )
    if not reply.succeeded:
        since = story.now - datetime.timedelta(days=5)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).note_failing(since=since, last=story.now)


def _attempted(story: Story, endpoint: WebhookEndpoint, reply: Reply) -> Attempted:
    return Attempted(
        endpoint.pk, succeeded=reply.succeeded, answered=True, duration_ms=_duration_ms(story)
    )


def _duration_ms(story: Story) -> int:
    return int(story.random.lognormvariate(4.6, 0.6))

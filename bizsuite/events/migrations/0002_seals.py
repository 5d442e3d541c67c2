from django.db import migrations, models

from bizsuite.events.sealing import chain_hash, seal_before, seal_facts

PAGE = 2000
FACTS = (
    "id",
    "sequence",
    "type",
    "resource",
    "object_id",
    "object_version",
    "payload_sha256",
    "occurred_at",
    "actor_name",
    "actor_user_id",
    "actor_key_id",
    "source",
    "request_id",
    "causation_depth",
)


def hold_what_is_there(apps, schema_editor):
    """Numbered events keep their hashes, which leave some facts out; one more hash, over all facts
    of all of them, holds them as they are today. Those that wait for a number are sealed."""
    Event = apps.get_model("events", "Event")
    RelayState = apps.get_model("events", "RelayState")
    state = RelayState.objects.filter(pk=1).first()
    if state is not None and state.last_sequence:
        state.sealed_from = state.last_sequence + 1
        state.before_sha256 = _hash_of_all(Event)
        state.before_seal = seal_before(state.sealed_from, state.before_sha256)
        state.save()
    waiting = Event.objects.filter(sequence=None, seal=None).order_by("id").only(*FACTS)
    while events := list(waiting[:PAGE]):
        for event in events:
            event.seal = seal_facts(event)
        Event.objects.bulk_update(events, ["seal"], batch_size=500)


def _hash_of_all(Event):
    hashed, last = "", 0
    rows = Event.objects.order_by("sequence").values_list(*FACTS, named=True)
    while page := list(rows.filter(sequence__gt=last)[:PAGE]):
        for row in page:
            hashed = chain_hash(hashed, row)
        last = page[-1].sequence
    return hashed


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="seal",
            field=models.BinaryField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="chain_seal",
            field=models.BinaryField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="erased_by",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="relaystate",
            name="sealed_from",
            field=models.PositiveBigIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="relaystate",
            name="before_sha256",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="relaystate",
            name="before_seal",
            field=models.BinaryField(editable=False, null=True),
        ),
        migrations.RunPython(hold_what_is_there, migrations.RunPython.noop),
    ]

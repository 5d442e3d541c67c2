"""The public shapes of leads, shared by API, webhooks and exports."""

import copy
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bizsuite.api.fields import (
    ApiMoneyField,
    InstantField,
    MetadataField,
    OptionalTextField,
    RecordIdField,
    StrictBooleanField,
    money_number,
)
from bizsuite.api.serializers import RecordSerializer, StrictListSerializer, StrictSerializer
from bizsuite.identity.models import User, organisation
from bizsuite.team.serializers import ASSIGNEE_EXPANSION
from crm.duplicates import possible_duplicates
from crm.models import Lead, LeadNote, StageMove
from crm.rules import applied, errors_of
from customers.models import Customer
from customers.serializers import CUSTOMER_EXPANSION

DUPLICATES = "possible_duplicates"
# Asks for a refusal; no part of the lead.
REJECT = "reject_duplicates"


class ExpectedValueField(ApiMoneyField):
    """A lead has no currency of its own: its value is in the organisation's."""

    def get_attribute(self, instance: Lead) -> Decimal | None:
        if instance.expected_value is None:
            return None
        if "currency" not in self.context:
            self.context["currency"] = organisation().currency
        return money_number(instance.expected_value, self.context["currency"])


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "integer"},
        "description": "Ids of leads with the same e-mail, telephone, or name and company.",
        "example": [],
    }
)
class PossibleDuplicatesField(serializers.Field):
    """Looked up once for all the leads that are shown together."""

    # For the export, which shows row by row, this is a part and not a column.
    many = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"read_only": True, "source": "*"} | kwargs)

    def to_representation(self, lead: Lead) -> list[int]:
        known = self.context.get(DUPLICATES)
        if known is None or lead.pk not in known:
            known = possible_duplicates([lead])
        return known[lead.pk]


class LeadListSerializer(StrictListSerializer):
    def to_representation(self, data: Any) -> Any:
        leads: Sequence[Lead] = list(data.all() if hasattr(data, "all") else data)
        only = self.context.get("only")
        if only is None or DUPLICATES in only:
            self.context[DUPLICATES] = possible_duplicates(leads)
        return super().to_representation(leads)


class LeadSerializer(RecordSerializer):
    owner_id = RecordIdField(
        source="owner", queryset=User.objects.all(), required=False, allow_null=True
    )
    expected_value = ExpectedValueField(required=False, allow_null=True, minimum=Decimal(0))
    customer_id = serializers.IntegerField(read_only=True, allow_null=True)
    merged_into_id = serializers.IntegerField(read_only=True, allow_null=True)
    possible_duplicates = PossibleDuplicatesField()
    reject_duplicates = StrictBooleanField(
        write_only=True,
        required=False,
        help_text="true: answer 409 instead of writing a likely duplicate.",
    )

    expandable = {
        "owner": ASSIGNEE_EXPANSION,
        "customer": CUSTOMER_EXPANSION,
    }

    class Meta:
        model = Lead
        list_serializer_class = LeadListSerializer
        fields = (
            "id",
            "first_name",
            "last_name",
            "email",
            "company",
            "phone",
            "source",
            "description",
            "stage",
            "lost_reason",
            "owner_id",
            "expected_value",
            "expected_close_date",
            "next_action",
            "next_action_date",
            "customer_id",
            "converted_at",
            "merged_into_id",
            "possible_duplicates",
            "reject_duplicates",
            "external_id",
            "metadata",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("converted_at",)
        help_texts = {
            "first_name": "This or a company is needed.",
            "last_name": "Family name.",
            "email": "How to write to them.",
            "company": "This or a first name is needed.",
            "phone": "Free text: an extension or several numbers are welcome.",
            "source": 'Where the lead came from: "Website", "Trade fair".',
            "description": "What they are after.",
            "stage": "How far it has come; `New` if not given.",
            "lost_reason": "Why it was lost; of a lost lead only.",
            "owner_id": "Whose lead it is: an active user, see assignees.",
            "expected_value": "What it may bring, in the organisation's currency.",
            "expected_close_date": "When it may be decided.",
            "next_action": "What is to be done next.",
            "next_action_date": "When that is to be done.",
            "customer_id": "The customer that it became.",
            "converted_at": "When it became a customer.",
            "merged_into_id": "The lead that it is a part of.",
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        written = {name: value for name, value in attrs.items() if name != REJECT}
        lead = copy.copy(self.instance) if isinstance(self.instance, Lead) else Lead()
        written = applied(lead, written)
        currency = organisation().currency if written.get("expected_value") is not None else ""
        if errors := errors_of(lead, written, currency=currency):
            raise serializers.ValidationError({name: [text] for name, text in errors.items()})
        return attrs

    def _is_unchanged(self, name: str, field: serializers.Field, value: Any) -> bool:
        # Another lead may have come or gone between the GET and the PUT.
        if name == DUPLICATES and isinstance(self.instance, Lead):
            return True
        return super()._is_unchanged(name, field, value)


class StageMoveSerializer(StrictSerializer, serializers.ModelSerializer):
    example = {
        "id": 2,
        "from_stage": "New",
        "to_stage": "Contacted",
        "reason": None,
        "moved_at": "2024-01-16T09:00:00Z",
        "moved_by": "Sales",
    }
    from_stage = OptionalTextField(read_only=True)
    reason = OptionalTextField(read_only=True)
    moved_at = InstantField(read_only=True)

    class Meta:
        model = StageMove
        fields = ("id", "from_stage", "to_stage", "reason", "moved_at", "moved_by")
        read_only_fields = fields
        help_texts = {
            "id": "Names the move.",
            "from_stage": "null for the first one.",
            "to_stage": "Where it came to.",
            "reason": "Why, of a lost lead.",
            "moved_at": "When.",
            "moved_by": "Who did it: their name at that time.",
        }


class LeadNoteSerializer(RecordSerializer):
    lead_id = serializers.IntegerField(read_only=True)
    noted_at = InstantField(required=False)
    metadata = MetadataField()

    class Meta:
        model = LeadNote
        fields = (
            "id",
            "lead_id",
            "text",
            "noted_at",
            "author",
            "external_id",
            "metadata",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("author",)
        help_texts = {
            "lead_id": "The lead that it is about.",
            "text": "What is to be remembered; cannot change.",
            "noted_at": "When it happened; now if not given.",
            "author": "Who wrote it: their name at that time.",
        }


class ConversionSerializer(StrictSerializer):
    """To a customer that is there already, or to a new one."""

    example = {"customer_id": 1}
    customer_id = RecordIdField(
        source="customer",
        queryset=Customer.objects.all(),
        required=False,
        help_text="Who it is already; a new customer is made if not given.",
    )


class MergeSerializer(StrictSerializer):
    example = {"lead_ids": [2, 3]}
    lead_ids = serializers.ListField(
        child=RecordIdField(queryset=Lead.objects.all()),
        source="others",
        allow_empty=False,
        max_length=100,
        help_text="The leads that become a part of this one.",
    )

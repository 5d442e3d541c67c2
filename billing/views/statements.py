"""A customer's statement."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from billing.serializers import StatementQuery, StatementSerializer
from billing.statements import customer_statement
from bizsuite.api.envelope import success
from bizsuite.api.views import ApiView
from bizsuite.errors import Forbidden
from bizsuite.identity.models import organisation
from customers.models import Customer


class StatementView(ApiView):
    """What happened on a customer's account: invoices, payments, what was taken back."""

    resource = "payments"  # and invoices: who reads payments has a role that reads both
    serializer_class = StatementSerializer

    @extend_schema(
        operation_id="customers_statement",
        summary="Get statement of a customer",
        parameters=[StatementQuery],
    )
    def get(self, request: Any, customer_pk: str) -> Response:
        """The account over a period, line by line, with what it came to before and after.

        What a customer owes, less what they have paid ahead; the lines in the order of their
        dates. A void invoice is not in it, nor is anything that was reversed on its own date.
        """
        customer = get_object_or_404(Customer, pk=customer_pk)
        if not self.actor.may("read", "invoices"):
            raise Forbidden("A statement shows invoices too, which this key may not read.")
        profile = organisation()
        query = StatementQuery(data=request.query_params.dict(), context={"today": profile.today()})
        self.take_parameters(query.fields)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        statement = customer_statement(
            customer,
            date_from=asked.get("date_from"),
            date_to=asked["date_to"],
            currency=profile.currency,
        )
        return Response(success(self.serializer_class(statement).data))

"""A customer's statement."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from billing.downloads import statement_response
from billing.serializers import StatementQuery, StatementSerializer
from billing.statements import Statement, customer_statement
from bizsuite.api.envelope import success
from bizsuite.api.files import PdfNegotiation
from bizsuite.api.views import ApiView
from bizsuite.errors import Forbidden
from bizsuite.identity.models import Organisation, organisation
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
        statement = self.statement(customer_pk, organisation())
        return Response(success(self.serializer_class(statement).data))

    def statement(self, customer_pk: str, profile: Organisation) -> Statement:
        """The one that the address and its parameters ask for."""
        customer = get_object_or_404(Customer, pk=customer_pk)
        if not self.actor.may("read", "invoices"):
            raise Forbidden("A statement shows invoices too, which this key may not read.")
        query = StatementQuery(
            data=self.request.query_params.dict(), context={"today": profile.today()}
        )
        self.take_parameters(query.fields)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        return customer_statement(
            customer,
            date_from=asked.get("date_from"),
            date_to=asked["date_to"],
            own_currency=profile.currency,
            currency=asked.get("currency"),
        )


class StatementPdfView(StatementView):
    """The statement on paper."""

    content_negotiation_class = PdfNegotiation

    @extend_schema(
        operation_id="customers_statement_pdf",
        summary="Get statement of a customer as PDF",
        parameters=[StatementQuery],
        responses={(200, PdfNegotiation.media_type): OpenApiTypes.BINARY},
    )
    def get(self, request: Any, customer_pk: str) -> HttpResponse:
        """The statement to print or send, with what is owed by age and how to pay it."""
        profile = organisation()
        statement = self.statement(customer_pk, profile)
        return statement_response(request, statement, seller=profile)

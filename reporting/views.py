"""Reports over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from billing.models.ledger import Basis
from bizsuite.api.envelope import success
from bizsuite.api.views import ApiView
from bizsuite.identity.models import organisation
from reporting.financial import financial_summary, period_of
from reporting.serializers import FinancialQuery, FinancialSummarySerializer


class FinancialReportView(ApiView):
    """Income, expenses, profit and what customers still owe."""

    resource = "reports"
    serializer_class = FinancialSummarySerializer

    @extend_schema(
        operation_id="reports_financial",
        summary="Get the financial summary",
        parameters=[FinancialQuery],
    )
    def get(self, request: Any) -> Response:
        """The financial summary of a year, a month, or all time."""
        query = FinancialQuery(data=request.query_params.dict())
        self.take_parameters(query.fields)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        profile = organisation()
        today = profile.today()
        summary = financial_summary(
            period_of(asked.get("year"), asked.get("month"), today),
            basis=Basis(asked["basis"]),
            today=today,
            currency=asked.get("currency"),
            base_currency=profile.currency,
        )
        return Response(success(self.serializer_class(summary).data))

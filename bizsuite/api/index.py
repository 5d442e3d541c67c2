"""`GET /api/v2/`: what there is."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from bizsuite.api.envelope import success
from bizsuite.api.views import ApiView

ADDRESSES = {
    "type": "object",
    "description": "The address of each resource, by its name.",
    "additionalProperties": {"type": "string", "format": "uri"},
    "example": {"customers": "https://your-domain.com/api/v2/customers"},
}


class IndexView(ApiView):
    """Lists the resources and where the documentation is."""

    resource = "index"
    resources: tuple[str, ...] = ()

    @extend_schema(
        operation_id="index",
        summary="List the resources",
        responses={200: ADDRESSES},
    )
    def get(self, request: Any) -> Response:
        base = request._request.build_absolute_uri(request._request.path.rstrip("/"))
        links = {name: f"{base}/{name}" for name in (*self.resources, "schema", "docs", "redoc")}
        return Response(success(links))

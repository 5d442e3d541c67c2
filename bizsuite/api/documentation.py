"""The API's own description: the OpenAPI document, and two ways to read it in a browser.

Everything comes from this server: the pages name no foreign host, and their policy keeps the
programs in them from fetching anything from one (Redoc's wants a logo).
"""

import functools
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bizsuite.api.rendering import ExactJSONRenderer

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        # Both programs set styles from script; Redoc searches in a worker.
        "style-src 'self' 'unsafe-inline'",
        "worker-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


class OpenApiJSONRenderer(ExactJSONRenderer):
    media_type = "application/vnd.oai.openapi+json"


class YAMLRenderer(OpenApiYamlRenderer):
    media_type = "application/yaml"


class SchemaView(APIView):
    """The OpenAPI document: JSON, or YAML for who asks for application/yaml."""

    schema = None
    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = DefaultContentNegotiation
    renderer_classes = (ExactJSONRenderer, OpenApiJSONRenderer, YAMLRenderer, OpenApiYamlRenderer)
    http_method_names = ("get", "head")

    def get(self, request: Request) -> Response:
        return Response(openapi_document(settings.ROOT_URLCONF))


@functools.cache
def openapi_document(urlconf: str) -> dict[str, Any]:
    """The document of these addresses. Kept: drawing it takes a second."""
    document: dict[str, Any] = SchemaGenerator(urlconf=urlconf).get_schema(public=True)
    return document


class DocumentationPage(TemplateView):
    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response


class SwaggerPage(DocumentationPage):
    """Read about the API and try it out."""

    template_name = "api/swagger.html"


class RedocPage(DocumentationPage):
    """Read about the API."""

    template_name = "api/redoc.html"

"""How the OpenAPI schema is drawn from the views."""

from drf_spectacular.openapi import AutoSchema


class ResourceSchema(AutoSchema):
    pass

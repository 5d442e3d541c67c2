from typing import Any

from rest_framework.renderers import BaseRenderer

from bizsuite.exact_json import encode


class ExactJSONRenderer(BaseRenderer):
    """Decimals leave as JSON numbers exactly as quantized: 1500.00, never 1500.0."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8 by definition (RFC 8259)

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None):
        return b"" if data is None else encode(data)

from pathlib import Path

import pytest
from django.conf import settings

from bizsuite.api.documentation import openapi_document
from bizsuite.exact_json import encode


@pytest.fixture(scope="session")
def document_file(tmp_path_factory) -> Path:
    """The OpenAPI document as a file, for programs that read one."""
    path: Path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    path.write_bytes(encode(openapi_document(settings.ROOT_URLCONF)))
    return path

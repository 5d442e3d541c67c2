from tests.backoffice.conftest import (  # noqa: F401  the staff are the same
    accountant_in_admin,
    administrator,
    nobody,
    viewer_in_admin,
)

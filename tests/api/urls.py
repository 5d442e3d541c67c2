"""The product's addresses and a few endpoints that go wrong in ways the product's own do not."""

from typing import Any

from django.db import OperationalError, connection
from django.urls import path
from rest_framework.response import Response

from bizsuite.api.envelope import success
from bizsuite.api.views import ApiView
from bizsuite.urls import urlpatterns as product
from tests.factories import make_customer


class FailingView(ApiView):
    """Fails in its own code, after writing."""

    resource = "customers"

    def get(self, request: Any) -> Response:
        raise RuntimeError("the secret recipe")

    def post(self, request: Any) -> Response:
        make_customer(account="Written before the failure")
        raise RuntimeError("the secret recipe")


class UnrenderableView(ApiView):
    """Writes, and answers with something that is no JSON."""

    resource = "customers"

    def post(self, request: Any) -> Response:
        make_customer(account="Written before the failure")
        return Response(success(object()), status=201)


class RefusingView(ApiView):
    """Writes, and then answers with a refusal without raising."""

    resource = "customers"

    def post(self, request: Any) -> Response:
        make_customer(account="Written before the refusal")
        return Response({"success": False}, status=409)


class UncommittableView(ApiView):
    """Violates a constraint that the database checks at COMMIT only."""

    resource = "customers"

    def post(self, request: Any) -> Response:
        make_customer(account="Written before the commit")
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO tests_late (parent_id) VALUES (12345)")
        return Response(success({}), status=201)


class DatabaseAwayView(ApiView):
    resource = "customers"

    def get(self, request: Any) -> Response:
        raise OperationalError("server closed the connection unexpectedly at 10.0.0.7")


class InTransactionView(ApiView):
    """Tells whether it runs in a transaction."""

    resource = "customers"

    def get(self, request: Any) -> Response:
        return Response(success({"in_transaction": connection.in_atomic_block}))

    def post(self, request: Any) -> Response:
        return Response(success({"in_transaction": connection.in_atomic_block}))


urlpatterns = [
    path("api/v2/failing", FailingView.as_view()),
    path("api/v2/unrenderable", UnrenderableView.as_view()),
    path("api/v2/refusing", RefusingView.as_view()),
    path("api/v2/uncommittable", UncommittableView.as_view()),
    path("api/v2/database-away", DatabaseAwayView.as_view()),
    path("api/v2/in-transaction", InTransactionView.as_view()),
    *product,
]
handler400 = "bizsuite.api.handlers.bad_request"
handler403 = "bizsuite.api.handlers.permission_denied"
handler404 = "bizsuite.api.handlers.page_not_found"
handler500 = "bizsuite.api.handlers.server_error"

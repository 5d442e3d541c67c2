"""The base of every endpoint: one request's way in and out, and one mixin per verb.

A viewset names its resource, serializer and filters, mixes in the verbs it supports, and
translates each into a call of an action. Everything the contract says of all resources is here.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import FilterSet
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from bizsuite.api import etags, idempotency, listing
from bizsuite.api.envelope import success
from bizsuite.api.expansion import chosen_expansions, fetch_expansions
from bizsuite.api.parsing import parse_body, read_body
from bizsuite.api.serializers import NoBody, shown_names
from bizsuite.errors import Invalid, Stale
from bizsuite.identity.actors import Actor
from bizsuite.records import Record, lock


class ApiView(APIView):
    """One request: negotiate, authorise, parse, act in a transaction, render, commit.

    The bytes are rendered before the commit, so no client is told 500 about something saved.

    may_refuse_reading: whether the record's state may forbid even a GET; for an `@action(…)`.
    """

    resource: ClassVar[str]
    may_refuse_reading: ClassVar[bool] = False
    max_body_bytes: ClassVar[int] = settings.MAX_BODY_BYTES
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    body: Any = None
    _parameters_told = False

    @property
    def actor(self) -> Actor:
        return self.request._request.actor

    def takes(self, method: str) -> bool:
        return method.lower() in self.http_method_names and hasattr(self, method.lower())

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(self.request, *args, **kwargs)
            if request.method in SAFE_METHODS or not self.takes(request.method):
                return self._run()
            return self._write(request)
        except Exception as error:  # noqa: BLE001  every error becomes an envelope
            return self._finish(self.handle_exception(error))

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        # Before anything is said of what can be had here, in which form: who asks?
        if request._request.actor is None:
            raise NotAuthenticated
        super().initial(request, *args, **kwargs)

    def _write(self, request: HttpRequest) -> HttpResponse:
        key = idempotency.requested_key(request)
        sent = read_body(request, limit=self.max_body_bytes)
        self.body = parse_body(request, sent)
        self.prepare()
        with transaction.atomic():
            claimed = None
            if key is not None:
                claimed = idempotency.claim(request, key, sent, now=timezone.now())
                if claimed.status is not None:
                    return self._finish(idempotency.replay(claimed))
            response = self._run()
            if response.status_code >= 400:
                transaction.set_rollback(True)
            elif claimed is not None:
                idempotency.keep(claimed, response)
        return response

    def prepare(self) -> None:
        """What needs the network or much time, before the transaction opens."""

    def _run(self) -> HttpResponse:
        method = self.request.method
        # Not every attribute with a method's name is one: there is no DISPATCH /customers.
        name = method.lower() if self.takes(method) else "http_method_not_allowed"
        response = getattr(self, name)(self.request, *self.args, **self.kwargs)
        # Refused here, for all that say nothing of their query: a write is not committed yet.
        if response.status_code < 400 and not self._parameters_told:
            self.take_parameters(())
        return self._finish(response)

    def take_parameters(self, known: Iterable[str]) -> None:
        """Say which query parameters this request may have. A view that never says takes none.

        Raises Invalid for any other.
        """
        self._parameters_told = True
        listing.refuse_unknown_parameters(self.request.query_params, known)

    def _finish(self, response: Response) -> HttpResponse:
        response = self.finalize_response(self.request, response, *self.args, **self.kwargs)
        return response.render() if hasattr(response, "render") else response


class ResourceViewSet(ViewSetMixin, ApiView):
    """Base of the viewsets. The verbs are mixins below; `@action` methods add the rest.

    body_class: what a write takes, where that is not `serializer_class`. Like that one it can be
    given to an `@action(…)` alone.
    sortable: the names that `?sort=` takes. sort_columns: what a name stands for, where that
    is not the column of this name.
    has_cursor: whether its list is followed by a cursor (see cursors.py) and has no pages.
    example, example_body: a record as it is shown, and what creates one, for the documentation.
    """

    queryset: ClassVar[QuerySet]
    serializer_class: ClassVar[type[BaseSerializer]]
    body_class: ClassVar[type[BaseSerializer] | None] = None
    filterset_class: ClassVar[type[FilterSet] | None] = None
    sortable: ClassVar[tuple[str, ...]] = ("id", "created_at", "updated_at")
    sort_columns: ClassVar[listing.SortColumns] = {}
    has_cursor: ClassVar[bool] = False
    example: ClassVar[Mapping[str, Any] | None] = None
    example_body: ClassVar[Mapping[str, Any] | None] = None
    lookup_value_regex = "[0-9]{1,18}"

    def takes(self, method: str) -> bool:
        return method.lower() in getattr(self, "action_map", {})

    def get_queryset(self) -> QuerySet:
        return self.queryset.all()

    def get_object(self) -> Any:
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def validated(
        self,
        serializer_class: type[BaseSerializer] | None = None,
        *,
        record: models.Model | None = None,
    ) -> dict[str, Any]:
        """The body, checked. With a `record` only what was sent is checked and returned."""
        serializer = (serializer_class or self.body_class or self.serializer_class)(
            record, data=self.body, partial=record is not None, context=self._context()
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def refuse_body(self) -> None:
        """For actions that take none: what was sent would be lost."""
        self.validated(NoBody)

    def answer(
        self,
        record: Any,
        *,
        status: int = 200,
        serializer_class: type[BaseSerializer] | None = None,
    ) -> Response:
        """One record in its public shape, or in a shape that shows more of it."""
        show = serializer_class or self.serializer_class
        self.take_parameters(shown_parameters(show))
        shown = self._shown([record], show)[0]
        headers = {"Location": self.location_of(record)} if status == 201 else None
        response = Response(success(shown), status=status, headers=headers)
        response.record_version = getattr(record, "version", None)
        return response

    def location_of(self, record: Any) -> str:
        """Where a record that was just made can be read."""
        return f"{settings.API_PREFIX}/{self.resource}/{record.pk}"

    def _finish(self, response: Response) -> HttpResponse:
        """Give an answer that shows one record its ETag, and leave out what the client has."""
        finished = super()._finish(response)
        version = getattr(response, "record_version", None)
        if version is not None and finished.status_code < 300:
            finished["ETag"] = etag = etags.etag_of(version, finished.content)
            asked = self.request.headers.get("If-None-Match", "")
            if self.request.method in SAFE_METHODS and etags.is_shown(asked, etag):
                return etags.not_modified(finished)
        return finished

    def require_match(self, record: Record) -> None:
        """Raises Stale if the client names a version (If-Match) that is no longer the current."""
        asked = self.request.headers.get("If-Match")
        if asked is not None:
            lock(record)
            if not etags.names_version(asked, record.version):
                raise Stale("This record has been changed since you read it.")

    def answer_page(
        self,
        queryset: QuerySet,
        *,
        serializer_class: type[BaseSerializer] | None = None,
        filterset_class: type[FilterSet] | None = None,
        sortable: tuple[str, ...] | None = None,
    ) -> Response:
        """A page of `queryset`, filtered, sorted and cut as the query says."""
        query = self.request.query_params
        show = serializer_class or self.serializer_class
        filters = filterset_class.base_filters if filterset_class else {}
        self.take_parameters((*listing.COMMON_PARAMETERS, *shown_parameters(show), *filters))
        if filterset_class is not None:
            queryset = self.checked_filters(queryset, filterset_class).qs
        queryset = listing.ordered(
            queryset, query.get("sort"), sortable or self.sortable, self.sort_columns
        )
        page = listing.paginated(queryset, query)
        return Response(
            success(self._shown(page.rows, show), meta=page.meta()),
            headers={"Link": page.link_header(self.request._request)},
        )

    def checked_filters(self, queryset: QuerySet, filterset_class: type[FilterSet]) -> FilterSet:
        """The query's filters over `queryset`; `.qs` is what they leave. Raises Invalid."""
        filterset = filterset_class(
            self.request.query_params, queryset=queryset, request=self.request
        )
        if not filterset.is_valid():
            raise _invalid_filters(filterset)
        return filterset

    def _shown(
        self, records: list[Any], serializer_class: type[BaseSerializer] | None = None
    ) -> list[Any]:
        """The records as the query wants to see them."""
        show = serializer_class or self.serializer_class
        query = self.request.query_params
        expansions = chosen_expansions(query, getattr(show, "expandable", {}), self.actor)
        fetch_expansions(records, expansions)
        only = listing.chosen_fields(query, (*shown_names(show), *expansions))
        context = self._context() | {"only": only, "expand": expansions}
        return show(records, many=True, context=context).data

    def _context(self) -> dict[str, Any]:
        return {"view": self, "request": self.request}


def shown_parameters(shape: type[BaseSerializer]) -> tuple[str, ...]:
    """The query parameters that say what is shown of a record of this shape."""
    return ("fields", "expand") if getattr(shape, "expandable", None) else ("fields",)


def _invalid_filters(filterset: FilterSet) -> Invalid:
    return Invalid(
        {name: str(messages[0]).removesuffix(".") for name, messages in filterset.errors.items()}
    )


class ListMixin:
    def list(self, request: Any) -> Response:
        return self.answer_page(self.get_queryset(), filterset_class=self.filterset_class)


class RetrieveMixin:
    def retrieve(self, request: Any, pk: str) -> Response:
        return self.answer(self.get_object())


class CreateMixin:
    """`create_record(data)` calls the action and returns the record."""

    def create(self, request: Any) -> Response:
        return self.answer(self.create_record(self.validated()), status=201)


class UpdateMixin:
    """`update_record(record, changes)` calls the action and returns the record as it is now.

    PUT and PATCH alike change only the fields sent: a client that does not know a newer field
    must not clear it.
    """

    def update(self, request: Any, pk: str) -> Response:
        record = self.get_object()
        self.require_match(record)
        return self.answer(self.update_record(record, self.validated(record=record)))

    def partial_update(self, request: Any, pk: str) -> Response:
        return self.update(request, pk)


class DeleteMixin:
    """`delete_record(record)` calls the action and returns the message to show."""

    def destroy(self, request: Any, pk: str) -> Response:
        self.take_parameters(())
        self.refuse_body()
        record = self.get_object()
        self.require_match(record)
        return Response({"success": True, "message": self.delete_record(record)})

"""`POST /batch/<resource>`: many records in one request.

All of them or, on an error, none. `?mode=partial`: each by itself, with an answer for each.
`?upsert=external_id`: those that are there already are changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.urls import URLPattern, path
from rest_framework.response import Response

from bizsuite.api.batch_bodies import SWITCHES, BatchItem, batch_serializer
from bizsuite.api.envelope import success
from bizsuite.api.exceptions import COLLISION, is_race
from bizsuite.api.listing import switched_on
from bizsuite.api.views import shown_parameters
from bizsuite.errors import Conflict, DomainError, Invalid
from bizsuite.records import Record


class BatchMixin:
    """For a ResourceViewSet with UpdateMixin; `batch_path()` gives it its address.

    `create_records(items)` calls the action and returns the records in order.
    """

    def create_batch(self, request: Any) -> Response:
        """Create up to 1000 at once: all, or none if one of them is refused.

        Errors are named `<resource>.<index>.<field>`. With `mode=partial` every record stands by
        itself, and the answer is a 207 that says of each what became of it. With
        `upsert=external_id` a record whose `external_id` is known is changed as PATCH would
        change it, an archived one too, and the others are created; the answer is a 201 if any
        was created, else a 200. So an import can be run again.
        """
        self.take_parameters((*shown_parameters(self.serializer_class), *SWITCHES))
        self._partial, self._upsert = (
            switched_on(request.query_params, name, value) for name, value in SWITCHES.items()
        )
        try:
            with transaction.atomic():
                return self._batch()
        except (IntegrityError, OperationalError) as error:
            if not (self._upsert and is_race(error)):
                raise
        # Somebody added such a record at the same moment; now it is there to be changed.
        return self._batch()

    def _batch(self) -> Response:
        serializer = self.body_class(
            data=self.body,
            context=self._context() | {"find_known": self._find_known if self._upsert else None},
        )
        serializer.is_valid(raise_exception=True)
        items: list[BatchItem] = serializer.validated_data[self.resource]
        return self._answer_each(items) if self._partial else self._answer_together(items)

    def _find_known(self, external_ids: Iterable[str]) -> dict[str, Record]:
        # Held in one order, so that two batches over the same records cannot deadlock.
        rows = self.queryset.model._default_manager.filter(external_id__in=set(external_ids))
        ids = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
        return {record.external_id: record for record in self.get_queryset().filter(pk__in=ids)}

    def _answer_together(self, items: Sequence[BatchItem]) -> Response:
        refused = {item.index: item.refusal for item in items if item.refusal is not None}
        if refused:
            raise _all_refused(self.resource, refused)
        try:
            with transaction.atomic():
                records = self._written(items)
        except DomainError as error:
            raise self._with_names(error, items) from None
        created = any(item.known is None for item in items)
        return Response(success(self._shown(records)), status=201 if created else 200)

    def _answer_each(self, items: Sequence[BatchItem]) -> Response:
        fit = [item for item in items if item.refusal is None]
        outcomes: dict[int, Any] = {item.index: item.refusal for item in items}
        outcomes |= zip((item.index for item in fit), self._tried(fit), strict=True)
        shown = iter(self._shown([each for each in outcomes.values() if not _refuses(each)]))
        told = [
            {"index": item.index, **_refusal(outcome)}
            if _refuses(outcome := outcomes[item.index])
            else {
                "index": item.index,
                "status": 201 if item.known is None else 200,
                "data": next(shown),
            }
            for item in items
        ]
        return Response(success(told), status=207)

    def _written(self, items: Sequence[BatchItem]) -> list[Any]:
        """The records, in order: the new ones are created at once, the known ones changed."""
        new = [item.values for item in items if item.known is None]
        created = iter(self.create_records(new) if new else ())
        return [
            next(created) if item.known is None else self.update_record(item.known, item.values)
            for item in items
        ]

    def _tried(self, items: Sequence[BatchItem]) -> list[Any]:
        """Of each item its record, or the error that it was refused with; that leaves nothing.

        Tried half by half until those that are refused stand alone: one among a thousand costs
        a few attempts, and not a thousand.
        """
        if not items:
            return []
        try:
            with transaction.atomic():
                return self._written(items)
        except DomainError as error:
            refusal = error
        except IntegrityError as error:
            if self._upsert or not is_race(error):
                raise
            refusal = Conflict(COLLISION)
        if len(items) == 1:
            return [refusal]
        half = len(items) // 2
        return [*self._tried(items[:half]), *self._tried(items[half:])]

    def _with_names(self, error: DomainError, items: Sequence[BatchItem]) -> DomainError:
        """The error that the items were refused with together, with the names of the guilty."""
        outcomes = zip(items, self._tried(items), strict=True)
        refused = {item.index: outcome for item, outcome in outcomes if _refuses(outcome)}
        if not refused:
            return error
        first = min(refused)
        if type(error) is type(refused[first]) and not isinstance(error, Invalid):
            # Said of all of them; what names a record of that other attempt names one that is gone.
            refused[first] = error
        return _all_refused(self.resource, refused)


def batch_path(viewset: type) -> URLPattern:
    """The route of a viewset with BatchMixin."""
    name = viewset.resource
    view = viewset.as_view(
        {"post": "create_batch"},
        basename=f"{name}-batch",
        detail=False,
        body_class=batch_serializer(viewset.serializer_class, name),
        max_body_bytes=settings.MAX_BATCH_BODY_BYTES,
    )
    return path(f"batch/{name}", view, name=f"{name}-batch")


def _refuses(outcome: Any) -> bool:
    return isinstance(outcome, DomainError)


def _refusal(error: DomainError) -> dict[str, Any]:
    """What `?mode=partial` says of a refused record."""
    said: dict[str, Any] = {
        "status": error.status,
        "errors": error.errors if isinstance(error, Invalid) else {},
        "message": error.message,
        "code": error.code,
    }
    if isinstance(error, Conflict):
        said["allowed"] = error.allowed
    return said


def _all_refused(name: str, refused: Mapping[int, DomainError]) -> DomainError:
    """One error for the whole batch: what is wrong with the fields comes before conflicts."""
    if not any(isinstance(error, Invalid) for error in refused.values()):
        index, error = next(iter(refused.items()))
        error.message = f"{name}.{index}: {error.message}"
        return error
    errors = {}
    for index, error in refused.items():
        own = error.errors if isinstance(error, Invalid) else {"body": error.message}
        for field, text in own.items():
            # What is wrong with all of an item is called "body" where it is sent by itself.
            errors[f"{name}.{index}" if field == "body" else f"{name}.{index}.{field}"] = text
    return Invalid(errors)

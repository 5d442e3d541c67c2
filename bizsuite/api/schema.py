"""How the OpenAPI document is drawn from the views: from what they declare, said only there."""

import functools
from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.serializers import BaseSerializer, ListSerializer

from bizsuite.api import schema_parameters as query
from bizsuite.api import schema_parts as parts
from bizsuite.api.batch_bodies import outcome_serializer
from bizsuite.api.files import FileNegotiation
from bizsuite.api.filters import ApiFilter
from bizsuite.api.parsing import MEDIA_TYPE
from bizsuite.api.schema_enums import all_subclasses, enum_of
from bizsuite.api.schema_parts import Schema
from bizsuite.api.serializers import NoBody, StrictSerializer, shown_names
from bizsuite.api.views import ResourceViewSet

SUMMARIES = {
    "list": "List {plural}",
    "create": "Create {singular}",
    "create_batch": "Create {plural}",
    "retrieve": "Get {singular}",
    "update": "Change {singular}",
    "partial_update": "Change {singular}",
    "destroy": "Delete {singular}",
}
UPDATES = ("update", "partial_update")
REMOVALS_AND_UPDATES = (*UPDATES, "destroy")
DESCRIPTIONS = {
    "201": "Created.",
    "207": "With `mode=partial`: what became of each record.",
}


class ResourceSchema(AutoSchema):
    """drf-spectacular's shapes of the data, in our envelope, with our parameters and errors."""

    @property
    def action(self) -> str:
        return getattr(self.view, "action", None) or self.method_mapping[self.method.lower()]

    @property
    def pages(self) -> bool:
        return self.method == "GET" and self._is_list_view()

    def get_operation_id(self) -> str:
        """`customers_list`, `invoices_issue`: the route's name and the action's."""
        basename = getattr(self.view, "basename", None)
        if basename is None:
            return super().get_operation_id()
        return f"{basename}_{self.action}".replace("-", "_")

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "resource", "api")]

    def get_summary(self) -> str | None:
        queryset = getattr(self.view, "queryset", None)
        if queryset is None:
            return super().get_summary()
        plain = self.action.replace("_", " ").capitalize()
        names = queryset.model._meta
        return SUMMARIES.get(self.action, plain).format(
            singular=names.verbose_name, plural=names.verbose_name_plural
        )

    def get_auth(self) -> list[Schema]:
        """Either will do."""
        both = super().get_auth()
        return [{name: scopes} for each in both for name, scopes in each.items()]

    # ── What goes in ─────────────────────────────────────────────────────────────

    def get_request_serializer(self) -> Any:
        shape = getattr(self.view, "body_class", None) or super().get_request_serializer()
        if shape is NoBody:
            return None
        if self.action in UPDATES and isinstance(shape, type):
            return shape(partial=True)  # PUT too changes only what is sent
        return shape

    def get_override_parameters(self) -> list[Any]:
        return []

    def _get_parameters(self) -> list[Schema]:
        parameters = super()._get_parameters()
        shape = self._shape()
        if self.method == "POST":
            parameters.append(parts.IDEMPOTENCY_KEY)
        if self.action in REMOVALS_AND_UPDATES:
            parameters.append(parts.IF_MATCH)
        if self._has_etag():
            parameters.append(parts.IF_NONE_MATCH)
        if self.pages and self._has_cursor():
            parameters += [*query.CURSOR_PARAMETERS, *self._filters()]
        elif self.pages:
            sort = query.sort_parameter(self.view.sortable)
            parameters += [*query.LIST_PARAMETERS, sort, *self._filters()]
        if shape is not None and self.method != "DELETE" and hasattr(self.view, "sortable"):
            parameters.append(query.fields_parameter(shown_names(shape)))
            if expandable := getattr(shape, "expandable", None):
                parameters.append(query.expand_parameter(tuple(expandable)))
        if self.action == "create_batch":
            parameters += query.BATCH_PARAMETERS
        return parameters

    def _has_cursor(self) -> bool:
        return getattr(self.view, "has_cursor", False)

    def _has_etag(self) -> bool:
        is_file = issubclass(self.view.content_negotiation_class, FileNegotiation)
        return is_file or (self.action == "retrieve" and hasattr(self.view, "sortable"))

    def _resolve_path_parameters(self, variables: list[str]) -> list[Schema]:
        """All are ids. Their routes' patterns would make texts of them."""
        return [parts.id_parameter(name) for name in variables]

    def get_response_serializers(self) -> Any:
        if self.action == "create_batch":
            shape = self.view.serializer_class
            return {
                200: shape(many=True),
                201: shape(many=True),
                207: outcome_serializer(shape)(many=True),
            }
        return super().get_response_serializers()

    def _shape(self) -> type[BaseSerializer] | None:
        """The serializer of the record or records that a success shows."""
        shown = self.get_response_serializers()
        if isinstance(shown, dict):
            shown = shown[min(shown, key=str)]
        if isinstance(shown, ListSerializer):
            shown = type(shown.child)
        return shown if isinstance(shown, type) and issubclass(shown, BaseSerializer) else None

    def _get_request_body(self, direction: str = "request") -> Schema | None:
        body = super()._get_request_body(direction)
        if body and (example := self._example_body()) is not None:
            body["content"][MEDIA_TYPE]["example"] = example
        return body

    def _example_body(self) -> Any:
        whole = getattr(self.view, "example_body", None)
        if self.action == "create":
            return whole
        if self.action == "create_batch":
            return {self.get_tags()[0]: [whole]}
        if self.action in UPDATES and whole:
            name = list(whole)[-1]  # one field will do: what is not sent stays
            return {name: whole[name]}
        return getattr(getattr(self.view, "body_class", None), "example", None)

    def _filters(self) -> list[Schema]:
        filterset = self.view.filterset_class
        filters = filterset.base_filters if filterset else {}
        return [
            {
                "name": name,
                "in": "query",
                "description": str(each.extra.get("help_text") or f"Only those with this {name}."),
                "schema": self._filter_schema(each),
            }
            for name, each in filters.items()
        ]

    def _filter_schema(self, each: ApiFilter) -> Schema:
        words = each.schema.get("enum")
        return dict(each.schema) if words is None else enum_of(self, words)

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:
        schema = super()._map_basic_serializer(serializer, direction)
        if not vars(type(serializer)).get("__doc__"):
            schema.pop("description", None)  # a base's: written for who builds on it
        # What a GET showed may be PUT back, so there more is taken than has an effect.
        is_whole = not getattr(serializer, "partial", False)
        if direction == "request" and isinstance(serializer, StrictSerializer) and is_whole:
            schema["additionalProperties"] = False
        if direction == "response":
            schema["properties"] |= self._expansions(serializer)
        return schema

    def _expansions(self, serializer: Any) -> Schema:
        """The records that `?expand=` adds; optional, since nobody must ask for them."""
        properties = {}
        for name, expansion in getattr(serializer, "expandable", {}).items():
            shown = self.resolve_serializer(expansion.shape, "response").ref
            if serializer.Meta.model._meta.get_field(name).null:
                shown = {"oneOf": [shown, {"type": "null"}]}
            properties[name] = {**shown, "description": f"With `expand={name}`."}
        return properties

    # ── What comes out ───────────────────────────────────────────────────────────

    def _get_response_bodies(self, direction: str = "response") -> Schema:
        if self.method == "DELETE":
            successes = {"200": self._deleted()}
        else:
            successes = super()._get_response_bodies(direction)
            for status, response in successes.items():
                self._finish(status, response)
        if parts.IF_NONE_MATCH in self._get_parameters():
            successes["304"] = parts.NOT_MODIFIED
        names = self._errors()
        return successes | {status: parts.ref("responses", name) for status, name in names.items()}

    def _errors(self) -> dict[str, str]:
        errors = dict(parts.ERRORS_OF_ALL)
        if "{" in self.path:
            errors |= parts.ERRORS_OF_ONE
        if self.method not in SAFE_METHODS or self.view.may_refuse_reading:
            errors |= parts.ERRORS_OF_WRITES
        if self.method == "POST":
            errors |= parts.ERRORS_OF_POSTS
        if self.action in REMOVALS_AND_UPDATES:
            errors |= parts.ERRORS_OF_CHANGES
        if self.method in ("POST", "PUT", "PATCH"):
            errors |= parts.ERRORS_OF_BODIES
        return dict(sorted(errors.items()))

    def _deleted(self) -> Schema:
        name = str(self.view.queryset.model._meta.verbose_name).capitalize()
        schema = parts.message_envelope(f"{name} deleted")
        return {
            "description": "It is gone, or archived where documents refer to it.",
            "headers": parts.headers(),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }

    def _finish(self, status: str, response: Schema) -> None:
        """Put a success into the envelope and give it its headers."""
        is_new = self.action == "create" and status == "201"
        extra = ["Location"] if is_new else ["Link"] if self.pages else []
        if self.method == "POST":
            extra.append("Idempotent-Replayed")
        response["headers"] = parts.headers(*extra)
        if not response.get("description"):
            response["description"] = DESCRIPTIONS.get(status, "Done.")
        if content := response.get("content", {}).get(MEDIA_TYPE):
            data = dict(content["schema"])
            example = self._example(status, data.pop("example", None))
            meta = None
            if self.pages:
                meta = "CursorPage" if self._has_cursor() else "Page"
            content["schema"] = parts.envelope(data, meta=meta)
            if example is not None:
                content["example"] = example

    def _example(self, status: str, written: Any) -> Schema | None:
        """written: in the schema itself, where that was not drawn from a serializer."""
        record = written if written is not None else example_of(self._shape())
        if record is None:
            return None
        if status == "207":
            return {"success": True, "data": [{"index": 0, "status": 201, "data": record}]}
        if self.action == "create_batch":
            return {"success": True, "data": [record]}
        if not self.pages:
            return {"success": True, "data": record}
        page = parts.CURSOR_PAGE if self._has_cursor() else parts.PAGE
        meta = {name: each["example"] for name, each in page["properties"].items()}
        return {"success": True, "data": [record], "meta": meta}


def example_of(shape: type[BaseSerializer] | None) -> Any:
    """What a record of this shape looks like: its own `example`, or that of the viewset it is of."""
    own = getattr(shape, "example", None)
    return _examples_of_viewsets().get(shape) if own is None else own


@functools.cache
def _examples_of_viewsets() -> dict[type[BaseSerializer], Any]:
    views = all_subclasses(ResourceViewSet)
    return {each.serializer_class: each.example for each in views if each.example is not None}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "bizsuite.api.authentication.ApiKeyAuthentication"
    name = ["bearer", "apiKey"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[Schema]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key: `bs_live_…`."},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]


class ExactNumberExtension(OpenApiSerializerFieldExtension):
    target_class = "bizsuite.api.fields.ExactNumberField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Schema:
        schema: Schema = {"type": "number", "example": self.target.example}
        if direction == "request":
            schema |= {"maximum": self.target.maximum, **self._minimum()}
        return schema

    def _minimum(self) -> Schema:
        if self.target.positive:
            return {"exclusiveMinimum": 0}
        lowest = self.target.minimum
        return {"minimum": -self.target.maximum if lowest is None else lowest}

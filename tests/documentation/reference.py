"""The generated parts of the pages, drawn from the OpenAPI document and the table of roles."""

from collections.abc import Iterable, Iterator

from bizsuite.api.parsing import MEDIA_TYPE
from bizsuite.api.schema_document import INTRODUCTION
from bizsuite.api.schema_parts import ERRORS_OF_ALL
from bizsuite.errors import Conflict, DomainError
from bizsuite.identity.roles import SCOPED, Role, role_may
from tests.documentation import webhook_parts
from tests.documentation.operations import (
    Operation,
    Schema,
    component_name,
    document,
    homes,
    operations,
    operations_on,
)
from tests.documentation.pages import laid_out
from tests.documentation.tables import fields_table, properties, table, type_in_words

# Whose refusals only the admin, a command or a test meets.
BESIDE_THE_API = (
    "bizsuite.mail",
    "bizsuite.operations",
    "bizsuite.sandbox",
    "bizsuite.team.keys",
    "tests.",
)
# What holds for all of it says what they are.
COMMON_PARAMETERS = {"page", "limit", "sort", "fields", "expand"}


def generated(page: str, part: str) -> str:
    """A page's part by the name that its marker has."""
    parts = {
        "reference": _reference,
        "example": _example,
        "conventions": _conventions,
        "statuses": _statuses,
        "roles": _roles,
        "events": _all_events,
        "message": lambda page: webhook_parts.message(),
        "retries": lambda page: webhook_parts.retries(),
        "catalogue": lambda page: webhook_parts.catalogue(),
    }
    return parts[part](page)


def _reference(page: str) -> str:
    own = operations_on(page)
    sections = [
        ("Operations", _operations_table(own, page)),
        *([] if page == "batch" else _shapes(own, page)),
        *_questions(own, page),
        ("Refusals", _refusals(own)),
        ("Events", _events_table(_events_of(page))),
    ]
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in sections if text)


def _example(page: str) -> str:
    """A list as it may look, where no two installations could show the same."""
    whole = operations_on(page)[0].said["responses"]["200"]["content"][MEDIA_TYPE]["example"]
    return f"```json example\n{laid_out(whole)}\n```"


def _conventions(page: str) -> str:
    """What the document begins with, from its first heading on."""
    text = INTRODUCTION.read_text()
    return text[text.index("## ") :].strip()


def _statuses(page: str) -> str:
    """Every status that is no success, with a code and a message that it may have."""
    rows = {}
    for status, response in _failures(operations()):
        content = response["content"][MEDIA_TYPE]
        example = content.get("example") or content["examples"]["validation"]["value"]
        code = f"`{example['code']}`" if "code" in example else "none"
        rows[status] = (status, response["description"], code, example["message"])
    text = table(("status", "when", "code, such as", "message, such as"), rows.values())
    codes = ", ".join(f"`{code}`" for code in sorted(_codes_of(Conflict)))
    return f"{text}\n\nThe `code` of a 409 says which rule it was: {codes}."


def _codes_of(error: type[DomainError]) -> set[str]:
    """Its own and those of all that are made of it, as far as the API can answer with them."""
    codes = set() if error.__module__.startswith(BESIDE_THE_API) else {error.code}
    return codes.union(*map(_codes_of, error.__subclasses__()))


def _roles(page: str) -> str:
    rows = []
    for role in Role:
        writes = {each for each in SCOPED if role_may(role, "write", each)}
        reads = {each for each in SCOPED if role_may(role, "read", each)} - writes
        rows.append((f"`{role.value}`", _resources(writes), _resources(reads)))
    return table(("role", "may write", "reads too"), rows)


def _resources(names: set[str]) -> str:
    """In words, for a cell of a table."""
    if names == SCOPED:
        return "everything"
    return ", ".join(sorted(names)) or "nothing"


def _failures(own: Iterable[Operation]) -> list[tuple[str, Schema]]:
    """Each status that these operations can fail with, and what the document says of it."""
    responses = document()["components"]["responses"]
    found = {
        (status, answer["$ref"].rpartition("/")[2])
        for each in own
        for status, answer in each.said["responses"].items()
        if "$ref" in answer
    }
    return [(status, responses[name]) for status, name in sorted(found)]


# ── Operations and shapes ────────────────────────────────────────────────────────────


def _operations_table(own: list[Operation], page: str) -> str:
    rows = [
        (
            "`PUT`, `PATCH`" if each.method == "PUT" else f"`{each.method}`",
            f"`{each.path}`",
            _told(each, page),
            "every role" if len(each.roles) == len(Role) else ", ".join(each.roles),
        )
        for each in own
        # The row of PUT, which does the same, names it.
        if each.method != "PATCH"
    ]
    return table(("method", "address", "what it does", "who may"), rows)


def _told(operation: Operation, page: str) -> str:
    """What is said of this operation alone, else its summary."""
    summary: str = operation.said["summary"]
    if operation.is_batch:
        return summary if page == "batch" else f"{summary}, up to 1000 at once: [batches](batch.md)"
    about: str = operation.said.get("description", "").partition("\n\n")[0]
    siblings = [each for each in operations_on(page) if each is not operation]
    if any(each.said.get("description", "").startswith(about) for each in siblings):
        return summary
    return about.removesuffix(".")


def _shapes(own: list[Operation], page: str) -> Iterator[tuple[str, str]]:
    """The fields of the page's record, of what else it shows, and of each other body."""
    bodies = {each.takes for each in own}
    told: list[str] = []
    for name, home in homes().items():
        if home.page == page and properties(name):
            body = f"{name}Request" if f"{name}Request" in bodies else None
            # Of a shape that shows more of the same record only what it shows besides.
            same = [each for each in told if properties(each).keys() < properties(name).keys()]
            but = {field for each in same for field in properties(each)}
            title = f"What {home.name} shows{' besides' if same else ''}" if told else "Fields"
            yield title, fields_table(name, body, but=but)
            told.append(name)
    known = {f"{prefix}{name}Request" for name in told for prefix in ("", "Patched")}
    for each in own:
        if each.takes and each.takes not in known and not each.is_batch:
            yield f"What {each.name} takes", fields_table(None, each.takes)


# ── Parameters, refusals, events ─────────────────────────────────────────────────────


def _questions(own: list[Operation], page: str) -> Iterator[tuple[str, str]]:
    """The parameters of each list, and of what else takes some."""
    for operation in own[:1] if page == "batch" else own:
        parameters = operation.parameters()
        rows = [
            (f"`{name}`", type_in_words(each["schema"]), each.get("description", ""))
            for name, each in parameters.items()
            if name not in COMMON_PARAMETERS
        ]
        if rows and (page == "batch" or not operation.is_batch):
            asked = "a batch" if page == "batch" else operation.name
            text = "\n\n".join((table(("name", "type", "meaning"), rows), *_choices(parameters)))
            yield f"What {asked} can be asked", text


def _choices(parameters: dict[str, Schema]) -> Iterator[str]:
    if "sort" in parameters:
        names = parameters["sort"]["description"].partition("Any of: ")[2].removesuffix(".")
        yield f"`sort` takes {names}."
    if "expand" in parameters:
        names = ", ".join(f"`{each}`" for each in parameters["expand"]["schema"]["items"]["enum"])
        yield f"`expand` takes {names}."


def _refusals(own: list[Operation]) -> str:
    """The statuses that not every operation can have."""
    rows = [
        (status, response["description"])
        for status, response in _failures(own)
        if status not in ERRORS_OF_ALL
    ]
    always = ", ".join(ERRORS_OF_ALL)
    text = f"Any request may be answered {always}: see [every refusal](README.md#every-refusal)."
    return f"{text} Here also:\n\n{table(('status', 'when'), rows)}" if rows else text


def _events_of(page: str) -> list[Schema]:
    """The webhooks that tell of a record which is at home on this page."""
    at_home = {name for name, home in homes().items() if home.page == page}
    return [
        each
        for each in _messages()
        if component_name(_body_of(each)["properties"]["data"]) in at_home
    ]


def _all_events(page: str) -> str:
    return _events_table(_messages())


def _messages() -> list[Schema]:
    return [said["post"] for said in document()["webhooks"].values()]


def _body_of(message: Schema) -> Schema:
    shape: Schema = message["requestBody"]["content"][MEDIA_TYPE]["schema"]
    return shape


def _events_table(messages: list[Schema]) -> str:
    rows = [(f"`{each['summary']}`", each["description"]) for each in messages]
    return table(("event", "when"), rows) if rows else ""

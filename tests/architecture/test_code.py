"""How the code is written: rules that a reviewer should not have to repeat."""

import ast

from tests.architecture.sources import PACKAGES, ROOT, sources

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "services", "common", "misc", "managers"}


def test_there_is_code_to_look_at():
    assert len(sources()) > 80


def test_no_file_is_longer_than_400_lines():
    lengths = {source.name: len(source.text.splitlines()) for source in sources()}

    assert {name: count for name, count in lengths.items() if count > MAX_FILE_LINES} == {}


def test_no_function_is_longer_than_60_lines():
    too_long = [
        f"{source.at(function)} {function.name}"
        for source in sources()
        for function in source.functions
        if function.end_lineno - function.lineno >= MAX_FUNCTION_LINES
    ]

    assert too_long == []


def test_modules_are_named_after_what_they_hold():
    vague = [
        source.name
        for source in sources()
        if VAGUE_NAMES & {source.path.stem, *source.path.parent.parts}
    ]

    assert vague == []


def test_no_signals_are_used():
    """What a function does must be readable in it."""
    uses = [
        source.at(node)
        for source in sources()
        for node in ast.walk(source.tree)
        if any(
            module.startswith("django.dispatch") or module.endswith(".signals")
            for module in imported_modules(node)
        )
    ]

    assert uses == []


def test_first_party_imports_stand_at_the_top():
    """An import inside a function hides a cycle. AppConfig.ready() is Django's place for some."""
    hidden = [
        source.at(node)
        for source in sources()
        for function in source.functions
        if not (source.path.name == "apps.py" and function.name == "ready")
        for node in ast.walk(function)
        if any(module.split(".")[0] in PACKAGES for module in imported_modules(node))
    ]

    assert hidden == []


def imported_modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def test_each_decision_has_a_number_of_its_own():
    pages = (ROOT / "docs" / "decisions").glob("*.md")
    numbers = sorted(int(page.name.partition("-")[0]) for page in pages)

    assert numbers == list(range(1, len(numbers) + 1))

"""The product's own Python files, read as syntax."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bizsuite", "customers", "billing", "crm", "support", "reporting", "webhooks")


@dataclass(frozen=True)
class Source:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{node.lineno}"

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


@functools.cache
def sources() -> tuple[Source, ...]:
    """Every module but the migrations, which Django writes."""
    paths = [
        path
        for package in (*PACKAGES, "examples")
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    return tuple(
        Source(path, text := path.read_text(), ast.parse(text, filename=str(path)))
        for path in paths
    )

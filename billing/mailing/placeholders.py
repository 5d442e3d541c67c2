"""`{{ invoice_number }}` in a text: names only, looked up in a list and put in once.

No attributes, no code, and in a single pass: what a customer called themselves is never looked at
again, whatever it looks like.
"""

import re
from collections.abc import Iterable, Mapping

_PLACEHOLDER = re.compile(r"\{\{ *([a-z_]+) *\}\}")
# Whatever begins like a placeholder: one that is misspelt must not reach a customer.
_MEANT_AS_ONE = re.compile(r"\{\{.*?\}\}+|\{\{.*")
_BEGINNING_OF_ONE = re.compile(r"\{(?=\{)")
_GAP = re.compile(r"[ \t]*\n(?:[ \t]*\n){2,}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what its placeholders stand for. Raises KeyError for one without a value.

    A paragraph that has nothing to say leaves no gap.
    """
    said = _PLACEHOLDER.sub(lambda match: values[match[1]], text.replace("\r\n", "\n"))
    return _GAP.sub("\n\n", said).strip()


def refused_placeholders(text: str, known: Iterable[str]) -> list[str]:
    """What in a text looks like a placeholder and is none of `known`, as it is written there."""
    names = set(known)
    refused = []
    for meant in _MEANT_AS_ONE.findall(text):
        match = _PLACEHOLDER.fullmatch(meant)
        if match is None or match[1] not in names:
            refused.append(meant)
    return list(dict.fromkeys(refused))


def without_placeholders(value: str) -> str:
    """A value to stand in a text that will be filled in later: it must not be taken for one."""
    return _BEGINNING_OF_ONE.sub("{ ", value)

"""The same text for mail programs that show HTML: paragraphs, and nothing that has to be loaded."""

import re

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PAGE = (
    '<!doctype html><html><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"></head>'
    '<body style="margin:0;padding:24px 12px;background:#f4f5f7">'
    '<div style="max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border-radius:10px;'
    'color:#1f2937;font:16px/1.6 {}">{}</div></body></html>'
)
_PARAGRAPH = '<p style="margin:0 0 16px">{}</p>'
_BUTTON = (
    '<p style="margin:24px 0"><a href="{}" style="display:inline-block;padding:12px 24px;'
    "background:#0f6b6b;color:#ffffff;font-weight:600;text-decoration:none;"
    'border-radius:8px">{}</a></p>'
)


def html_of(text: str, *, link: str = "", label: str = "") -> str:
    """The text, escaped. A paragraph that holds `link` has a button with `label` under it."""
    parts = [_paragraph(part, link, label) for part in re.split(r"\n{2,}", text) if part.strip()]
    return format_html(_PAGE, mark_safe(_FONT), mark_safe("".join(parts)))  # noqa: S308  our own words; the rest is escaped


def _paragraph(text: str, link: str, label: str) -> SafeString:
    if not link or link not in text:
        return _lines(text)
    # The button says it: the address itself is for those who read the plain text.
    rest = text.replace(link, "").strip()
    button = format_html(_BUTTON, link, label)
    return _lines(rest) + button if rest else button


def _lines(text: str) -> SafeString:
    lines = format_html_join(mark_safe("<br>"), "{}", ((line,) for line in text.split("\n")))
    return format_html(_PARAGRAPH, conditional_escape(lines))

"""Texts in CSV files that a spreadsheet would take for a formula. Pure."""

from __future__ import annotations

from typing import Final

_BEGIN: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""As typed, and full-width as an input method for Chinese types them: some programs fold them."""
_CONTROL: Final = ("\t", "\r", "\n")


def no_formula(text: str) -> str:
    """The text; with an apostrophe before it where it begins a formula, also after blanks and broken lines."""
    if text.startswith(_CONTROL) or text.lstrip().startswith(_BEGIN):
        return f"'{text}"
    return text

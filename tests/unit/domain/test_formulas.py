"""Texts that a spreadsheet would take for a formula, and those that it would not."""

from __future__ import annotations

import pytest

from dispatch.domain.formulas import no_formula


@pytest.mark.parametrize(
    "begin", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\n", "\r", " =", "\n\t＝", "\u3000@"]
)
def test_a_formula_is_text(begin: str) -> None:
    """Half and full width, also after blanks and broken lines."""
    assert no_formula(f"{begin}1") == f"'{begin}1"


@pytest.mark.parametrize("text", ["", "北興派出所", "a=b", " x", "'=1"])
def test_other_texts_stay(text: str) -> None:
    """Nothing is put before what is no formula."""
    assert no_formula(text) == text

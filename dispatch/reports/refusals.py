"""Why a report can't be made."""

from __future__ import annotations

from dispatch.domain.refusals import Refused


class FontMissing(Refused):
    """There is no font for Chinese in a PDF."""

    code = "font_missing"

    def __init__(self) -> None:
        super().__init__(
            "The PDF needs the letters of Noto Sans TC, which the web bundle carries (web/dist/assets), and they are "
            "not there. Run `make setup`, which builds the bundle; then try again."
        )

"""What a car's screen is told by code, it can say in both of its languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dispatch.service.crew_first import WORDS
from dispatch.service.sos import TOLD
from vehicle_agent.link_watch import CODES

MESSAGES = Path(__file__).parents[2] / "web" / "messages"


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_every_code_of_a_notice_has_words(language: str) -> None:
    """The server's questions, the desk's word on an SOS, the agent's own warning."""
    texts = json.loads((MESSAGES / f"{language}.json").read_text(encoding="utf-8"))
    codes = {*CODES.values(), *TOLD, *(code for code, _ in WORDS.values())}
    assert {code for code in codes if not texts.get(f"car_notice_{code}")} == set()

"""docs/policy.md says what can be set about who goes: each setting, with the default that it has."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest

from dispatch.domain.mode import Mode
from dispatch.domain.policy_settings import DEFAULT_POLICY, PolicySettings
from dispatch.domain.refusals import Invalid
from dispatch.policy_environment import PREFIX, PolicyEnvironment
from dispatch.settings import Settings, read_settings

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
ELSEWHERE: Final = {"stale_after_s": "stale_after_s", "lost_after_s": "lost_after_s", "link_down_s": "ack_timeout_s"}
"""Figures of the decision that are settings of more than the decision."""


def settings(**given: Any) -> Settings:
    """With no environment."""
    return read_settings(DATABASE_URL="postgresql://none", NATS_URL="nats://none", **given)


def test_every_figure_of_the_decision_can_be_set() -> None:
    """By its own name after PATROL_POLICY_, or by that of a setting that others share; defaults are the domain's."""
    names = {field.name for field in fields(PolicySettings)}
    assert {name.removeprefix(PREFIX) for name in PolicyEnvironment.model_fields if name.startswith(PREFIX)} == (
        names - set(ELSEWHERE)
    )
    assert settings().policy() == DEFAULT_POLICY
    shared = settings(**dict.fromkeys(ELSEWHERE.values(), 77.0)).policy()
    assert [getattr(shared, name) for name in ELSEWHERE] == [77.0] * len(ELSEWHERE)


def test_the_page_has_each_setting_with_its_default() -> None:
    """A default that is changed in the code is changed on the page."""
    printed = settings().printable()
    rows = dict(re.findall(r"^\| `PATROL_(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE))
    told = {name.lower(): text.strip().strip("`").split(" ")[0] for name, text in rows.items()}
    for name in PolicyEnvironment.model_fields:
        if f"`PATROL_{name.upper()}`" not in PAGE:
            raise AssertionError(f"PATROL_{name.upper()} is not on the page")
        if name in told:
            assert _same(told[name], printed[name]), name
    assert {name for name in PolicyEnvironment.model_fields if name.startswith(PREFIX)} <= set(told)
    assert all(f"| `{mode}`" in PAGE for mode in Mode)


def _same(text: str, value: Any) -> bool:
    """`8,3,1,0.5` and 8.0,3.0,1.0,0.5 are the same, and so are true and True."""
    if isinstance(value, bool):
        return text == str(value).lower()
    parts, values = text.split(","), str(value).split(",")
    if len(parts) != len(values):
        return False
    return all(_number(part) == _number(one) for part, one in zip(parts, values, strict=True))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def test_lists_are_read_as_an_environment_holds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Separated by commas, blanks allowed."""
    monkeypatch.setenv("PATROL_POLICY_WEIGHTS", "9, 3, 1, 0.25")
    monkeypatch.setenv("PATROL_AUTOMATIC_PRIORITIES", "1")
    monkeypatch.setenv("PATROL_POLICY_TWO_UNITS_CATEGORIES", "criminal")
    read = settings()
    assert read.policy().weights == (9.0, 3.0, 1.0, 0.25)
    assert read.mode_rules().priorities == {1}
    assert read.mode_rules(Mode.NIGHT).mode is Mode.NIGHT
    assert read.printable()["policy_two_units_categories"] == "criminal"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PATROL_POLICY_WEIGHTS", "1,3,1,0.5"),
        ("PATROL_POLICY_WEIGHTS", "8,3,1"),
        ("PATROL_POLICY_WAIT_S", "0"),
        ("PATROL_POLICY_TWO_UNITS_CATEGORIES", "crime"),
        ("PATROL_DISPATCH_MODE", "sometimes"),
        ("PATROL_NIGHT_FROM", "24"),
        ("PATROL_AUTOMATIC_PRIORITIES", "1,5"),
    ],
)
def test_what_no_decision_can_be_made_with_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """By its variable, before anything starts."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(Invalid, match=f"settings: {variable} "):
        settings()


def test_without_automatic_diversion_nothing_under_way_is_moved() -> None:
    """One switch for both: no unit leaves its call, and no other takes its place."""
    policy = settings(automatic_diversion=False).policy()
    assert (policy.divert, policy.reoptimise) == (False, False)

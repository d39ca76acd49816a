"""The settings of the decision: their defaults are the design's, and impossible ones are refused by name."""

from __future__ import annotations

import math
from typing import Any

import pytest

from dispatch.domain.policy_settings import DEFAULT_POLICY, PolicySettings
from dispatch.domain.refusals import Invalid


def test_the_defaults_are_those_of_the_design() -> None:
    """DESIGN.md, "Who goes": weights, lateness, stickiness, freeze, diversion cap, staleness."""
    settings = DEFAULT_POLICY
    assert settings.weights == (8.0, 3.0, 1.0, 0.5)
    assert (settings.target_s, settings.lateness_s, settings.lateness_softness_s) == (600, 600, 45)
    assert 60 <= settings.keep_s <= 180
    assert (settings.freeze_s, settings.diversions_max, settings.stale_after_s) == (90, 1, 30)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("method", "luck"),
        ("greedy_order", "name"),
        ("weights", (8.0, 3.0, 1.0)),
        ("weights", (1.0, 3.0, 8.0, 9.0)),
        ("weights", (8.0, 3.0, 1.0, 0.0)),
        ("weights", (math.inf, 3.0, 1.0, 0.5)),
        ("keep_s", -1.0),
        ("freeze_s", math.nan),
        ("wait_s", 0.0),
        ("target_s", 0.0),
        ("lateness_softness_s", 0.0),
        ("lost_after_s", math.inf),
    ],
)
def test_impossible_settings_are_refused_by_name(member: str, value: Any) -> None:
    """An operator is told which one."""
    with pytest.raises(Invalid) as refusal:
        PolicySettings(**{member: value})
    assert refusal.value.member == member

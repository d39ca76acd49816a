"""What another program measured on the Manhattan scenario, and how this one is set to be comparable with it.

Figures: ../shared/data/roads/manhattan-scenario.md (10 pairs of runs). The page gives all but the seed of the demand
surface, and by surface the share of late calls at 800 a day varies from 18 to 26 %. `SURFACE` is the one of seeds 1 to
310 whose straight-line dispatching comes nearest to theirs: where units wait at 260 a day, and the late share at 465,
670 and 800. It was chosen by the base alone; what the other policies gain on it is then no matter of choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dispatch.domain.policy_settings import PolicySettings
from dispatch.simulator.policies import POLICIES, Policy

SURFACE: Final = 176
SEEDS: Final = range(10)
BASE: Final = "straight-priority"
UNCAPPED: Final = Policy("reference-settings", PolicySettings(pressure=0.0, diversions_max=99, losses_max=99))
"""Stickiness 60 s, lateness 600, wait 3,600, as the page names them; it names no cap on diversions."""
UNCAPPED_DIVERSION: Final = Policy(
    "street-divert-uncapped", PolicySettings(method="greedy", reoptimise=False, diversions_max=99, losses_max=99)
)
COMPARED: Final = (
    POLICIES[BASE],
    POLICIES["street-priority"],
    UNCAPPED_DIVERSION,
    POLICIES["batch-pending"],
    UNCAPPED,
)
LOADS: Final = (200, 465, 670, 800)

_CHANGES: Final[Mapping[str, tuple[float, ...]]] = {
    "street-priority": (-1.6, -2.9, -2.6, -0.6),
    "street-divert-uncapped": (-1.7, -4.1, -12.2, -16.0),
    "batch-pending": (-1.6, -2.9, -7.6, -19.6),
    "reference-settings": (-1.8, -4.9, -20.2, -38.4),
}
_LATE: Final[Mapping[str, tuple[float | None, ...]]] = {
    BASE: (None, 0.36, 8.4, 27.0),
    "reference-settings": (None, 0.14, 2.5, 8.4),
}


def theirs(policy: str, calls_per_day: int) -> dict[str, str]:
    """Their change of the weighted mean against the base and their late share, in percent, where the page has them."""
    column = LOADS.index(calls_per_day)
    told = {}
    if policy in _CHANGES:
        told["theirs_weighted_vs_base"] = f"{_CHANGES[policy][column]}%"
    if policy in _LATE and (late := _LATE[policy][column]) is not None:
        told["theirs_late"] = f"{late}%"
    return told

"""The policies that a study compares, by name: the very settings that the server would decide with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from dispatch.domain.policy_settings import DEFAULT_POLICY, PolicySettings

Idle = Literal["home", "stay", "posts"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Who goes (`settings`), what tells how far a unit is, and what idle units do where the scenario lets them choose.

    `tick_s`: it is decided again at the latest after so long while anything is undecided; None: on events alone.
    """

    name: str
    settings: PolicySettings = field(default=DEFAULT_POLICY)
    by_street: bool = True
    posts: bool = False
    tick_s: float | None = None


_ONE_BY_ONE: Final = PolicySettings(method="greedy", reoptimise=False, divert=False)
_PENDING: Final = PolicySettings(reoptimise=False, divert=False)

EAGER: Final = PolicySettings(
    weights=(16.0, 3.0, 1.0, 0.5),
    lateness_s=300.0,
    wait_s=1500.0,
    pressure=1.5,
    keep_s=30.0,
    freeze_s=30.0,
    diversions_max=99,
    losses_max=99,
)
"""Reassigns as it likes: what the caps of the defaults cost in response time, and spare the crews."""

POLICIES: Final = {
    policy.name: policy
    for policy in (
        Policy(
            "straight-fcfs",
            PolicySettings(method="greedy", greedy_order="received", reoptimise=False, divert=False),
            by_street=False,
        ),
        Policy("straight-priority", _ONE_BY_ONE, by_street=False),
        Policy("street-priority", _ONE_BY_ONE),
        Policy("street-divert", PolicySettings(method="greedy", reoptimise=False, divert=True)),
        Policy("batch-pending", _PENDING),
        Policy("batch-reoptimised", DEFAULT_POLICY),
        Policy("batch-eager", EAGER),
        Policy("batch-posts", DEFAULT_POLICY, posts=True),
    )
}
"""In the order of a table: the first is what many bureaus do, `batch-reoptimised` is what the server does."""

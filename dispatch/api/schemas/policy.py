"""Who goes, and by whose word: the policy in force, as the API takes and gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from dispatch.api.schemas.basics import Body, View

ModeName = Literal["automatic", "recommend", "by_priority", "night"]
MethodName = Literal["batch", "greedy"]


class ModeView(View):
    mode: ModeName
    default: ModeName = Field(description="That of the settings, in force until somebody sets one")
    set_at: datetime | None = Field(description="null where nobody has set one")
    set_by: str | None
    automatic_now: list[int] = Field(
        description="Priorities whose incidents get their units by themselves, at this hour"
    )
    automatic_priorities: list[int]
    night_from: int = Field(description="Hour of the day in Taiwan")
    night_to: int


class DecisionCounts(View):
    """Of the server that answered; only the one that leads decides."""

    leads: bool
    rounds: int
    fallbacks: int = Field(description="Rounds in which the greedy rule decided, because the solver was late or failed")
    skipped: int = Field(description="Planned orders that somebody else was faster with")
    last_decided_at: datetime | None
    last_took_ms: float | None
    last_fallback: bool | None


class RoundView(View):
    """The newest round that changed something, of any server."""

    round_id: UUID
    decided_at: datetime
    mode: ModeName
    policy: str
    method: MethodName
    fallback: bool
    took_ms: float
    rows: int = Field(description="Needs of incidents that were decided")
    columns: int = Field(description="Units that might go")
    planned: dict[str, Any]


class PolicyView(View):
    policy: str = Field(description="Name of the rules; it rises when the same situation is decided otherwise")
    mode: ModeView
    automatic_diversion: bool
    decision_deadline_ms: float
    tick_s: float
    settings: dict[str, Any] = Field(description="Every figure of the decision, as docs/policy.md explains them")
    counts: DecisionCounts
    rounds_last_day: int = Field(description="Rounds that changed something within 24 hours, of all servers")
    fallbacks_last_day: int
    last_round: RoundView | None


class NewMode(Body):
    mode: ModeName

"""Figures of the decisions of this process: for /metrics and for whoever looks at the policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


def _rounds() -> Counter:
    return Counter("patrol_policy_rounds", "decisions over all incidents", registry=None)


def _fallbacks() -> Counter:
    return Counter("patrol_policy_fallbacks", "decisions in which the greedy rule stepped in", registry=None)


def _skipped() -> Counter:
    return Counter("patrol_policy_skipped", "planned orders that somebody else was faster with", registry=None)


def _seconds() -> Histogram:
    return Histogram(
        "patrol_policy_decision_seconds", "from the situation to the plan", buckets=BUCKETS_S, registry=None
    )


@dataclass(slots=True)
class DecisionFigures:
    """Since the start of the process; a server that does not lead counts nothing."""

    rounds: int = 0
    fallbacks: int = 0
    skipped: int = 0
    last: dict[str, Any] | None = None
    """The newest round, whether it changed something or not."""
    last_at: datetime | None = None
    _collectors: tuple[Counter, Counter, Counter, Histogram] = field(
        default_factory=lambda: (_rounds(), _fallbacks(), _skipped(), _seconds())
    )

    def decided(self, *, at: datetime, method: str, fallback: bool, took_ms: float, rows: int, columns: int) -> None:
        """One decision more."""
        rounds, fallbacks, _, seconds = self._collectors
        self.rounds += 1
        rounds.inc()
        if fallback:
            self.fallbacks += 1
            fallbacks.inc()
        seconds.observe(took_ms / 1000)
        self.last_at = at
        self.last = {"method": method, "fallback": fallback, "took_ms": took_ms, "rows": rows, "columns": columns}

    def was_skipped(self) -> None:
        """A planned order found another situation than the one that it was planned in."""
        self.skipped += 1
        self._collectors[2].inc()

    def register(self, registry: CollectorRegistry) -> None:
        """For one answer to /metrics."""
        for collector in self._collectors:
            registry.register(collector)

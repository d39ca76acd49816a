"""What a run comes to, in the figures of the ten-minute clock (dispatch/domain/kpi.py), over whole columns at once.

Measured are the calls that come in after the warm-up. Where a run ends before anybody came: late once past the
target, as on the live page; before that nobody can say, and the call is counted as pending.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.incident import TARGET_S, Priority
from dispatch.domain.percentile import percentile
from dispatch.simulator.scenario import WEIGHTS, Four
from dispatch.simulator.stream import CallStream, Floats, Responses


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run leaves behind. `busy_s`, `metres`, `on_duty_s`: of each unit, from the warm-up's end to `ended_s`."""

    responses: Responses
    busy_s: Floats
    metres: Floats
    on_duty_s: Floats
    ended_s: float
    """When the run was looked at last, seconds since its start."""
    fallbacks: int = 0
    """Decisions that the greedy rule took because the solver was too slow or failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run. Times in seconds; None: there is no number, nobody having come to so many, or nothing to measure."""

    calls: int
    """After the warm-up; measured and pending together."""
    pending: int
    unreached: int
    """Measured, late, and nobody came before the run's end."""
    weighted_mean_s: float | None
    """By priority. An unreached call counts with its wait until the run's end, so forgetting calls gains nothing."""
    mean_s: float | None
    """Of the reached ones alone, as on the page of the clock."""
    p50_s: float | None
    p90_s: float | None
    share: float | None
    """Within the target, 0 to 1."""
    late: float | None
    """1 - share."""
    late_priority_1: float | None
    utilisation: float | None
    """Time on calls (under way and on the scene) among time on duty."""
    kilometres: float
    diversions: int
    fallbacks: int


FIGURES: Final = tuple(field.name for field in fields(Figures))


def figures(
    calls: CallStream,
    outcome: RunOutcome,
    *,
    warm_up_s: float = 0.0,
    target_s: float = float(TARGET_S),
    weights: Four = WEIGHTS,
) -> Figures:
    """The figures of one run."""
    counted = calls.at_s >= warm_up_s
    at_s, priority = calls.at_s[counted], calls.priority[counted]
    # who was there already took 0 s, not less
    taken_s = np.maximum(outcome.responses.arrived_s[counted] - at_s, 0.0)
    waited_s = outcome.ended_s - at_s
    missing = np.isnan(taken_s)
    measured = ~missing | (waited_s > target_s)
    late = _late(taken_s, missing, measured, target_s)
    first = measured & (priority == Priority.IMMEDIATE)
    weight = np.array((0.0, *weights))[priority] * measured
    reached = np.sort(taken_s[~missing])
    on_duty_s = float(outcome.on_duty_s.sum())
    share = _mean(~late[measured])
    return Figures(
        calls=len(at_s),
        pending=int((~measured).sum()),
        unreached=int((missing & measured).sum()),
        weighted_mean_s=_weighted(np.where(missing, waited_s, taken_s), weight),
        mean_s=_mean(reached),
        p50_s=percentile(reached, int(measured.sum()), 50),
        p90_s=percentile(reached, int(measured.sum()), 90),
        share=share,
        late=_mean(late[measured]),
        late_priority_1=_mean(late[first]),
        utilisation=float(outcome.busy_s.sum()) / on_duty_s if on_duty_s else None,
        kilometres=float(outcome.metres.sum()) / 1000,
        diversions=int(outcome.responses.diversions[counted].sum()),
        fallbacks=outcome.fallbacks,
    )


def _late(
    taken_s: Floats, missing: NDArray[np.bool_], measured: NDArray[np.bool_], target_s: float
) -> NDArray[np.bool_]:
    return np.asarray((missing & measured) | (taken_s > target_s))


def _mean(values: Floats | NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None


def _weighted(values: Floats, weights: Floats) -> float | None:
    total = float(weights.sum())
    return float((values * weights).sum()) / total if total else None

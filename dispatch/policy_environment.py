"""The part of the settings that says who goes: `PATROL_POLICY_*`, with the defaults of the domain.

What each does stands in docs/policy.md. Not here: the mode as a supervisor set it (dispatch.store.policy_modes).
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from dispatch.domain.incident import Category
from dispatch.domain.mode import Mode, ModeRules
from dispatch.domain.policy_settings import DEFAULT_POLICY, GreedyOrder, Method, PolicySettings
from dispatch.domain.refusals import Invalid

PREFIX: Final = "policy_"
D: Final = DEFAULT_POLICY


def _split(value: Any) -> Any:
    """`8,3,1,0.5`, as an environment can hold it."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Listed = (NoDecode, BeforeValidator(_split))
Figure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Hour = Annotated[int, Field(ge=0, le=23)]


class PolicyEnvironment(BaseSettings):
    """Mixed into dispatch.settings.Settings."""

    dispatch_mode: Mode = Mode.AUTOMATIC
    automatic_priorities: Annotated[frozenset[Annotated[int, Field(ge=1, le=4)]], *Listed] = frozenset({1, 2})
    night_from: Hour = 23
    night_to: Hour = 6
    automatic_diversion: bool = Field(default=True, description="false: units under way stay on their incident")
    decision_deadline_ms: float = Field(default=50, gt=0, le=10_000, description="then the greedy rule decides")

    policy_method: Method = D.method
    policy_greedy_order: GreedyOrder = D.greedy_order
    policy_reoptimise: bool = D.reoptimise
    policy_divert: bool = D.divert
    policy_weights: Annotated[tuple[float, float, float, float], *Listed] = D.weights
    policy_target_s: Figure = D.target_s
    policy_lateness_s: Figure = D.lateness_s
    policy_lateness_softness_s: Figure = D.lateness_softness_s
    policy_wait_s: Figure = D.wait_s
    policy_pressure: Figure = D.pressure
    policy_keep_s: Figure = D.keep_s
    policy_freeze_s: Figure = D.freeze_s
    policy_diversions_max: Count = D.diversions_max
    policy_losses_max: Count = D.losses_max
    policy_second_unit_weight: Figure = D.second_unit_weight
    policy_two_units_priority: Annotated[int, Field(ge=0, le=4)] = D.two_units_priority
    policy_two_units_categories: Annotated[frozenset[Category], *Listed] = D.two_units_categories
    policy_own_station_s: Figure = D.own_station_s
    policy_narrow_car_s: Figure = D.narrow_car_s
    policy_shift_margin_s: Figure = D.shift_margin_s
    policy_stale_costs: Figure = D.stale_costs

    ack_timeout_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=30, description="an order unacknowledged for so long goes to the next unit"
    )
    stale_after_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=D.stale_after_s, description="an older position widens the ETA, and says so"
    )
    lost_after_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=D.lost_after_s, description="an older position is no ground for an order"
    )

    def policy(self) -> PolicySettings:
        """The figures of the decision. Raises Invalid, which names the setting."""
        given = {
            name.removeprefix(PREFIX): getattr(self, name)
            for name in type(self).model_fields
            if name.startswith(PREFIX)
        }
        given |= {name: given[name] and self.automatic_diversion for name in ("divert", "reoptimise")}
        try:
            return PolicySettings(
                **given,
                stale_after_s=self.stale_after_s,
                lost_after_s=self.lost_after_s,
                link_down_s=self.ack_timeout_s,
            )
        except Invalid as error:
            raise Invalid(error.detail, member=f"{PREFIX}{error.member}") from None

    def mode_rules(self, mode: Mode | None = None) -> ModeRules:
        """What goes by itself, in this mode or the one that is set here."""
        return ModeRules(
            mode=mode or self.dispatch_mode,
            priorities=self.automatic_priorities,
            night_from=self.night_from,
            night_to=self.night_to,
        )

"""Who presses the button: whether an incident gets its units by themselves, or as a recommendation. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dispatch.domain.incident import Priority
from dispatch.domain.refusals import Invalid

HOURS: Final = 24


class Mode(StrEnum):
    """What goes by itself; the rest is recommended."""

    AUTOMATIC = "automatic"
    RECOMMEND = "recommend"
    BY_PRIORITY = "by_priority"
    NIGHT = "night"
    """Everything in the hours of the night, by priority in the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRules:
    """The mode with its figures; hours are those of the local day. Raises Invalid, naming the member."""

    mode: Mode = Mode.AUTOMATIC
    priorities: frozenset[int] = frozenset({Priority.IMMEDIATE, Priority.URGENT})
    """What goes by itself where priorities decide."""
    night_from: int = 23
    night_to: int = 6
    """The first hour of the day again. The same as `night_from`: there is no night."""

    def __post_init__(self) -> None:
        if not self.priorities <= {int(priority) for priority in Priority}:
            raise Invalid("are priorities from 1 to 4", member="automatic_priorities")
        for member, hour in (("night_from", self.night_from), ("night_to", self.night_to)):
            if not 0 <= hour < HOURS:
                raise Invalid("is an hour from 0 to 23", member=member)

    def sends_by_itself(self, priority: int, hour: int) -> bool:
        """Does an incident of this priority get its units without a dispatcher's word, at this hour?"""
        if self.mode is Mode.AUTOMATIC:
            return True
        if self.mode is Mode.RECOMMEND:
            return False
        return (self.mode is Mode.NIGHT and self.is_night(hour)) or priority in self.priorities

    def is_night(self, hour: int) -> bool:
        """Does the hour lie in [night_from, night_to), also over midnight?"""
        return (hour - self.night_from) % HOURS < (self.night_to - self.night_from) % HOURS

"""A crew hears of a lost link before dispatch is alarmed: the defaults of car, gateway and dispatch together."""

from __future__ import annotations

import pytest

from dispatch.domain.refusals import Invalid
from dispatch.settings import Settings as DispatchSettings
from dispatch.settings import read_settings
from gateway.settings import Settings as GatewaySettings
from vehicle_agent.connection import Timing
from vehicle_agent.link_watch import LOOK_EVERY_S
from vehicle_agent.settings import LINK_WARNING_S

URLS = {"database_url": "postgresql://", "nats_url": "nats://"}


def default(settings: type[DispatchSettings | GatewaySettings], name: str) -> float:
    """Of a setting, seconds."""
    return float(settings.model_fields[name].default)


def test_the_crew_is_warned_before_dispatch_is_alarmed() -> None:
    """From the moment when both know, and from the moment when the network fails and each has to notice by itself."""
    alarm_s = default(DispatchSettings, "alarm_link_lost_s")
    assert alarm_s > LINK_WARNING_S + LOOK_EVERY_S
    noticed_s = Timing().ping_every_s + Timing().ping_answer_s
    told_s = noticed_s + LINK_WARNING_S + LOOK_EVERY_S
    assert default(GatewaySettings, "gateway_silence_s") + alarm_s > told_s


@pytest.mark.parametrize("limit", ["alarm_standing_s", "alarm_no_progress_s"])
def test_a_crew_is_not_told_at_once_that_it_stands(limit: str) -> None:
    """Asked as long before the alarm as the alarm takes, every crew would be told when it sets off: refused by name."""
    with pytest.raises(Invalid, match=rf"PATROL_ALARM_CREW_FIRST_S must be below PATROL_{limit.upper()}"):
        read_settings(**URLS, alarm_crew_first_s=60, **{limit: 60})
    with pytest.raises(Invalid, match="PATROL_ALARM_CREW_FIRST_S"):
        read_settings(**URLS, alarm_standing_s=20)
    assert read_settings(**URLS, alarm_crew_first_s=59, **{limit: 60}).alarm_rules().crew_first_s == 59
    assert read_settings(**URLS, alarm_crew_first_s=0, **{limit: 5}).alarm_rules().crew_first_s == 0

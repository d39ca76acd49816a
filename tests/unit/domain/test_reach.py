"""Whether a unit at work can be reached: by its link, or where it has none, by what a phone or a page says for it."""

from __future__ import annotations

import pytest

from dispatch.domain.reach import Reach, judge_reach


@pytest.mark.parametrize(
    ("reach", "reason"),
    [
        (Reach(up=True, silent_s=9_999), ""),
        (Reach(up=False), ""),
        (Reach(up=False, down_s=44), ""),
        (Reach(up=False, down_s=45), "silent"),
        (Reach(up=False, down_s=44, silent_s=9_999), ""),
        (Reach(up=False, silent_s=119), ""),
        (Reach(up=False, silent_s=120), "tracker_silent"),
    ],
)
def test_a_unit_is_lost_after_its_own_kind_of_silence(reach: Reach, reason: str) -> None:
    """A link that is up says enough; a reconnect takes less than 45 s; an app is patient; radio alone is no alarm."""
    verdict = judge_reach(reach)
    assert verdict.reason == reason
    assert verdict.data == ({"for_s": round(reach.down_s or reach.silent_s or 0)} if reason else {})

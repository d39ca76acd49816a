"""A month of which some days were read again has the journeys that it has when it is read as a whole."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.eta_columns import ETA_GROUPS, EtaNames, Journeys, moved, together

DAYS = [date(2026, 11, day) for day in range(1, 6)]
counts = st.lists(st.integers(0, 4), min_size=len(DAYS), max_size=len(DAYS))


def month(per_day: list[int], rng: np.random.Generator) -> dict[str, Any]:
    """So many incidents a day."""
    return {
        "day": np.repeat([one.toordinal() for one in DAYS], per_day),
        "incident_id": rng.integers(0, 256, (sum(per_day), 16), np.uint8),
    }


def journeys_to(incidents: dict[str, Any], rng: np.random.Generator) -> Journeys:
    """One to each, told by the id of its incident."""
    n = len(incidents["day"])
    return Journeys(
        assignment_id=incidents["incident_id"],
        incident_id=incidents["incident_id"],
        sent_us=rng.integers(0, 1000, n),
        began_us=rng.integers(0, 1000, n),
        there_us=rng.integers(1000, 2000, n),
        eta_s=rng.random(n),
        groups={group: rng.choice(["a", "b"], n).tolist() for group in ETA_GROUPS},
    )


@given(counts, counts, st.sets(st.sampled_from(DAYS)))
def test_days_read_again(before: list[int], other: list[int], changed: set[date]) -> None:
    """Each journey stands at its incident's row, whatever came or went on days before it; each once."""
    rng, names = np.random.default_rng(6), EtaNames()
    was = month(before, rng)
    held = names.joined(journeys_to(was, rng), was)
    now = month([n if day in changed else m for day, m, n in zip(DAYS, before, other, strict=True)], rng)
    is_new = np.isin(now["day"], [day.toordinal() for day in changed])
    now["incident_id"][~is_new] = was["incident_id"][~np.isin(was["day"], [day.toordinal() for day in changed])]
    news = journeys_to({name: column[is_new] for name, column in now.items()}, rng)
    found = together(moved(held, was, now, sorted(changed)), names.joined(news, now))
    assert sorted(found["row"]) == list(range(len(now["day"])))
    assert (now["incident_id"][found["row"]] == found["assignment_id"]).all()
    assert {len(column) for column in found.values()} == {len(now["day"])}

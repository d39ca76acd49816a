"""The generated city, made once a process and seed: that takes seconds, and nothing changes a street map."""

from __future__ import annotations

from functools import cache

from dispatch.roads.generated_city import generate_chiayi
from dispatch.roads.street_map import StreetMap


@cache
def generated_chiayi(seed: int = 1) -> StreetMap:
    """What `generate_chiayi` makes of the seed."""
    return generate_chiayi(seed)

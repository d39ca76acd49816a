"""Where a simulated unit waits that has become free: at the best post that nobody holds."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.simulator.city import City


class Standby:
    """Posts in the order of their worth: with k idle units the first k of them are to be held.

    The next unit that is free goes to the nearest of those that nobody holds, or is on its way to. Nobody who waits
    already is moved.
    """

    def __init__(self, city: City, posts: Sequence[int]) -> None:
        self._city = city
        self._posts = list(posts)

    def post_of(self, node: int, others: Sequence[int]) -> int:
        """The junction where a unit that stands at `node` should wait; `others`: where the other idle ones wait."""
        held = set(others)
        wanted = [post for post in self._posts[: len(others) + 1] if post not in held]
        if not wanted:
            return node
        row = self._city.time_s[node]
        return min(wanted, key=lambda post: (float(row[post]), post))

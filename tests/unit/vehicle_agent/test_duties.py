"""What may fail alone fails alone: told, logged, begun again; link, positions and journal end the agent."""

from __future__ import annotations

import asyncio

import pytest

from vehicle_agent.duties import Duties
from vehicle_agent.errors import SettingsError
from vehicle_agent.troubles import Troubles


async def for_ever() -> None:
    """A duty that goes on."""
    await asyncio.Event().wait()


async def test_a_duty_that_fails_costs_no_other_and_is_begun_again() -> None:
    """Whatever it raises, even an exit; the trouble names it while it fails, and goes once it has run for a while."""
    troubles = Troubles()
    stop, running = asyncio.Event(), asyncio.Event()
    raised = [RuntimeError("secret"), SystemExit(1), SettingsError("port 1 is taken"), ExceptionGroup("", [OSError()])]
    said: list[str] = []
    link_ended = False

    async def screen() -> None:
        said.extend(one["detail"] for one in troubles.as_json())
        if raised:
            raise raised.pop(0)
        running.set()
        await asyncio.sleep(0.05)
        said.append(" ".join(troubles.codes()))
        stop.set()

    async def link() -> None:
        nonlocal link_ended
        try:
            await asyncio.Event().wait()
        finally:
            link_ended = running.is_set()

    async with asyncio.timeout(20):
        await Duties(troubles, again_s=0.01, steady_s=0.02).run(stop, {"link": link}, {"screen": screen})
    assert said == ["screen: RuntimeError", "screen: SystemExit", "screen: port 1 is taken", "screen: OSError", ""]
    assert link_ended


async def test_two_that_fail_are_both_named_and_each_is_over_alone() -> None:
    """The trouble stands until the last of them is well."""
    troubles = Troubles()
    stop = asyncio.Event()
    details: list[str] = []
    first = [ValueError()]

    async def screen() -> None:
        if first:
            raise first.pop()
        details.extend(one["detail"] for one in troubles.as_json())

    async def cameras() -> None:
        if not details:
            raise KeyError
        details.extend(one["detail"] for one in troubles.as_json())
        stop.set()

    async with asyncio.timeout(20):
        duties = Duties(troubles, again_s=0.01)
        await duties.run(stop, {"link": for_ever}, {"screen": screen, "cameras": cameras})
    assert details == ["screen: ValueError, cameras: KeyError", "cameras: KeyError"]


async def test_a_vital_one_ends_them_all() -> None:
    """systemd starts the agent anew."""

    async def link() -> None:
        raise RuntimeError("no more")

    with pytest.raises(ExceptionGroup, match="unhandled"):
        await Duties(Troubles()).run(asyncio.Event(), {"link": link}, {"screen": for_ever})

"""The page of figures in a real Chromium: from a share to its ledger to one incident, sums that agree, links, files.

With STATISTICS_SCREENS=1 the walk writes its pictures of docs/console.md.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from dispatch.embedded import DataFolder
from tests.browser.stage import ROOT, account, play, shots_folder, town
from tests.browser.statistics_past import STATIONS, fill
from tests.support.command import Up, done, running_up

DRIVER: Final = Path(__file__).with_name("statistics.mjs")
SUPERVISOR, AUDITOR = "chief", "auditor"


@dataclass
class Bureau:
    """What runs, and where pictures go."""

    up: Up
    shots: Path


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Streets, three stations of two precincts, six units, two years of calls."""
    folder = tmp_path_factory.mktemp("statistics")
    data = folder / "data"
    with running_up(data, around={"PATROL_DISPATCH_MODE": "recommend"}) as up:
        account(data, SUPERVISOR, "supervisor")
        account(data, AUDITOR, "auditor")
        for station in STATIONS:
            for number, kind in enumerate(("car", "motorcycle")):
                unit = ("--unit", f"{station}{number}", "--type", kind, "--station", station)
                done(data, "vehicle", "add", f"R-{station}-{number}", *unit)
        announced = DataFolder(data).announced()
        assert announced is not None
        asyncio.run(fill(announced.database_url, datetime.now(UTC)))
        done(data, "map", "import", town(folder / "town.osm"))
        yield Bureau(up, shots_folder(Path(__file__), folder))


def _run(bureau: Bureau, scenario: str, user: str, language: str) -> None:
    settings = {"PATROL_LANGUAGE": language}
    if os.environ.get("STATISTICS_SCREENS") == "1":
        settings["PATROL_SCREENS"] = str(ROOT / "docs" / "screens")
    play(DRIVER, scenario, url=bureau.up.url, user=user, shots=bureau.shots, settings=settings)


def test_a_manager_goes_from_a_figure_to_an_incident_by_keyboard_and_signs(bureau: Bureau) -> None:
    """Chinese, a supervisor: the target, sums on screen, a bar to its ledger to an incident and back, a review that
    shows before and after, files; each tab without complaints of axe, at each size, and on paper."""
    _run(bureau, "signing", SUPERVISOR, "zh-TW")


def test_a_link_shows_the_same_to_an_auditor_in_english(bureau: Bureau) -> None:
    """The filter of an address survives a reload; chips take it away; an auditor reads all and rules nothing; each tab
    in English without complaints of axe."""
    _run(bureau, "link", AUDITOR, "en")

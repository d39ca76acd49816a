"""Journeys that had an ETA as columns, each tied to the row of its incident: what ETA figures are answered from. Pure.

Times are whole microseconds, as in the columns of incidents (kpi_columns.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.kpi_columns import NEVER, Columns
from dispatch.domain.kpi_tally import US_IN_S, Ints

EtaGroupBy = Literal["hour", "street_class", "unit_type", "version"]
ETA_GROUPS: Final[tuple[EtaGroupBy, ...]] = get_args(EtaGroupBy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journeys:
    """Assignments that arrived and had an ETA, member by member; ids as 16 bytes each.

    `began_us`: when it set out, NEVER where nobody said. `groups`: of each grouping the key of each journey.
    """

    assignment_id: NDArray[np.uint8]
    incident_id: NDArray[np.uint8]
    sent_us: Ints
    began_us: Ints
    there_us: Ints
    eta_s: NDArray[np.float64]
    groups: Mapping[EtaGroupBy, Sequence[str]]


class EtaNames:
    """One numbering of the keys of groups for all months. Safe to be told by several threads."""

    def __init__(self) -> None:
        self._numbers: dict[EtaGroupBy, dict[str, int]] = {group: {} for group in ETA_GROUPS}
        self._one_at_a_time = Lock()

    def known(self) -> dict[EtaGroupBy, tuple[str, ...]]:
        """All keys of each grouping so far, in the order of their numbers: a picture that no later month changes."""
        return {group: tuple(numbers) for group, numbers in self._numbers.items()}

    def joined(self, journeys: Journeys, incidents: Columns) -> Columns:
        """The journeys as columns; `row`: the place of its incident among these. Without those of other incidents."""
        row, is_there = _rows_of(journeys.incident_id, incidents["incident_id"])
        sent_us, began_us = journeys.sent_us[is_there], journeys.began_us[is_there]
        columns: Columns = {
            "row": row[is_there].astype(np.int32),
            "assignment_id": journeys.assignment_id[is_there],
            "sent_us": sent_us,
            "eta_us": np.rint(journeys.eta_s[is_there] * US_IN_S).astype(np.int64),
            "turnout_us": np.where(began_us == NEVER, NEVER, began_us - sent_us),
            "from_order_us": journeys.there_us[is_there] - sent_us,
        }
        for group, numbers in self._numbers.items():
            keys = journeys.groups[group]
            with self._one_at_a_time:
                mine = np.fromiter((numbers.setdefault(one, len(numbers)) for one in keys), np.int16, len(keys))
            columns[group] = mine[is_there]
        return columns


def moved(columns: Columns, before: Columns, now: Columns, days: Sequence[date]) -> Columns:
    """The journeys of incidents of all but these days, which alone differ between the month as it was and as it is."""
    day = before["day"][columns["row"]]
    stays = ~np.isin(day, [one.toordinal() for one in days])
    day = day[stays]
    kept = {name: column[stays] for name, column in columns.items()}
    shift = np.searchsorted(now["day"], day) - np.searchsorted(before["day"], day)
    return kept | {"row": kept["row"] + shift.astype(np.int32)}


def together(some: Columns, more: Columns) -> Columns:
    """Journeys of both."""
    return {name: np.concatenate([column, more[name]]) for name, column in some.items()}


def _rows_of(ids: NDArray[np.uint8], among: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(the place of each id among the others, whether it is there at all)."""
    known, asked = _whole(among), _whole(ids)
    if not len(known):
        return np.zeros(len(asked), np.intp), np.zeros(len(asked), np.bool_)
    order = np.argsort(known)
    row = order[np.minimum(np.searchsorted(known, asked, sorter=order), len(known) - 1)]
    return row, known[row] == asked


def _whole(ids: NDArray[Any]) -> NDArray[Any]:
    """Each id as one value that can be compared: all are of one length, so padding tells no two apart or together."""
    return np.ascontiguousarray(ids).view("S16").reshape(len(ids))

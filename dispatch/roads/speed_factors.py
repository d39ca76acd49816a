"""What the fleet's own tracks changed of the speeds: a factor by vehicle, lights, hours of the day and street class.

A version is one set of such factors, and every ETA names the version that it was made with (docs/eta.md). Version 0
is the priors of speeds.py as they stand. A factor multiplies the time that the priors give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.metric import Floats
from dispatch.roads.speeds import CLASSES

KINDS: Final = ((False, False), (False, True), (True, False), (True, True))
"""(motorcycle, lights) of each kind of drive, in the order of `kind_of`."""
BANDS: Final = ("night", "day", "peak")
NIGHT: Final = frozenset({22, 23, 0, 1, 2, 3, 4, 5})
PEAK: Final = frozenset({7, 8, 17, 18})
"""Hours of the local day in which the priors' commuters are on the road. All that is neither is day."""
FACTOR_MIN: Final = 0.5
FACTOR_MAX: Final = 2.0
"""A street that is twice as slow as its class, or twice as fast, is a wrong class or a wrong map."""
SHAPE: Final = (len(KINDS), len(BANDS), len(CLASSES))


def kind_of(*, motorcycle: bool, lights: bool) -> int:
    """Which of KINDS."""
    return 2 * int(motorcycle) + int(lights)


def band_of(hour: int | None) -> int:
    """Which of BANDS; the hour that the class speeds stand for is one of the day."""
    return BANDS.index("night" if hour in NIGHT else "peak" if hour in PEAK else "day")


@dataclass(frozen=True, slots=True, eq=False)
class SpeedFactors:
    """One version. `factor` is [kind, band, class] as KINDS, BANDS and speeds.CLASSES order them."""

    version: int
    factor: Floats

    @property
    def are_priors(self) -> bool:
        """Nothing differs from speeds.py."""
        return self.version == 0

    def by_class(self, hour: int | None, *, motorcycle: bool, lights: bool) -> Floats:
        """The factor of each street class."""
        return np.asarray(self.factor[kind_of(motorcycle=motorcycle, lights=lights), band_of(hour)])

    @classmethod
    def of_cells(cls, version: int, cells: Iterable[Mapping[str, Any]]) -> SpeedFactors:
        """From what `cells` wrote; what no cell names is 1. Raises ValueError or KeyError for a cell that is none."""
        factor = np.ones(SHAPE)
        for cell in cells:
            kind = kind_of(motorcycle={"car": False, "motorcycle": True}[cell["vehicle"]], lights=cell["lights"])
            factor[kind, BANDS.index(cell["band"]), CLASSES.index(cell["street_class"])] = cell["factor"]
        return cls(version, factor)


def cells(factor: Floats, drives: NDArray[np.integer]) -> list[dict[str, Any]]:
    """As JSON, those that differ from 1 or that anybody drove: with the number of drives behind each."""
    return [
        {
            "vehicle": "motorcycle" if KINDS[kind][0] else "car",
            "lights": KINDS[kind][1],
            "band": BANDS[band],
            "street_class": CLASSES[street_class],
            "factor": float(factor[kind, band, street_class]),
            "drives": int(drives[kind, band, street_class]),
        }
        for kind, band, street_class in np.ndindex(*SHAPE)
        if factor[kind, band, street_class] != 1 or drives[kind, band, street_class]
    ]


PRIORS: Final = SpeedFactors(0, np.ones(SHAPE))

"""Where the calls of a scenario come from: a rate surface, a file of past calls, the database. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dispatch.domain.incident import Category

HOURLY: Final = (
    0.6, 0.5, 0.4, 0.35, 0.35, 0.4, 0.6, 0.8, 1.0, 1.05, 1.1, 1.1,
    1.1, 1.05, 1.05, 1.1, 1.2, 1.35, 1.4, 1.4, 1.4, 1.3, 1.1, 0.9,
)  # fmt: skip
"""How a day's calls spread over its hours; only the proportions count. Synthetic, of the Manhattan scenario."""


class DemandSource(StrEnum):
    """The kinds of demand, as a scenario file names them."""

    SURFACE = "surface"
    CSV = "csv"
    DATABASE = "database"


class PastMode(StrEnum):
    """RESAMPLE: new calls at the rates of each hour of the week, each like one of that hour. REPLAY: as they were."""

    RESAMPLE = "resample"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What the calls are, where nothing else says it. Shares need not sum to 1; only their proportions count."""

    categories: tuple[tuple[Category, float], ...] = (
        (Category.CRIMINAL, 0.10),
        (Category.PUBLIC_ORDER, 0.22),
        (Category.TRAFFIC, 0.16),
        (Category.TRAFFIC_ACCIDENT, 0.26),
        (Category.DISASTER, 0.03),
        (Category.SERVICE, 0.16),
        (Category.OTHER, 0.07),
    )
    """Those of the demo: no statistic."""
    priorities: tuple[float, float, float, float] = (0.15, 0.45, 0.40, 0.0)
    priorities_by_category: tuple[tuple[Category, tuple[float, float, float, float]], ...] = ()
    accident_classes: tuple[float, float, float] = (0.005, 0.345, 0.65)
    """A1, A2, A3 among traffic accidents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Places: `n` Gaussian hills of random weight 0.3 to 1.5 at random junctions, over an even floor."""

    n: int = 12
    sigma_m: float = 900.0
    floor: float = 0.15
    seed: int = 1
    """Of the surface alone: the same hills in every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A part of a rate surface: the junctions nearer to this place than to another cell's share the weight."""

    lat: float
    lon: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceDemand:
    """Calls at random in time and place (Poisson), at `calls_per_day` × `scale` on an average day."""

    calls_per_day: float = 465.0
    scale: float = 1.0
    hourly: tuple[float, ...] = HOURLY
    weekly: tuple[float, ...] = (1.0,) * 7
    """Monday to Sunday; only the proportions count."""
    clusters: Clusters = field(default_factory=Clusters)
    cells: tuple[Cell, ...] = ()
    """Instead of the clusters, where there are any."""
    mix: Mix = field(default_factory=Mix)
    first_weekday: int = 1
    """Of the run's first day: 1 is Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDemand:
    """What past calls from a file and from the database have in common."""

    mode: PastMode = PastMode.RESAMPLE
    scale: float = 1.0
    zone: str = "Asia/Taipei"
    """Of the wall clock whose hours and midnights count."""
    mix: Mix = field(default_factory=Mix)
    first_weekday: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDemand(PastDemand):
    """Past calls of a file with one line a call, or a call and unit. `columns`: which column is which field."""

    file: str
    """As written in the scenario: relative to its own folder."""
    columns: tuple[tuple[str, str], ...]
    category_words: tuple[tuple[str, Category], ...] = ()
    """The file's word for each category; a word that is no category and is not here is `other`."""
    priority_words: tuple[tuple[str, int], ...] = ()
    """The file's word for each priority; a word that is neither 1 to 4 nor here is drawn from the mix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseDemand(PastDemand):
    """Incidents of the database received from one date to before another (YYYY-MM-DD, of `zone`)."""

    from_date: str
    to_date: str


Demand = SurfaceDemand | CsvDemand | DatabaseDemand

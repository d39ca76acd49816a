"""Manhattan's real streets as a street map, for benchmarks and the simulator's reference scenario.

Read in place from ../shared/data/roads/manhattan.zip (JEMSS, OpenStreetMap); the times are those of
../shared/data/roads/manhattan-scenario.md: a car without lights, half of mode 2.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.roads.assembly import Run, assemble
from dispatch.roads.metric import Floats
from dispatch.roads.speeds import CLASS_SPEED_KMH, CLASSES
from dispatch.roads.street_map import MapInfo, StreetMap

FILE: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "roads" / "manhattan.zip"
TIME_SHARE: Final = 0.5
_DAY_S: Final = 86_400.0
_CLASSES: Final = ("primary", "secondary", "tertiary", "residential")


def manhattan(file: Path = FILE) -> tuple[StreetMap, NDArray[np.int32]]:
    """The streets, every point of the file a junction of the map, and the junctions that are intersections.

    An intersection is a point whose undirected degree is not 2. Of the file only the largest strongly connected part
    is kept. An edge's time is the file's, to the last bit; its length is that of the straight line between its points.
    """
    with zipfile.ZipFile(file) as archive:
        nodes, arcs = _table(archive, "nodes.csv"), _table(archive, "arcs.csv")
    lat_of = dict(zip(nodes["index"].astype(int).tolist(), nodes["y"].tolist(), strict=True))
    lon_of = dict(zip(nodes["index"].astype(int).tolist(), nodes["x"].tolist(), strict=True))
    tail, head = arcs["fromNode"].astype(int), arcs["toNode"].astype(int)
    kept = _largest_part(tail, head)
    seconds = dict(
        zip(
            zip(tail[kept].tolist(), head[kept].tolist(), strict=True),
            (arcs["mode_2"][kept] * _DAY_S * TIME_SHARE).tolist(),
            strict=True,
        )
    )
    # of two opposite arcs the one from the lower number makes the edge, the other its way back
    pairs = [pair for pair in seconds if pair[::-1] not in seconds or pair[0] < pair[1]]
    back = [seconds.get(pair[::-1]) for pair in pairs]
    runs = [
        Run(pair, [lat_of[key] for key in pair], [lon_of[key] for key in pair], "road", "", 1.0, float(way is not None))
        for pair, way in zip(pairs, back, strict=True)
    ]
    info = MapInfo(source=file.name, sha256=hashlib.sha256(file.read_bytes()).hexdigest(), ways_taken=len(runs))
    drawn = assemble(runs, info)
    if drawn is None or drawn.edges != len(runs):
        raise AssertionError("each arc of a strongly connected part is an edge")
    time_s = np.array([seconds[pair] for pair in pairs])
    street_map = replace(
        drawn,
        edge_time_s=time_s,
        edge_back_s=np.array([np.inf if way is None else way for way in back]),
        edge_class=_classes(drawn.edge_length_m, time_s),
    )
    return street_map, intersections(street_map)


def intersections(street_map: StreetMap) -> NDArray[np.int32]:
    """The junctions at which other than two edges meet."""
    meets = np.bincount(np.concatenate((street_map.edge_from, street_map.edge_to)), minlength=street_map.nodes)
    return np.flatnonzero(meets != 2).astype(np.int32)


def _largest_part(tail: NDArray[np.int64], head: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which arcs lie in the strongly connected part with most points."""
    places = int(max(tail.max(), head.max())) + 1
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(places, places))
    _, part = connected_components(graph.tocsr(), directed=True, connection="strong")
    largest = int(np.argmax(np.bincount(part)))
    return np.asarray((part[tail] == largest) & (part[head] == largest))


def _classes(length_m: Floats, time_s: Floats) -> NDArray[np.uint8]:
    """The class whose running speed is nearest: the file gives speeds, no classes."""
    known_mps = np.array([CLASS_SPEED_KMH[name] / 3.6 for name in _CLASSES])
    number = np.array([CLASSES.index(name) for name in _CLASSES], dtype=np.uint8)
    speed_mps = length_m / time_s
    return np.asarray(number[np.abs(speed_mps[:, None] - known_mps).argmin(axis=1)])


def _table(archive: zipfile.ZipFile, name: str) -> dict[str, Floats]:
    """A table of the file by its column names; counts and settings stand above its heading."""
    rows = [row for row in csv.reader(io.StringIO(archive.read(name).decode("utf-8"))) if row and row[0]]
    heading = next(number for number, row in enumerate(rows) if row[0] == "index")
    columns = zip(*rows[heading + 1 :], strict=False)
    return {
        title: np.array(column, dtype=np.float64)
        for title, column in zip(rows[heading], columns, strict=False)
        if title
    }

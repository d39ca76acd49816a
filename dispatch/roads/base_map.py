"""The streets as GeoJSON, for a map that needs no tile server."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from dispatch.roads.speeds import CLASSES
from dispatch.roads.street_map import StreetMap

_DIGITS = 6  # a tenth of a metre


def feature_collection(street_map: StreetMap) -> dict[str, Any]:
    """A FeatureCollection of LineStrings with the properties `class`, `name` and `oneway`; lon before lat.

    Each two-way street is drawn once. Pieces of one street are joined end to end, because a label is only drawn
    along a line that is longer than the label. Minor classes come first, so that major ones are drawn above them.
    """
    points = np.column_stack((street_map.shape_lon, street_map.shape_lat))
    owner = np.repeat(np.arange(street_map.edges), np.diff(street_map.shape_start))
    lines = shapely.linestrings(points, indices=owner)
    oneway = ~np.isfinite(street_map.edge_back_s)
    order = np.lexsort((oneway, street_map.edge_name, -street_map.edge_class.astype(int)))
    keys = np.column_stack((street_map.edge_class, street_map.edge_name, oneway))[order]
    changes = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
    features: list[dict[str, Any]] = []
    for group in np.split(order, changes):
        first = int(group[0])
        joined = shapely.line_merge(shapely.multilinestrings(lines[group]), directed=bool(oneway[first]))
        properties = {
            "class": CLASSES[int(street_map.edge_class[first])],
            "name": street_map.name_of(first),
            "oneway": bool(oneway[first]),
        }
        features.extend(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {
                    "type": "LineString",
                    "coordinates": np.round(shapely.get_coordinates(line), _DIGITS).tolist(),
                },
            }
            for line in shapely.get_parts(joined)
        )
    return {"type": "FeatureCollection", "features": features}

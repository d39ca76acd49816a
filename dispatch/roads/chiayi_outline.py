"""The outline of Chiayi City, generalised to a few dozen corners, for a bureau that has not loaded its own.

Drawn after the extent of the city's 84 villages (Ministry of the Interior, open data), about 60 km²; corners are
rounded to a thousandth of a degree, so that a place within some 150 m of the border may fall on either side.
"""

from __future__ import annotations

from typing import Final

CHIAYI_OUTLINE: Final[list[tuple[float, float]]] = [
    (23.497, 120.389),
    (23.499, 120.399),
    (23.507, 120.409),
    (23.499, 120.410),
    (23.505, 120.417),
    (23.509, 120.430),
    (23.517, 120.434),
    (23.512, 120.440),
    (23.518, 120.442),
    (23.515, 120.457),
    (23.511, 120.457),
    (23.499, 120.465),
    (23.500, 120.470),
    (23.507, 120.474),
    (23.505, 120.483),
    (23.496, 120.484),
    (23.491, 120.489),
    (23.490, 120.501),
    (23.480, 120.504),
    (23.473, 120.509),
    (23.465, 120.500),
    (23.460, 120.500),
    (23.453, 120.495),
    (23.452, 120.490),
    (23.462, 120.477),
    (23.462, 120.469),
    (23.452, 120.457),
    (23.445, 120.453),
    (23.440, 120.440),
    (23.444, 120.436),
    (23.450, 120.435),
    (23.452, 120.430),
    (23.461, 120.428),
    (23.460, 120.415),
    (23.465, 120.411),
    (23.463, 120.394),
    (23.471, 120.399),
    (23.478, 120.399),
    (23.482, 120.393),
    (23.490, 120.394),
]
"""(lat, lon), anticlockwise from the west, not closed."""

"""A typed line to places: addresses, crossings, streets, landmarks, ranked. What is not known exactly says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from dispatch.domain.geometry import Position, distance_m
from dispatch.roads.places import Place, PlaceKind
from dispatch.roads.places_index import PlaceIndex, address_label
from dispatch.roads.places_names import BEGINS, WHOLE
from dispatch.roads.places_numbers import HouseNumbers, Located
from dispatch.roads.places_text import Address, address_in, crossings_in, has_han, lane_mouth, plain

FoundKind = Literal["address", "crossing", "street", "landmark", "locality"]
Precision = Literal["exact", "interpolated", "nearest", "street"]

STREETS_TRIED: Final = 6
"""The best fitting streets that a house number or the first half of a crossing is looked for on."""
NUMBERS_OFFERED: Final = 4
ADDRESS_GAIN: Final = 0.35
"""A line that spells an address means that rather than a landmark with the same letters."""
CROSSING_GAIN: Final = 0.4
LOSS_OF: Final[dict[Precision, float]] = {"exact": 0.0, "interpolated": 0.03, "nearest": 0.08, "street": 0.2}
ANY_STREET: Final = 0.5
LOCALITY_LOSS: Final = 0.05
NEAR_SHARE: Final = 0.1
"""What ten kilometres from where the desk looks take off."""
NEAR_REACH_M: Final = 10_000.0
LIKE_SPREAD: Final = 0.1
"""Of what only looks alike, what is so much less alike than the best is left out."""
SAME_WITHIN_M: Final = 120.0
"""Two of one kind and name within this are one: a hospital is a point and a building in the same map."""
_LOOKED_AT: Final[dict[str, float]] = {
    "hospital": 0.04, "station": 0.04, "school": 0.03, "university": 0.03, "police": 0.03, "park": 0.02
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One place that a line may mean; degrees."""

    kind: FoundKind
    label: str
    lat: float
    lon: float
    score: float
    sort: str = ""
    """Of a landmark or locality what it is, in OpenStreetMap's words."""
    precision: Precision = "exact"
    """`interpolated`: between known house numbers; `nearest`: at the nearest known one; `street`: somewhere on it."""
    near: tuple[str, ...] = ()
    """The known places that it was told from, where it is not exact."""
    area: str | None = None
    similar: bool = False
    """Nothing fits; this only looks like what was typed."""


def search(index: PlaceIndex, text: str, limit: int, near: Position | None = None) -> list[Found]:
    """The best places for a typed line, best first; those nearer to `near` go before others that fit as well."""
    form = plain(text)
    if not form:
        return []
    found = [*_crossings(index, text), *_addresses(index, form), *_streets(index, form), *_landmarks(index, form)]
    if not found:
        alike = [*_alike(index, form)]
        best = max((one.score for one in alike), default=0.0)
        found = [one for one in alike if one.score >= best - LIKE_SPREAD]
    ranked = sorted(found, key=lambda one: (-_nearness(one, near), len(one.label), one.label))
    kept: list[Found] = []
    for one in ranked:
        if len(kept) == limit:
            break
        if not any(_same(one, other) for other in kept):
            kept.append(replace(one, area=index.area_of(one.lat, one.lon)))
    return kept


def _addresses(index: PlaceIndex, form: str) -> Iterator[Found]:
    asked = address_in(form)
    if asked is None:
        return
    for street, fit in _streets_of(index, asked.street):
        yield from _on_street(index, street, asked.number, fit)
    for label, numbers, fit in _elsewhere_of(index, asked.street):
        yield from _numbered(label, numbers, asked.number, fit, None)
    if asked.street not in index.street_of and asked.street not in index.numbers_elsewhere:
        yield from _by_lane(index, asked)


def _streets_of(index: PlaceIndex, form: str) -> list[tuple[int, float]]:
    """Streets by how well they fit, the name without city and district where no other fits."""
    fits = index.street_names.find(form)
    if not fits and has_han(form):
        for cut in range(1, len(form) - 1):
            if form[cut:] in index.street_of:
                fits = dict.fromkeys(index.street_of[form[cut:]], BEGINS)
                break
    if WHOLE in fits.values():
        fits = {street: fit for street, fit in fits.items() if fit == WHOLE}
    return sorted(fits.items(), key=lambda item: (-item[1], item[0]))[:STREETS_TRIED]


def _elsewhere_of(index: PlaceIndex, form: str) -> Iterator[tuple[str, HouseNumbers, float]]:
    fits = index.elsewhere_names.find(form)
    for item, fit in sorted(fits.items(), key=lambda entry: (-entry[1], entry[0]))[:STREETS_TRIED]:
        yield *index.numbers_elsewhere[index.elsewhere[item]], fit


def _on_street(index: PlaceIndex, number: int, house: str, fit: float) -> Iterator[Found]:
    street, numbers = index.streets[number], index.numbers_of_street.get(number)
    middle = Position(street.lat, street.lon)
    yield from _numbered(street.name, numbers, house, fit, middle)


def _numbered(
    street: str, numbers: HouseNumbers | None, house: str, fit: float, middle: Position | None
) -> Iterator[Found]:
    located = numbers.locate(house) if numbers else None
    if located is not None:
        yield _address(street, located, fit)
    elif middle is not None:
        yield Found(
            kind="address",
            label=address_label(street, house),
            lat=middle.lat,
            lon=middle.lon,
            score=fit + ADDRESS_GAIN - LOSS_OF["street"],
            precision="street",
            near=(street,),
        )
    if numbers is not None and located is not None and located.near:
        for known in numbers.beginning(house, NUMBERS_OFFERED):
            yield _address(street, Located(known.number, known.place), fit - LOSS_OF["nearest"] - 0.01)


def _address(street: str, located: Located, fit: float) -> Found:
    precision: Precision = "exact" if not located.near else "interpolated" if located.interpolated else "nearest"
    return Found(
        kind="address",
        label=address_label(street, located.number),
        lat=located.place.lat,
        lon=located.place.lon,
        score=fit + ADDRESS_GAIN - LOSS_OF[precision],
        precision=precision,
        near=tuple(address_label(street, number) for number in located.near),
    )


def _by_lane(index: PlaceIndex, asked: Address) -> Iterator[Found]:
    """A lane that the map does not have begins at the house of its number: there, and saying so."""
    lane: Address | None = asked
    while lane is not None and (lane := lane_mouth(lane.street)) is not None:
        best = [entry for entry in _streets_of(index, lane.street) if entry[1] >= BEGINS]
        if best:
            for street, fit in best[:1]:
                for mouth in _on_street(index, street, lane.number, fit - LOSS_OF["nearest"]):
                    label = address_label(asked.street, asked.number)
                    precision: Precision = "street" if mouth.precision == "street" else "nearest"
                    yield replace(mouth, label=label, precision=precision, near=mouth.near or (mouth.label,))
                    break
            return


def _crossings(index: PlaceIndex, text: str) -> Iterator[Found]:
    for first, second in crossings_in(text):
        ones = _streets_of(index, first)
        others = index.street_names.find(second) if second else dict.fromkeys(range(len(index.streets)), ANY_STREET)
        found = []
        for one, fit in ones:
            for other, nodes in index.named.neighbours(one).items():
                if other in others:
                    label = crossing_label(index.streets[one].name, index.streets[other].name)
                    score = fit * others[other] + CROSSING_GAIN
                    found += [
                        Found(kind="crossing", label=label, lat=place.lat, lon=place.lon, score=score)
                        for place in index.named.crossings(nodes)
                    ]
        if found:
            yield from found
            return


def crossing_label(one: str, other: str) -> str:
    """Two streets as people name their crossing."""
    return f"{one}/{other}口" if has_han(one + other) else f"{one} / {other}"


def _streets(index: PlaceIndex, form: str) -> Iterator[Found]:
    for number, fit in index.street_names.find(form).items():
        street = index.streets[number]
        yield Found(kind="street", label=street.name, lat=street.lat, lon=street.lon, score=fit, precision="street")


def _landmarks(index: PlaceIndex, form: str) -> Iterator[Found]:
    for item, fit in index.landmark_names.find(form).items():
        yield _landmark(index.landmarks[item], fit)


def _landmark(place: Place, fit: float) -> Found:
    locality = place.kind is PlaceKind.LOCALITY
    return Found(
        kind="locality" if locality else "landmark",
        label=place.name,
        lat=place.lat,
        lon=place.lon,
        score=fit + _LOOKED_AT.get(place.sort, 0.0) - (LOCALITY_LOSS if locality else 0.0),
        sort=place.sort,
    )


def _alike(index: PlaceIndex, form: str) -> Iterator[Found]:
    """Only where nothing fits: what looks like it, with the house number where one was typed."""
    asked = address_in(form)
    street = asked.street if asked else form
    for number, fit in index.street_names.alike(street).items():
        if asked:
            yield from (replace(one, similar=True) for one in [*_on_street(index, number, asked.number, fit)][:1])
        else:
            named = index.streets[number]
            yield Found(
                kind="street",
                label=named.name,
                lat=named.lat,
                lon=named.lon,
                score=fit,
                precision="street",
                similar=True,
            )
    for item, fit in index.landmark_names.alike(form).items():
        yield replace(_landmark(index.landmarks[item], fit), similar=True)


def _nearness(one: Found, near: Position | None) -> float:
    if near is None:
        return one.score
    away_m = distance_m(near, Position(one.lat, one.lon))
    return one.score - NEAR_SHARE * min(away_m / NEAR_REACH_M, 1.0)


def _same(one: Found, other: Found) -> bool:
    if one.kind != other.kind or plain(one.label) != plain(other.label):
        return False
    return distance_m(Position(one.lat, one.lon), Position(other.lat, other.lon)) <= SAME_WITHIN_M

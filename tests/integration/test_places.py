"""Looking for places over the API, and a second call about an incident that is known already."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from dispatch.roads.generated_places import generated_places
from dispatch.roads.osm_import import import_osm
from dispatch.roads.places_osm import read_places
from dispatch.store.place_tables import places
from tests.support.cities import generated_chiayi
from tests.support.command import patrol
from tests.support.data import shared
from tests.support.server import Server, enter, incident_when, kinds


async def found(client: httpx.AsyncClient, q: str, **query: Any) -> list[dict[str, Any]]:
    """GET /places."""
    answer = await client.get("/places", params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_real_city_is_found_by_address_crossing_and_landmark(server: Server) -> None:
    """Krems from OpenStreetMap: a house, a missing house with its neighbours named, a crossing, a landmark; the next
    map takes the places of the one before with it."""
    file = shared("roads/krems.osm.gz")
    client = await server.client()
    assert (await client.get("/places", params={"q": "x"})).json()["code"] == "no_map"
    await server.load(import_osm(file), read_places(file))
    known = (await found(client, "wiener str. 6"))[0]
    assert (known["kind"], known["label"], known["precision"], known["near"]) == (
        *("address", "Wiener Straße 6", "exact"),
        [],
    )
    told = (await found(client, "Wiener Straße 10"))[0]
    assert (told["precision"], told["near"]) == ("interpolated", ["Wiener Straße 6", "Wiener Straße 30"])
    crossing = (await found(client, "Ringstraße & Wiener Straße"))[0]
    assert (crossing["kind"], crossing["label"]) == ("crossing", "Ringstraße / Wiener Straße")
    assert (await found(client, "krems bahnhof"))[0]["kind"] == "landmark"
    there = (await client.get("/places/at", params={"lat": known["lat"], "lon": known["lon"]})).json()["items"]
    assert there[0]["label"] == "Wiener Straße 6"

    city = generated_chiayi(1)
    await server.load(city)
    assert await found(client, "wiener str. 6") == []
    async with server.engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(places)) == 0
    await server.load(city, generated_places(city, 1))
    assert (await found(client, "嘉和醫院"))[0]["sort"] == "hospital"


async def test_who_may_search_and_what_is_refused(server: Server) -> None:
    """Dispatchers and supervisors; half a point of view and an empty line are refused, at their members."""
    await server.load(generated_chiayi(1))
    assert (await (await server.stranger()).get("/places", params={"q": "x"})).status_code == 401
    assert (await (await server.client("ada", "auditor")).get("/places", params={"q": "x"})).status_code == 403
    client = await server.client("sue", "supervisor")
    half = await client.get("/places", params={"q": "x", "near_lat": 23.5})
    assert half.status_code == 422
    assert half.json()["errors"][0]["member"] == "near_lon"
    assert (await client.get("/places", params={"q": ""})).status_code == 422
    street = (await found(client, "路", limit=3))[0]
    near = await found(client, "路", limit=1, near_lat=street["lat"], near_lon=street["lon"])
    assert near[0]["kind"] == "street"


@pytest.mark.parametrize("box", [None, "15.59,48.40,15.61,48.42"])
def test_the_import_command_says_what_it_took(data_folder: Path, box: str | None) -> None:
    """`patrol map import` loads addresses and landmarks with the streets, cut to the same box."""
    cut = ["--bbox", box] if box else []
    done = patrol("map", "import", shared("roads/krems.osm.gz"), *cut, data=data_folder)
    assert done.returncode == 0, done.stderr
    addresses = int(done.stdout.rpartition("; ")[2].split(" ")[0])
    assert addresses == 289 if box is None else 0 < addresses < 289


async def test_a_second_call_about_an_incident_is_entered_into_it(server: Server) -> None:
    """One step, no unit sent for it at any moment; the incident's clock runs from the earlier call; a retry with the
    same key changes nothing; an incident that has ended or is unknown is refused."""
    await server.add_unit("北興101", at=(23.481, 120.451))
    await server.add_unit("北興102", at=(23.4805, 120.4505))
    client = await server.client()
    first = await enter(client)
    await incident_when(client, first["id"], lambda incident: bool(incident["assignments"]))
    now = server.desk.clock()
    body = {
        "category": "criminal",
        "priority": 1,
        "lat": 23.4801,
        "lon": 120.4501,
        "received_at": (now - timedelta(minutes=2)).isoformat(),
        "description": "a second witness",
        "same_as": first["id"],
    }
    answer = await client.post("/incidents", json=body, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 201, answer.text
    second = answer.json()
    assert (second["state"], second["merged_into"], second["assignments"]) == ("merged", first["id"], [])
    assert kinds(second) == ["incident_created", "incident_merged"]
    again = await client.post("/incidents", json=body, headers={"Idempotency-Key": "k-1"})
    assert again.json()["id"] == second["id"]
    whole = (await client.get(f"/incidents/{first['id']}")).json()
    assert whole["received_at"] == second["received_at"] < first["received_at"]
    assert len(whole["assignments"]) == 1
    await client.post(f"/incidents/{first['id']}/cancel", json={"reason": "none"})
    assert (await client.post("/incidents", json=body)).json()["code"] == "incident_ended"
    assert (await client.post("/incidents", json=body | {"same_as": second["id"]})).status_code == 409
    unknown = body | {"same_as": "00000000-0000-4000-8000-000000000000"}
    assert (await client.post("/incidents", json=unknown)).status_code == 404

"""A closed incident is found by its letters, and opened with the calls that were merged into it."""

from __future__ import annotations

import httpx
import pytest

from tests.support.server import Server, enter


async def _found(client: httpx.AsyncClient, search: str, **query: str) -> list[str]:
    answer = await client.get("/incidents", params={"search": search, **query})
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


async def test_letters_find_an_incident_wherever_they_stand(module_server: Server) -> None:
    """In the number, address, description, disposition and the call sign that was sent; `%` and `_` are letters."""
    client = await module_server.client()
    unit = await module_server.add_unit("Nord-7", at=(23.48, 120.45))
    call = await enter(client, address="Zhongshan Rd 100 %", description="loud MUSIC on_the roof")
    other = await enter(client, address="Minzu Rd 1")
    await client.post(f"/incidents/{call['id']}/assignments", json={"unit_id": str(unit)})
    await client.post(f"/incidents/{call['id']}/close", json={"disposition": "asked for quiet"})
    for letters in (call["number"], "zhongshan", "music", "FOR QUIET", "nord-7", "100 %", "on_the"):
        assert await _found(client, letters) == [call["number"]], letters
    assert await _found(client, "rd", state="closed") == [call["number"]]
    assert await _found(client, "Rd") == [other["number"], call["number"]]
    assert await _found(client, "100_%") == []


@pytest.mark.parametrize("search", ["", "x" * 101, "a\0"])
async def test_what_cannot_be_searched_is_refused(module_server: Server, search: str) -> None:
    """Nothing, more than any text holds, and the letter that no text can hold."""
    client = await module_server.client()
    assert (await client.get("/incidents", params={"search": search})).status_code == 422


async def test_an_incident_names_the_calls_that_were_merged_into_it(module_server: Server) -> None:
    """Directly and by way of another, the earliest call first; nothing about their callers."""
    client = await module_server.client()
    first, second, main = [await enter(client, description=f"call {n}", caller_phone="0912") for n in (1, 2, 3)]
    for one, into in ((first, second), (second, main)):
        answer = await client.post(f"/incidents/{one['id']}/merge", json={"into": into["id"]})
        assert answer.status_code == 200, answer.text
    merged = (await client.get(f"/incidents/{main['id']}")).json()["merged_calls"]
    assert [call["id"] for call in merged] == [first["id"], second["id"]]
    assert set(merged[0]) == {"id", "number", "received_at", "address", "description"}

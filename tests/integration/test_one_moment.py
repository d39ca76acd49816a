"""What is read by several queries and shown together was so at one moment, whatever changes between the queries."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.api import incidents as incidents_api
from dispatch.api import present
from dispatch.api.schemas import IncidentView
from dispatch.domain.incident import Incident
from dispatch.service import lateness
from dispatch.store.imported_lines import imported_lines
from dispatch.store.incidents import find_incident
from dispatch.store.rows import AnyRow
from dispatch.store.views import assignment_rows
from tests.support.server import Server, enter, eventually, kinds


@pytest.fixture
async def client(module_server: Server) -> httpx.AsyncClient:
    """A dispatcher's."""
    return await module_server.client()


async def test_an_incident_is_shown_as_it_was_at_one_moment(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is changed between two of the queries of a look: the look shows nothing of the change, or all of it."""
    incident = await enter(client, description="before")
    reads = imported_lines  # of a detail alone: the feed, which looks by itself, reads none
    looks = iter(["one"])

    async def meanwhile(connection: AsyncConnection, incident_id: UUID) -> Sequence[SimpleNamespace]:
        if next(looks, None):  # else it is the answer to the change
            answer = await client.patch(f"/incidents/{incident['id']}", json={"description": "after"})
            assert kinds(answer.json())[-1] == "incident_changed"
        return await reads(connection, incident_id)

    monkeypatch.setattr(present, "imported_lines", meanwhile)
    seen = (await client.get(f"/incidents/{incident['id']}")).json()
    assert next(looks, None) is None
    assert (seen["description"], "incident_changed" in kinds(seen)) == ("before", False)
    now = (await client.get(f"/incidents/{incident['id']}")).json()
    assert (now["description"], "incident_changed" in kinds(now)) == ("after", True)


async def test_a_list_is_of_one_moment(
    module_server: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit is sent between the incidents and their assignments: the list shows neither the change nor half of it."""
    unit_id = await module_server.add_unit("一時101")
    incident = await enter(client)
    looks = iter(["one"])

    async def meanwhile(connection: AsyncConnection, rows: Sequence[AnyRow]) -> list[IncidentView]:
        if next(looks, None):
            sent = {"unit_id": str(unit_id), "override_reason": "test"}
            answer = await client.post(f"/incidents/{incident['id']}/assignments", json=sent)
            assert answer.status_code == 201, answer.text
        return await present.incident_views(connection, rows)

    # Of the list alone: the feed, which looks by itself, goes on with its own.
    monkeypatch.setattr(incidents_api, "present", SimpleNamespace(**vars(present) | {"incident_views": meanwhile}))
    params = {"search": incident["number"]}
    (seen,) = (await client.get("/incidents", params=params)).json()["items"]
    assert (seen["assignments"], seen["dispatched_at"]) == ([], None)
    assert next(looks, None) is None
    (now,) = (await client.get("/incidents", params=params)).json()["items"]
    assert [one["unit_id"] for one in now["assignments"]] == [str(unit_id)]
    await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "test"})


async def test_what_ends_while_it_is_looked_at_fails_nothing(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Candidates and lateness of an incident that is ended between two of their queries: as it was at the first."""
    found, lines = find_incident, assignment_rows
    looks: list[str] = []

    async def end() -> None:
        answer = await client.post(f"/incidents/{looks.pop()}/close", json={"disposition": "test"})
        assert answer.status_code == 200, answer.text

    async def looked_for(connection: AsyncConnection, incident_id: UUID) -> Incident:
        incident = await found(connection, incident_id)
        if looks:
            await end()
        return incident

    async def read(connection: AsyncConnection, incident_ids: Sequence[UUID]) -> Sequence[AnyRow]:
        if looks:
            await end()
        return await lines(connection, incident_ids)

    monkeypatch.setattr(incidents_api, "find_incident", looked_for)
    looks.append((incident := await enter(client))["id"])
    assert (await client.get(f"/incidents/{incident['id']}/candidates")).status_code == 200
    assert looks == []
    monkeypatch.setattr(lateness, "assignment_rows", read)

    async def ended_meanwhile_is_shown() -> bool:
        second = await enter(client)
        looks.append(second["id"])
        answer = await client.get("/lateness")
        assert (answer.status_code, looks) == (200, []), answer.text
        return second["id"] in {one["incident_id"] for one in answer.json()["items"]}

    await eventually(ended_meanwhile_is_shown)  # unless the watch over late calls looked, and ended it, before

"""Notes on incidents: in the timeline and on the feed with who wrote them, taken back without being lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from dispatch.store.tables import events
from tests.support.feed import watching
from tests.support.server import Server, enter, kinds


@pytest.fixture
async def client(module_server: Server) -> httpx.AsyncClient:
    """A dispatcher's, by the name of dora."""
    return await module_server.client()


async def write(client: httpx.AsyncClient, incident: dict[str, Any], text: str) -> dict[str, Any]:
    """A new note."""
    answer = await client.post(f"/incidents/{incident['id']}/notes", json={"text": text})
    assert answer.status_code == 201, answer.text
    note: dict[str, Any] = answer.json()
    return note


async def test_a_note_stands_in_the_timeline_with_its_author(module_server: Server, client: httpx.AsyncClient) -> None:
    """Said by the dispatcher, by name, on every screen at once; the append-only log itself holds no words of it."""
    incident = await enter(client)
    async with watching(module_server) as screen:
        note = await write(client, incident, "  報案人再來電：歹徒往北  ")
        told = await screen.until_event("note_added")
    assert (note["text"], note["written_by"], note["struck_at"]) == ("報案人再來電：歹徒往北", "dora", None)
    timeline = (await client.get(f"/incidents/{incident['id']}")).json()["timeline"]
    (seen,) = [event for event in timeline if event["kind"] == "note_added"]
    assert (seen["said_by"], seen["actor"]) == ("dispatcher", "dora")
    assert seen["data"] == told["event"]["data"] == {"note_id": note["id"], "text": note["text"]}
    async with module_server.engine.connect() as connection:
        kept = await connection.scalar(select(events.c.data).where(events.c.event_id == seen["id"]))
    assert kept == {"note_id": note["id"]}


async def test_a_struck_note_is_still_there(module_server: Server, client: httpx.AsyncClient) -> None:
    """A line of its own says who took it back; a second time changes nothing."""
    incident = await enter(client)
    note = await write(client, incident, "wrong number")
    supervisor = await module_server.client("sue", "supervisor")
    for _ in range(2):
        struck = (await supervisor.post(f"/notes/{note['id']}/strike")).json()
    assert (struck["text"], struck["struck_by"]) == ("wrong number", "sue")
    seen = (await client.get(f"/incidents/{incident['id']}")).json()
    added, taken_back = (event for event in seen["timeline"] if event["kind"].startswith("note"))
    assert (added["kind"], added["data"]["text"]) == ("note_added", "wrong number")
    assert (taken_back["kind"], taken_back["data"]) == ("note_struck", {"note_id": note["id"]})


async def test_what_is_learnt_after_the_end_belongs_to_it(client: httpx.AsyncClient) -> None:
    """A closed incident takes notes, and stays closed and as it was."""
    incident = await enter(client)
    closed = (await client.post(f"/incidents/{incident['id']}/close", json={"disposition": "done"})).json()
    await write(client, incident, "owner came for the bicycle")
    seen = (await client.get(f"/incidents/{incident['id']}")).json()
    assert (seen["state"], seen["version"]) == ("closed", closed["version"])
    assert kinds(seen)[-1] == "note_added"


async def test_a_note_sent_twice_is_one(module_server: Server, client: httpx.AsyncClient) -> None:
    """The same key gives the same note, one after the other and at once; another author's key is another note."""
    incident = await enter(client)
    path, body = f"/incidents/{incident['id']}/notes", {"text": "the door is at the back"}
    key = {"Idempotency-Key": "note 1"}
    first = await client.post(path, json=body, headers=key)
    again = await client.post(path, json={"text": "other words"}, headers=key)
    assert again.status_code == 201
    assert again.json() == first.json()
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    both = [client.post(path, json=body, headers={"Idempotency-Key": "at once"}) for _ in range(4)]
    assert len({answer.json()["id"] for answer in await asyncio.gather(*both)}) == 1
    other = await (await module_server.client("dave")).post(path, json=body, headers=key)
    assert other.json()["id"] != first.json()["id"]
    assert kinds((await client.get(f"/incidents/{incident['id']}")).json()).count("note_added") == 3


async def test_a_note_keeps_the_time_it_was_written_down(client: httpx.AsyncClient) -> None:
    """What was typed while the caller spoke is kept once the call is entered, and bears its own time."""
    received = datetime.now(UTC) - timedelta(minutes=3)
    incident = await enter(client, received_at=received.isoformat())
    path = f"/incidents/{incident['id']}/notes"
    written = received + timedelta(seconds=40)
    note = (await client.post(path, json={"text": "three men", "written_at": written.isoformat()})).json()
    assert datetime.fromisoformat(note["written_at"]) == written
    timeline = (await client.get(f"/incidents/{incident['id']}")).json()["timeline"]
    (seen,) = [event for event in timeline if event["kind"] == "note_added"]
    assert datetime.fromisoformat(seen["happened_at"]) == written
    assert datetime.fromisoformat(seen["recorded_at"]) > received + timedelta(minutes=2)
    for wrong in (received - timedelta(minutes=5), datetime.now(UTC) + timedelta(minutes=5)):
        refused = await client.post(path, json={"text": "x", "written_at": wrong.isoformat()})
        assert (refused.status_code, refused.json()["errors"][0]["member"]) == (422, "written_at")


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "  "}, {"text": "x" * 1001}, {"text": "a", "by": "x"}])
async def test_what_is_no_note(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    """Nothing, too much, or a member that isn't known: 422, and nothing is written."""
    incident = await enter(client)
    assert (await client.post(f"/incidents/{incident['id']}/notes", json=body)).status_code == 422
    assert kinds((await client.get(f"/incidents/{incident['id']}")).json()).count("note_added") == 0


async def test_who_may_write(module_server: Server, client: httpx.AsyncClient) -> None:
    """Dispatchers and supervisors; 404 where there is no such incident or note."""
    incident = await enter(client)
    auditor = await module_server.client("aud", "auditor")
    refused = await auditor.post(f"/incidents/{incident['id']}/notes", json={"text": "x"})
    assert refused.status_code == 403
    assert (await client.post(f"/incidents/{uuid4()}/notes", json={"text": "x"})).status_code == 404
    assert (await client.post(f"/notes/{uuid4()}/strike")).status_code == 404

"""Reviews over the API: what is listed, what may be ruled and by whom, and that nobody rules blindly over another."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert, select

from dispatch.store.import_tables import imports
from dispatch.store.tables import access_log
from tests.support.rulings import CALLED, Past, past, rule, ruled, states
from tests.support.server import Server


@pytest.mark.parametrize(
    ("witnessed", "given", "listed"),
    [
        ([{"button": 300, "gps": 500}], {"review": ("before_gps_arrival",)}, ["open"]),
        ([{"button": 300}], {"review": ("gps_gap",)}, ["open"]),
        ([{"button": 300, "gps": 310}], {}, []),
        ([{"inferred": None}], {}, ["open"]),
        ([{"gps": 300}, {"inferred": None}], {}, []),
        ([{"button": 800}, {"gps": 300}], {"review": ("far_from_scene",)}, []),
        ([{"button": 300}], {"review": ("gps_gap",), "exclusion": "test"}, []),
        ([{"button": 300}], {"review": ("gps_gap",), "state": "cancelled"}, ["open"]),
        ([{"button": 300}], {"review": ("gps_gap",), "state": "open", "ended_at": None}, []),
        ([], {}, []),
    ],
)
async def test_what_is_worth_a_look(
    module_server: Server,
    supervisor: httpx.AsyncClient,
    unit_id: UUID,
    witnessed: list[dict[str, float | None]],
    given: dict[str, Any],
    listed: list[str],
) -> None:
    """Marked or inferred where the figure rests on it; not a second unit's, nor what is not measured or still open."""
    assert await states(supervisor, await past(module_server, unit_id, *witnessed, **given)) == listed


async def test_of_two_who_rule_at_once_one_looks_again(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """Both saw no review: one is taken, the other gets 409 with who was faster; so does an `after` out of the air."""
    of = await past(module_server, unit_id, {"button": 300, "gps": 640})
    other = await module_server.client("sam", "supervisor")
    answers = await asyncio.gather(
        *(rule(client, of, ruling, after=None) for client in (supervisor, other) for ruling in ("gps", "button"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["errors"][0]["member"]) == ("changed_meanwhile", "after")
    assert (await rule(supervisor, of, "stands", after=str(uuid4()))).status_code == 409
    assert len((await other.get(f"/incidents/{of.incident_id}/reviews")).json()["reviews"]) == 1


@pytest.mark.parametrize(
    ("ruling", "members", "member"),
    [
        ("gps", {}, "ruling"),
        ("corrected", {}, "on_scene_at"),
        ("corrected", {"on_scene_at": "2020-01-01T00:00:00Z"}, "on_scene_at"),
        ("corrected", {"on_scene_at": "2999-01-01T00:00:00Z"}, "on_scene_at"),
        ("corrected", {"on_scene_at": "2026-11-20T08:30:00"}, "on_scene_at"),
        ("excluded", {"exclusion": "cancelled"}, "exclusion"),
        ("excluded", {}, "exclusion"),
        ("counted", {}, "ruling"),
        ("stands", {"assignment_id": str(uuid4())}, "assignment_id"),
        ("stands", {"reason": "  "}, "reason"),
        ("forgotten", {}, "ruling"),
    ],
)
async def test_what_is_no_ruling(
    module_server: Server,
    supervisor: httpx.AsyncClient,
    unit_id: UUID,
    ruling: str,
    members: dict[str, Any],
    member: str,
) -> None:
    """422 names the member, and nothing is kept."""
    of = await past(module_server, unit_id, {"button": 300})
    refused = await rule(supervisor, of, ruling, **members)
    assert (refused.status_code, refused.json()["errors"][0]["member"]) == (422, member)
    assert (await supervisor.get(f"/incidents/{of.incident_id}/reviews")).json()["reviews"] == []


async def test_any_measured_incident_can_be_ruled_on(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """Without a mark, excluded at its entry, imported without place and time of entry: none is out of reach."""
    plain = await past(module_server, unit_id, {"button": 700})
    assert (await ruled(supervisor, plain, "corrected", on_scene_at=plain.at(500).isoformat()))["reviewed"][
        "outcome"
    ] == "within"
    tested = await past(module_server, unit_id, {"button": 700}, exclusion="test")
    assert (await ruled(supervisor, tested, "counted"))["reviewed"]["outcome"] == "late"
    bare = await bare_import(module_server)
    imported = await past(module_server, unit_id, {"gps": 300}, **bare)
    assert (await ruled(supervisor, imported, "not_reached"))["reviewed"]["outcome"] == "late"
    unreached = await past(module_server, unit_id, **bare | {"import_line": 3})
    assert (await ruled(supervisor, unreached, "corrected", on_scene_at=unreached.at(60).isoformat()))["reviewed"][
        "response_s"
    ] == 60
    nowhere = {one["incident_id"] for one in await _ledger(supervisor, cell="unknown")}
    assert nowhere >= {str(imported.incident_id), str(unreached.incident_id)}, "those without a place are a group"
    assert str(plain.incident_id) not in nowhere
    answer = await supervisor.get("/kpi/ledger", params={"cell": "nowhere"})
    assert (answer.status_code, answer.json()["errors"][0]["member"]) == (422, "cell")


async def test_an_imported_call_may_have_been_cancelled(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """Where nobody arrived, by record or by ruling; it can be taken back, and so can what a file said."""
    bare = await bare_import(module_server)
    unreached = await past(module_server, unit_id, {"inferred": None}, **bare)
    case = await ruled(supervisor, unreached, "excluded", exclusion="cancelled")
    assert case["is_imported"]
    assert (case["recorded"]["outcome"], case["reviewed"]["exclusion"]) == ("late", "cancelled")
    assert (await ruled(supervisor, unreached, "counted"))["reviewed"]["outcome"] == "late"
    reached = await past(module_server, unit_id, {"gps": 300}, **bare)
    refused = await rule(supervisor, reached, "excluded", exclusion="cancelled")
    assert (refused.status_code, refused.json()["errors"][0]["member"]) == (422, "exclusion")
    await ruled(supervisor, reached, "not_reached")
    case = await ruled(supervisor, reached, "excluded", exclusion="cancelled")
    assert case["reviewed"]["exclusion"] == "cancelled"
    told = await past(module_server, unit_id, **bare | {"exclusion": "cancelled"})
    seen = (await supervisor.get(f"/incidents/{told.incident_id}/reviews")).json()
    assert seen["recorded"]["exclusion"] == "cancelled"
    assert (await ruled(supervisor, told, "counted"))["reviewed"]["outcome"] == "late"
    ours = await past(module_server, unit_id, {"inferred": None})
    assert not (await supervisor.get(f"/incidents/{ours.incident_id}/reviews")).json()["is_imported"]
    refused = await rule(supervisor, ours, "excluded", exclusion="cancelled")
    assert (refused.status_code, refused.json()["errors"][0]["member"]) == (422, "exclusion")


async def bare_import(server: Server) -> dict[str, Any]:
    """Members of an incident that came from a file which says neither its place nor when it was entered."""
    import_id = uuid4()
    async with server.engine.begin() as connection:
        await connection.execute(
            insert(imports).values(
                import_id=import_id,
                file="calls.csv",
                sha256="0" * 64,
                size_bytes=1,
                imported_at=CALLED,
                imported_by="adam",
                reading={},
                file_rows=1,
                calls=1,
                units=1,
            )
        )
    return {"import_id": import_id, "import_line": 2, "created_at": None, "lat": None, "lon": None}


async def test_what_a_review_changed_is_picked(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """As many as the report says, on the clock that is asked for; one that was confirmed is not among them."""
    confirmed = await past(module_server, unit_id, {"button": 300}, review=("gps_gap",))
    corrected = await past(module_server, unit_id, {"button": 300}, review=("gps_gap",))
    await ruled(supervisor, confirmed, "stands")
    await ruled(supervisor, corrected, "corrected", on_scene_at=corrected.at(500).isoformat())
    period = {"from": min(confirmed.received_at, corrected.received_at).isoformat()}
    period["to"] = max(confirmed.at(1), corrected.at(1)).isoformat()
    for clock in ("received", "dispatched"):
        report = (await supervisor.get("/kpi", params={**period, "clock": clock})).raise_for_status().json()
        picked = {
            changed: [one["incident_id"] for one in await _ledger(supervisor, changed=changed, clock=clock, **period)]
            for changed in ("true", "false")
        }
        assert picked == {"true": [str(corrected.incident_id)], "false": [str(confirmed.incident_id)]}
        assert report["reviewed"] == 1


async def _ledger(client: httpx.AsyncClient, **params: str) -> list[dict[str, Any]]:
    answer = await client.get("/kpi/ledger", params={**params, "limit": "500"})
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


async def test_nobody_arrives_long_after_the_end(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """15 minutes after the end are in, a second later is refused with what to do."""
    of = await past(module_server, unit_id, {"button": 300})
    refused = await rule(supervisor, of, "corrected", on_scene_at=of.at(3901).isoformat())
    assert (refused.status_code, refused.json()["errors"][0]["member"]) == (422, "on_scene_at")
    assert (await ruled(supervisor, of, "corrected", on_scene_at=of.at(3900).isoformat()))["reviewed"][
        "response_s"
    ] == 3900


async def test_what_was_seen_must_be_said(module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID) -> None:
    """A ruling without `after` is refused: nobody rules blindly over another."""
    of = await past(module_server, unit_id, {"button": 300})
    body = {"ruling": "stands", "assignment_id": str(of.sent[0]), "reason": "looked at"}
    answer = await supervisor.post(f"/incidents/{of.incident_id}/reviews", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["member"]) == (422, "after")


async def test_an_open_incident_waits(module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID) -> None:
    """409 says to wait for its end; one that is not there is 404."""
    of = await past(module_server, unit_id, {"button": 300}, state="open", ended_at=None)
    refused = await rule(supervisor, of, "stands")
    assert (refused.status_code, refused.json()["code"]) == (409, "incident_open")
    nowhere = Past(uuid4(), CALLED, [uuid4()])
    assert (await supervisor.get(f"/incidents/{nowhere.incident_id}/reviews")).status_code == 404
    body = {"ruling": "stands", "assignment_id": str(uuid4()), "reason": "x", "after": None}
    assert (await supervisor.post(f"/incidents/{nowhere.incident_id}/reviews", json=body)).status_code == 404


async def test_who_may(module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID) -> None:
    """Supervisors rule; dispatchers and auditors read; officers and administrators neither. No caller is told of."""
    of = await past(module_server, unit_id, {"button": 300}, review=("gps_gap",), caller_name="Chen", caller_phone="05")
    for username, role in (("dora", "dispatcher"), ("aud", "auditor")):
        client = await module_server.client(username, role)
        assert await states(client, of) == ["open"]
        assert (await rule(client, of, "stands")).status_code == 403
        seen = (await client.get(f"/incidents/{of.incident_id}/reviews")).text
        assert "Chen" not in seen
        assert "caller" not in seen
    for username, role in (("olli", "officer"), ("adam", "admin")):
        client = await module_server.client(username, role)
        for path in ("/kpi/reviews", f"/incidents/{of.incident_id}/reviews"):
            assert (await client.get(path)).status_code == 403
    assert (await (await module_server.stranger()).get("/kpi/reviews")).status_code == 401
    async with module_server.engine.connect() as connection:
        query = select(access_log).where(access_log.c.subject == str(of.incident_id))
        assert (await connection.execute(query)).all() == []


async def test_page_by_page(module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID) -> None:
    """The newest first, each once, none left out, from however many months a page is filled; a cursor of no list and a
    period that runs backwards are refused."""
    made = []
    for number in range(70):
        of = await past(module_server, unit_id, {"button": 300}, review=("gps_gap",) if number % 3 == 0 else ())
        made += [of] if number % 3 == 0 else []
    period = {"from": made[-1].received_at.isoformat(), "to": made[0].at(1).isoformat()}
    found, cursor, sizes = [], None, []
    while True:
        page = await supervisor.get(
            "/kpi/reviews", params={**period, "limit": "18"} | ({"cursor": cursor} if cursor else {})
        )
        found += [item["incident_id"] for item in page.json()["items"]]
        sizes.append(len(page.json()["items"]))
        if (cursor := page.json()["next_cursor"]) is None:
            break
    assert found == [str(of.incident_id) for of in made]
    assert sizes == [18, 6]
    assert (await supervisor.get("/kpi/reviews", params={"cursor": "x"})).status_code == 422
    backwards = {"from": period["to"], "to": period["from"]}
    assert (await supervisor.get("/kpi/reviews", params=backwards)).status_code == 422


async def test_the_list_takes_the_filters_of_the_figures(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """What the list has of one kind is what the whole list has of it, in its order, page by page, ruled on or not."""
    made = [
        await past(module_server, unit_id, {"button": 300}, review=("gps_gap",), priority=number % 3 + 1)
        for number in range(7)
    ]
    period = {"from": made[-1].received_at.isoformat(), "to": made[0].at(1).isoformat()}
    for of in made[:2]:
        await ruled(supervisor, of, "stands")

    async def listed(state: str, **filters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            asked = {"state": state, "limit": "2", **period, **filters, **more}
            page = (await supervisor.get("/kpi/reviews", params=asked)).raise_for_status().json()
            found += page["items"]
            if page["next_cursor"] is None:
                assert page["total"] == len(found)
                return found
            more = {"cursor": page["next_cursor"]}

    for state, count in (("open", 5), ("done", 2)):
        everything = await listed(state)
        assert len(everything) == count
        for priority in (1, 2, 3, 4):
            mine = [one for one in everything if one["priority"] == priority]
            assert await listed(state, priority=str(priority)) == mine, (state, priority)
        by_type = {kind: await listed(state, unit_type=kind) for kind in ("car", "motorcycle", "other", "unknown")}
        assert [items for items in by_type.values() if items] == [everything]
        nowhere = await supervisor.get("/kpi/reviews", params={"state": state, "station": "nowhere"})
        assert (nowhere.status_code, nowhere.json()["errors"][0]["member"]) == (422, "station")
        (station,) = {one["station"] or "unknown" for one in everything}
        assert await listed(state, station=station, late_reason="none") == everything

"""From the call to the order, and what becomes of an order that is not taken: on the real database and bus."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.geometry import Position, distance_m
from dispatch.domain.incident import Incident
from dispatch.roads.metric import Floats
from dispatch.roads.osm_import import import_osm
from dispatch.roads.travel import TravelTimes
from dispatch.service import deciding
from dispatch.service.desk import utc_now
from dispatch.store.incidents import lock_incident
from dispatch.store.tables import assignments
from tests.support.data import shared
from tests.support.server import Server, assigned, enter, eventually, incident_when, kinds

SCENE = (23.48, 120.45)
NEAR, FAR = (23.481, 120.451), (23.50, 120.47)


async def test_a_call_becomes_an_order_in_the_outbox(server: Server) -> None:
    """An entered call sends the unit: assignment, decision, order frame and timeline stand together."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    client = await server.client()
    incident = await enter(client, *SCENE, description="有人打架", address="中山路1號", caller_phone="0911222333")
    await assigned(client, incident["id"], unit_id)
    (row,) = await eventually(lambda: server.told(unit_id, "order"))
    frame = row.body
    assert row.is_open
    assert frame["incident"] | {"summary": ""} == {
        "id": incident["id"],
        "number": incident["number"],
        "category": "criminal",
        "priority": 2,
        "summary": "",
        "address": "中山路1號",
        "lat": SCENE[0],
        "lon": SCENE[1],
        "caller_note": "有人打架",
        "received_ms": frame["arrive_by_ms"] - 600_000,
    }
    assert "0911222333" not in str(frame)
    seen = (await client.get(f"/incidents/{incident['id']}")).json()
    assert kinds(seen) == ["incident_created", "unit_dispatched"]
    assert seen["decisions"][0]["candidates"][0]["unit_id"] == str(unit_id)
    assert seen["decisions"][0]["decided_by"] == "automatic"
    assert frame["assignment_id"] == seen["assignments"][0]["assignment_id"]


async def test_the_unit_with_the_least_street_eta_goes(server: Server) -> None:
    """On Andorra's real streets, where the unit that is nearer as the crow flies has the longer way."""
    street_map = import_osm(shared("roads/andorra.osm.pbf"))
    scene, by_air, by_street = _where_they_differ(TravelTimes(street_map), street_map.node_lat, street_map.node_lon)
    await server.load(street_map)
    nearer = await server.add_unit("nearer by air", at=(by_air.lat, by_air.lon))
    quicker = await server.add_unit("quicker by street", at=(by_street.lat, by_street.lon))
    client = await server.client()
    incident = await enter(client, scene.lat, scene.lon)
    assignment = await assigned(client, incident["id"])
    assert assignment["unit_id"] == str(quicker)
    ranking = (await client.get(f"/incidents/{incident['id']}")).json()["decisions"][0]["candidates"]
    assert [c["unit_id"] for c in ranking] == [str(quicker), str(nearer)]
    assert ranking[0]["eta_s"] < ranking[1]["eta_s"]
    assert ranking[0]["reasons"] == []
    (row,) = await server.told(quicker, "order")
    assert row.body["route"]["type"] == "LineString"
    assert row.body["eta_s"] == pytest.approx(ranking[0]["eta_s"], abs=0.1)


def _where_they_differ(travel: TravelTimes, lats: Floats, lons: Floats) -> tuple[Position, Position, Position]:
    """A scene and two places: the first nearer by air, the second clearly quicker by street."""
    step = max(len(lats) // 150, 1)
    places = [Position(float(lat), float(lon)) for lat, lon in zip(lats[::step], lons[::step], strict=True)]
    for scene in places[:40]:
        etas = travel.etas(scene, places)
        usable = [(p, e) for p, e in zip(places, etas, strict=True) if e.basis == "street" and p != scene]
        for first, first_eta in usable:
            for second, second_eta in usable:
                # by a third, so that no hour of the day turns it round
                if distance_m(first, scene) < 0.7 * distance_m(second, scene) and first_eta.eta_s > (
                    1.3 * second_eta.eta_s + 60
                ):
                    return scene, first, second
    raise AssertionError("a mountain country without such a pair")


async def test_silence_gives_the_order_to_the_next_unit(server: Server) -> None:
    """Unacknowledged for 30 s: the car stands down, the next one goes, and the dispatcher sees an alarm."""
    silent = await server.add_unit("silent", at=NEAR)
    client = await server.client()
    incident = await enter(client, *SCENE)
    await assigned(client, incident["id"], silent)
    following = await server.add_unit("next", at=FAR)
    server.clock_ahead_by(timedelta(seconds=31))
    await assigned(client, incident["id"], following)
    (ended,) = await server.told(silent, "order_ended")
    assert ended.body["reason"] == "reassigned"
    assert [row.is_open for row in await server.told(silent, "order")] == [False]
    seen = (await client.get(f"/incidents/{incident['id']}")).json()
    assert kinds(seen)[1:] == ["unit_dispatched", "assignment_ended", "acknowledgement_overdue", "unit_dispatched"]
    (alarm,) = (await client.get("/alarms")).json()["items"]
    assert (alarm["kind"], alarm["unit_id"], alarm["incident_id"]) == (
        "no_acknowledgement",
        str(silent),
        incident["id"],
    )
    candidates = (await client.get(f"/incidents/{incident['id']}/candidates")).json()["items"]
    (again,) = [c for c in candidates if c["unit_id"] == str(silent)]
    assert "no_acknowledgement_before" in again["reasons"]

    late = await server.steps(silent, seen["assignments"][0]["assignment_id"], "acknowledged")
    (refusal,) = await eventually(lambda: server.told(silent, "rejected"))
    assert (refusal.body["seq"], refusal.body["code"]) == (late, "bad_step")
    assert "timed_out" in refusal.body["message"]

    await server.steps(following, seen["assignments"][1]["assignment_id"], "acknowledged")
    await incident_when(client, incident["id"], lambda i: i["acknowledged_at"] is not None)
    assert (await client.get("/alarms")).json()["items"] == []


async def test_an_answer_within_the_time_keeps_the_order(server: Server) -> None:
    """An acknowledged order is nobody else's, however long the way takes."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    client = await server.client()
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"], unit_id)
    await server.steps(unit_id, assignment["assignment_id"], "acknowledged")
    await incident_when(client, incident["id"], lambda i: i["acknowledged_at"] is not None)
    server.clock_ahead_by(timedelta(minutes=5))
    other = await enter(client, *FAR)
    await incident_when(client, other["id"], lambda i: "nobody_available" in kinds(i))
    still = (await client.get(f"/incidents/{incident['id']}")).json()["assignments"]
    assert [a["state"] for a in still] == ["acknowledged"]


async def test_who_declines_is_followed_by_the_next(server: Server) -> None:
    """A refusal with its reason; the next unit goes, and the dispatcher is warned."""
    first = await server.add_unit("first", at=NEAR)
    second = await server.add_unit("second", at=FAR)
    client = await server.client()
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"], first)
    await server.steps(first, assignment["assignment_id"], "declined", reason="爆胎")
    await assigned(client, incident["id"], second)
    (alarm,) = (await client.get("/alarms")).json()["items"]
    assert (alarm["kind"], alarm["data"]) == ("declined", {"reason": "爆胎"})
    assert [row.type for row in await server.told(first)] == ["order"]
    units = {u["name"]: u["status"] for u in (await client.get("/units")).json()["items"]}
    assert units == {"first": "AVAILABLE", "second": "DISPATCHED"}


async def test_nobody_available_is_said_once_and_taken_back(server: Server) -> None:
    """With no unit to send the dispatcher is told once; as soon as one comes on duty it goes."""
    client = await server.client()
    incident = await enter(client, *SCENE, priority=1, category="disaster")
    await incident_when(client, incident["id"], lambda i: "nobody_available" in kinds(i))
    (alarm,) = (await client.get("/alarms")).json()["items"]
    assert (alarm["kind"], alarm["level"]) == ("no_unit", "alarm")
    unit_id = await server.add_unit("北興101", at=NEAR)
    await assigned(client, incident["id"], unit_id)
    assert (await client.get("/alarms")).json()["items"] == []
    assert kinds((await client.get(f"/incidents/{incident['id']}")).json()).count("nobody_available") == 1


async def test_who_waits_is_not_locked_again_in_each_round(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is said that nobody can go, a round locks nothing for it; resolved by hand, it is said again."""
    client = await server.client()
    waiting = [(await enter(client, *SCENE, priority=1))["id"] for _ in range(3)]
    for incident_id in waiting:
        await incident_when(client, incident_id, lambda i: "nobody_available" in kinds(i))
    locked: list[UUID] = []

    async def lock(connection: AsyncConnection, incident_id: UUID) -> Incident:
        locked.append(incident_id)
        return await lock_incident(connection, incident_id)

    monkeypatch.setattr(deciding, "lock_incident", lock)
    decided = server.app.state.loop.deciding.figures
    before = decided.rounds

    async def rounds() -> int:
        server.desk.wake.set()
        return int(decided.rounds)

    await eventually(rounds, lambda count: count >= before + 4)
    assert locked == []
    alarm = next(a for a in (await client.get("/alarms")).json()["items"] if a["incident_id"] == waiting[1])
    await client.post(f"/alarms/{alarm['id']}/resolve", json={})
    await incident_when(client, waiting[1], lambda i: kinds(i).count("nobody_available") == 2)
    assert {str(one) for one in locked} == {waiting[1]}


async def test_a_whole_run_with_every_milestone(server: Server) -> None:
    """Each press counts at the time when it was made; the last unit that clears closes the incident."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    client = await server.client()
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"], unit_id)
    start = utc_now()
    statuses = {}
    for after_s, status, milestone in (
        (10, "acknowledged", "acknowledged_at"),
        (60, "en_route", "en_route_at"),
        (420, "on_scene", "on_scene_at"),
        (1800, "cleared", "cleared_at"),
    ):
        pressed = start + timedelta(seconds=after_s)
        server.clock_ahead_by(timedelta(seconds=after_s + 5))
        members = {"disposition": "調解", "note": "雙方和解"} if status == "cleared" else {}
        await server.steps(unit_id, assignment["assignment_id"], status, at=pressed, **members)
        seen = await incident_when(client, incident["id"], lambda i, m=milestone: i[m] is not None)  # type: ignore[misc]
        assert seen[milestone] == pressed.isoformat().replace("+00:00", "Z")
        statuses[status] = (await client.get(f"/units/{unit_id}")).json()["status"]
    assert list(statuses.values()) == ["DISPATCHED", "EN_ROUTE", "ON_SCENE", "AVAILABLE"]
    assert (seen["state"], seen["disposition"]) == ("closed", "調解")
    steps = [kind for kind in kinds(seen)[2:] if kind != "arrival_marked_for_review"]  # there was no GPS
    assert steps == ["unit_acknowledged", "unit_en_route", "unit_on_scene", "unit_cleared", "incident_closed"]
    assert seen["response_s"] == pytest.approx(420, abs=60)
    assert [row.is_open for row in await server.told(unit_id, "order")] == [False]


async def test_skipped_steps_are_inferred_and_have_no_time(server: Server) -> None:
    """Straight to "on scene": the two steps before stand in the timeline as inferred, their milestones stay empty."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    client = await server.client()
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"], unit_id)
    await server.steps(unit_id, assignment["assignment_id"], "on_scene")
    seen = await incident_when(client, incident["id"], lambda i: i["on_scene_at"] is not None)
    inferred = [e for e in seen["timeline"] if e["said_by"] == "inferred"]
    assert [e["kind"] for e in inferred] == ["unit_acknowledged", "unit_en_route"]
    assert [(e["happened_at"], e["car_time"]) for e in inferred] == [(None, None)] * 2
    assert (seen["acknowledged_at"], seen["en_route_at"]) == (None, None)


async def test_steps_that_are_out_of_order_are_told_to_the_car(server: Server) -> None:
    """Backwards, of another unit's assignment, of none at all: each is rejected, names the member, changes nothing."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    stranger = await server.add_unit("北興102")
    client = await server.client()
    incident = await enter(client, *SCENE)
    assignment = await assigned(client, incident["id"], unit_id)
    own = assignment["assignment_id"]
    await server.steps(unit_id, own, "on_scene")
    wrong = [
        (unit_id, await server.steps(unit_id, own, "en_route"), "status"),
        (stranger, await server.steps(stranger, own, "cleared"), "assignment_id"),
        (unit_id, await server.steps(unit_id, str(UUID(int=7)), "cleared"), "assignment_id"),
        (unit_id, await server.steps(unit_id, "no uuid at all", "cleared"), "assignment_id"),
    ]
    await server.inbox_read()
    told = {row.body["seq"]: row for unit in (unit_id, stranger) for row in await server.told(unit, "rejected")}
    assert len(told) == len(wrong)
    for unit, seq, member in wrong:
        assert told[seq].unit_id == unit
        assert told[seq].body["code"] == "bad_step"
        assert told[seq].body["message"].startswith(f"{member}: ")
    assert (await client.get(f"/incidents/{incident['id']}")).json()["assignments"][0]["state"] == "on_scene"


async def test_one_unit_has_one_active_assignment_whoever_writes(server: Server) -> None:
    """The database itself refuses a second one, written past every rule of the program."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    client = await server.client()
    incident = await enter(client, *SCENE)
    await assigned(client, incident["id"], unit_id)
    async with server.engine.connect() as connection:
        row = (await connection.execute(select(assignments))).one()
        again = dict(row._mapping) | {"assignment_id": UUID(int=1)}
        with pytest.raises(IntegrityError, match="uq_assignments_active_unit"):
            await connection.execute(insert(assignments).values(**again))


async def test_a_unit_out_of_service_is_passed_over(server: Server) -> None:
    """On a meal: not sent by itself; back on patrol it is."""
    near = await server.add_unit("near", at=NEAR)
    far = await server.add_unit("far", at=FAR)
    await server.says(near, "availability", available=False, reason="meal")
    await server.inbox_read()
    client = await server.client()
    unit = (await client.get(f"/units/{near}")).json()
    assert (unit["status"], unit["unavailable_reason"]) == ("OUT_OF_SERVICE", "meal")
    incident = await enter(client, *SCENE)
    await assigned(client, incident["id"], far)
    await server.says(near, "availability", available=True)
    second = await enter(client, *SCENE)
    await assigned(client, second["id"], near)


async def test_a_message_that_breaks_its_handler_holds_nothing_up(server: Server) -> None:
    """A body that nobody can act on is set aside, in the log and for audit; what stands behind it is read."""
    unit_id = await server.add_unit("北興101", at=NEAR)
    await server.says(unit_id, "sos", nonsense=True, hint=False)
    await server.says(unit_id, "availability", available=False, reason="refuel")
    await server.inbox_read()
    client = await server.client()
    assert (await client.get(f"/units/{unit_id}")).json()["unavailable_reason"] == "refuel"

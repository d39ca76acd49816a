"""What the reasons for being late are judged by, read from the tables as the server writes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.domain.kpi_line import Course, LedgerLine
from dispatch.domain.stretches import within
from dispatch.domain.why_late import Counterfactual, LateReason, why_late
from dispatch.store.kpi_lines import lines_of
from dispatch.store.review_tables import reviews
from dispatch.store.tables import alarms, assignments, decisions, events, incidents
from dispatch.store.unit_looks import Look, keep_looks, looks_of
from dispatch.store.why_late import late_cases
from tests.support.server import Server, assigned, enter, eventually, incident_when, kinds, running_server

CALLED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
PLACE = {"lat": 23.48, "lon": 120.45}
_numbers = count(1)


def at(seconds: float) -> datetime:
    """So long after the call."""
    return CALLED + timedelta(seconds=seconds)


class Past:
    """An incident of the past, told row by row."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.incident_id = uuid4()

    async def received(self, **members: Any) -> Past:
        """Entered a minute after the call, as the log says too."""
        row = {"received_at": CALLED, "created_at": at(60), "category": "service", "priority": 3, "state": "closed"}
        row |= {"incident_id": self.incident_id, "number": f"late-{next(_numbers)}", **PLACE}
        await self.connection.execute(insert(incidents).values(row | members))
        await self.happened("incident_created", 60, **PLACE)
        return self

    async def happened(self, kind: str, seconds: float, **data: Any) -> None:
        """A line of the log."""
        await self.connection.execute(
            insert(events).values(
                recorded_at=at(seconds),
                happened_at=at(seconds),
                kind=kind,
                incident_id=self.incident_id,
                said_by="server",
                data=data,
            )
        )

    async def sent(
        self, unit_id: UUID, sent_s: float, *, there_s: float | None = None, ended_s: float = 3000, **members: Any
    ) -> UUID:
        """A unit, read at once and under way within the minute; its assignment's id."""
        assignment_id = uuid4()
        row = {
            "assignment_id": assignment_id,
            "incident_id": self.incident_id,
            "unit_id": unit_id,
            "state": "cleared",
            "dispatched_at": at(sent_s),
            "acknowledged_at": at(sent_s + 10),
            "en_route_at": at(sent_s + 50),
            "on_scene_at": None if there_s is None else at(there_s),
            "ended_at": at(ended_s),
            "eta_s": 300.0,
        }
        await self.connection.execute(insert(assignments).values(row | members))
        return assignment_id

    async def looked(self, seconds: float, free_eta_s: float | None, *, somebody: bool) -> None:
        """A round of the loop saw who could go."""
        await keep_looks(self.connection, [Look(self.incident_id, at(seconds), free_eta_s, somebody)])

    async def decided(self, seconds: float, *candidates: tuple[str, float | None]) -> None:
        """A decision with these candidates: status and ETA."""
        kept = [{"unit_id": str(uuid4()), "status": status, "eta_s": eta_s} for status, eta_s in candidates]
        await self.connection.execute(
            insert(decisions).values(
                decision_id=uuid4(),
                incident_id=self.incident_id,
                decided_at=at(seconds),
                decided_by="automatic",
                policy="batch-1",
                candidates=kept,
            )
        )


@pytest.fixture(scope="module")
async def units(module_server: Server) -> list[UUID]:
    """Two that are sent."""
    return [await module_server.add_unit(name) for name in ("北興101", "北興102")]


async def test_the_whole_story_of_one_incident(module_server: Server, units: list[UUID]) -> None:
    """Nobody free, a crew that declined, the place put right, a long stop, who was free: each from where it is kept."""
    one, two = units
    async with module_server.engine.begin() as connection:
        past = await Past(connection).received()
        await past.happened("nobody_available", 62)
        await past.sent(one, 100, state="declined", ended_s=140, acknowledged_at=None, en_route_at=None)
        await past.sent(two, 150, there_s=900)
        await past.happened("incident_changed", 120, members=["lat"], values={"lat": 23.50})
        await past.happened("incident_changed", 200, members=["lat"], values={"lat": 23.501})
        await past.happened("incident_changed", 950, members=["lat"], values={"lat": 23.9})
        alarm_id = uuid4()
        about = {"incident_id": past.incident_id, "unit_id": two, "data": {"reason": "standing", "for_s": 130}}
        await connection.execute(
            insert(alarms).values(
                alarm_id=alarm_id,
                kind="stationary",
                level="warning",
                raised_at=at(450),
                resolved_at=at(500),
                **about,
            )
        )
        await past.happened("alarm_raised", 450, alarm_id=str(alarm_id), alarm="stationary", reason="standing")
        await past.decided(300, ("AVAILABLE", 1.0))
        await past.decided(62, ("ON_SCENE", 20.0), ("AVAILABLE", 200.0), ("AVAILABLE", 90.5), ("AVAILABLE", None))
        case = (await late_cases(connection, [past.incident_id, uuid4()]))[past.incident_id]
    assert (case.received_at, case.created_at, case.dispatched_at, case.on_scene_at) == (
        CALLED,
        at(60),
        at(150),
        at(900),
    )
    assert (case.acknowledged_at, case.en_route_at, case.eta_s) == (at(160), at(200), 300.0)
    assert list(case.nobody_free) == [(at(62), at(100))]
    assert list(case.untaken) == [(at(100), at(140))]
    assert list(case.stood) == [(at(320), at(500))]
    assert case.place_moved_m == pytest.approx(111, abs=1)
    assert (case.candidates_kept, case.free_eta_s) == (True, 90.5)
    why = why_late(case)
    assert (why.reason, why.nearest_free_s) == (LateReason.PLACE_WRONG, 150.5)


@pytest.mark.parametrize(
    ("moves", "moved_m"),
    [
        ([(200, 23.48054), (300, 23.48108)], 120),
        ([(200, 23.481), (300, 23.48)], 0),
        ([(100, 23.47), (300, 23.481)], 1218),
        ([(100, 23.481), (950, 23.49)], 0),
    ],
)
async def test_a_place_has_moved_as_far_as_the_arrival_is_from_where_the_order_led(
    module_server: Server, units: list[UUID], moves: list[tuple[float, float]], moved_m: float
) -> None:
    """In two steps as in one; there and back is no move; what came before the order or after the arrival is none."""
    async with module_server.engine.begin() as connection:
        past = await Past(connection).received()
        await past.sent(units[0], 150, there_s=900)
        for seconds, lat in moves:
            await past.happened("incident_changed", seconds, members=["lat"], values={"lat": lat})
        case = (await late_cases(connection, [past.incident_id]))[past.incident_id]
    assert case.place_moved_m == pytest.approx(moved_m, abs=1)


async def test_the_arrival_that_counts_is_the_reviewed_one(module_server: Server, units: list[UUID]) -> None:
    """Where a supervisor ruled that the first was not there, the story is that of the second."""
    one, two = units
    async with module_server.engine.begin() as connection:
        past = await Past(connection).received()
        first = await past.sent(one, 70, there_s=200)
        await past.sent(two, 400, there_s=800, eta_s=350.0)
        ids = [past.incident_id]
        assert (await late_cases(connection, ids))[past.incident_id].on_scene_at == at(200)
        await connection.execute(
            insert(reviews).values(
                review_id=uuid4(),
                incident_id=past.incident_id,
                assignment_id=first,
                ruling="not_reached",
                reason="stood at another door",
                decided_at=at(9000),
                decided_by="sue",
            )
        )
        case = (await late_cases(connection, ids))[past.incident_id]
    assert (case.dispatched_at, case.on_scene_at, case.eta_s) == (at(400), at(800), 350.0)
    assert why_late(case).reason is LateReason.LATE_DISPATCH


async def test_what_belongs_to_a_merged_call_belongs_to_the_other(module_server: Server, units: list[UUID]) -> None:
    """Its entry where it was the earlier, its units and decisions; its own place is no move of the other's."""
    async with module_server.engine.begin() as connection:
        past = await Past(connection).received(created_at=at(300))
        merged = await Past(connection).received(
            created_at=at(30), state="merged", merged_into=past.incident_id, exclusion="duplicate", lat=23.6
        )
        await merged.happened("incident_changed", 100, members=["lat"], values={"lat": 23.7})
        await merged.sent(units[0], 50, there_s=900)
        await merged.decided(31, ("ON_SCENE", 20.0))
        cases = await late_cases(connection, [past.incident_id, merged.incident_id])
    assert set(cases) == {past.incident_id}
    case = cases[past.incident_id]
    assert (case.created_at, case.dispatched_at, case.place_moved_m) == (at(30), at(50), 0.0)
    assert why_late(case).counterfactual is Counterfactual.NOBODY_FREE


async def test_nobody_ever_came(module_server: Server, units: list[UUID]) -> None:
    """Nobody could be sent; or somebody was, and never arrived; or nothing at all is known."""
    async with module_server.engine.begin() as connection:
        nobody = await Past(connection).received()
        await nobody.happened("nobody_available", 62)
        somebody = await Past(connection).received()
        await somebody.sent(units[0], 70)
        nothing = await Past(connection).received()
        cases = await late_cases(connection, [one.incident_id for one in (nobody, somebody, nothing)])
        assert await late_cases(connection, []) == {}
    reasons = [why_late(cases[one.incident_id]).reason for one in (nobody, somebody, nothing)]
    assert reasons == [LateReason.NO_UNIT_FREE, LateReason.NOBODY_CAME, LateReason.NOBODY_CAME]
    assert why_late(cases[nothing.incident_id]).counterfactual is Counterfactual.NOT_KEPT


async def test_what_was_free_at_once_is_known_by_who_looked_at_once(module_server: Server, units: list[UUID]) -> None:
    """A dispatcher's click minutes later is no word on it; a round that saw the call come in is, before a click too."""
    async with module_server.engine.begin() as connection:
        late = await Past(connection).received()
        await late.decided(500, ("AVAILABLE", 5.0))
        looked = await Past(connection).received()
        await looked.decided(500, ("AVAILABLE", 5.0))
        await looked.looked(61, 380.0, somebody=True)
        nobody = await Past(connection).received()
        await nobody.looked(61, None, somebody=False)
        await nobody.looked(490, 5.0, somebody=True)
        slow = await Past(connection).received()
        await slow.looked(121, 5.0, somebody=True)
        clicked = await Past(connection).received()
        await clicked.decided(62, ("AVAILABLE", 80.0))
        await clicked.looked(200, 10.0, somebody=True)
        pasts = (late, looked, nobody, slow, clicked)
        cases = await late_cases(connection, [one.incident_id for one in pasts])
    whys = [why_late(cases[one.incident_id]) for one in pasts]
    assert [(why.counterfactual, why.nearest_free_s) for why in whys] == [
        (Counterfactual.NOT_KEPT, None),
        (Counterfactual.KNOWN, 440.0),
        (Counterfactual.NOBODY_FREE, None),
        (Counterfactual.NOT_KEPT, None),
        (Counterfactual.KNOWN, 140.0),
    ]


async def test_nobody_is_free_until_somebody_could_go(module_server: Server, units: list[UUID]) -> None:
    """What a dispatcher waits after that is late dispatch, until nobody can go once more."""
    async with module_server.engine.begin() as connection:
        past = await Past(connection).received()
        await past.happened("nobody_available", 62)
        await past.looked(61, None, somebody=False)
        await past.looked(100, 300.0, somebody=True)
        await past.looked(400, None, somebody=False)
        await past.looked(420, 300.0, somebody=True)
        await past.sent(units[0], 500, there_s=900)
        case = (await late_cases(connection, [past.incident_id]))[past.incident_id]
    assert within(case.nobody_free, at(60), at(500)) == [(at(61), at(100)), (at(400), at(420))]
    why = why_late(case)
    assert (why.reason, why.excess_s) == (LateReason.LATE_DISPATCH, 440 - 59 - 30)


async def test_somebody_who_was_not_sent_was_there(module_server: Server) -> None:
    """A supervisor ruled so: late, with the entry known and no step invented."""
    async with module_server.engine.begin() as connection:
        past = await Past(connection).received(created_at=at(400))
        row = {"review_id": uuid4(), "incident_id": past.incident_id, "reason": "r", "decided_by": "sue"}
        ruled = {"ruling": "corrected", "on_scene_at": at(800), "decided_at": at(9000)}
        await connection.execute(insert(reviews).values(row | ruled))
        ids = [past.incident_id]
        case = (await late_cases(connection, ids))[past.incident_id]
        recorded = (await late_cases(connection, ids, "recorded"))[past.incident_id]
    assert (case.on_scene_at, case.dispatched_at, recorded.on_scene_at) == (at(800), None, None)
    assert (why_late(case).reason, why_late(recorded).reason) == (LateReason.LATE_ENTRY, LateReason.NOBODY_CAME)


async def test_each_clock_has_its_own_reason_and_counterfactual(module_server: Server, units: list[UUID]) -> None:
    """What went by before the first order is no part of a response from it; a call late on one clock has one reason."""
    async with module_server.engine.begin() as connection:
        both = await Past(connection).received(created_at=at(400))
        await both.sent(units[0], 430, there_s=1100)
        await both.looked(401, 350.0, somebody=True)
        one = await Past(connection).received(created_at=at(400))
        await one.sent(units[0], 430, there_s=900)
        again = await Past(connection).received()
        await again.sent(units[0], 100, state="timed_out", ended_s=600, acknowledged_at=None, en_route_at=None)
        await again.sent(units[1], 620, there_s=900)
        nobody = await Past(connection).received()
        still_open = await Past(connection).received(state="open")
        pasts = (both, one, again, nobody, still_open)
        lines = await lines_of(connection, [past.incident_id for past in pasts])
    assert [(line.reviewed.late_reason("received"), line.reviewed.late_reason("dispatched")) for line in lines] == [
        ("late_entry", "travel_longer_than_eta"),
        ("late_entry", None),
        ("late_acknowledgement", "late_acknowledgement"),
        ("nobody_came", "nobody_came"),
        ("still_open", "still_open"),
    ]
    free_s = [(course.nearest_free_s("received"), course.nearest_free_s("dispatched")) for course in _courses(lines)]
    assert free_s[:2] == [(750, 350), (None, None)]


def _courses(lines: Sequence[LedgerLine]) -> list[Course]:
    return [line.reviewed_course for line in lines]


async def test_a_round_keeps_who_could_go_where_a_person_decides(database_url: str, nats_url: str) -> None:
    """In recommend mode too: what was free when the call came in, and when that changed; once each, not each second."""
    async with running_server(database_url, nats_url, dispatch_mode="recommend") as server:
        client = await server.client()
        incident = await enter(client)
        incident_id = UUID(incident["id"])

        async def looks() -> list[tuple[bool, bool]]:
            async with server.engine.connect() as connection:
                found = (await looks_of(connection, [incident_id])).get(incident_id, ())
            return [(look.somebody, look.free_eta_s is not None) for look in found]

        await eventually(looks, lambda found: found == [(False, False)])
        unit_id = await server.add_unit("北興101", at=(23.481, 120.45))
        await eventually(looks, lambda found: found == [(False, False), (True, True)])
        await asyncio.sleep(2.5)
        assert await looks() == [(False, False), (True, True)]
        answer = await client.post(f"/incidents/{incident_id}/assignments", json={"unit_id": str(unit_id)})
        assert answer.status_code == 201, answer.text
        async with server.engine.connect() as connection:
            (case,) = (await late_cases(connection, [incident_id])).values()
    assert case.candidates_kept
    assert case.free_eta_s is None
    assert all(until < case.dispatched_at for _, until in case.nobody_free if case.dispatched_at)


async def test_as_the_server_itself_tells_it(server: Server) -> None:
    """No rows of the test's making: nobody there, then a unit comes on duty and is sent, and the decisions are kept."""
    client = await server.client()
    incident = await enter(client)
    await incident_when(client, incident["id"], lambda i: "nobody_available" in kinds(i))
    unit_id = await server.add_unit("北興101", at=(23.481, 120.45))
    assignment = await assigned(client, incident["id"], unit_id)
    dispatched_at = datetime.fromisoformat(assignment["dispatched_at"])
    await client.patch(f"/incidents/{incident['id']}", json={"lat": 23.49})
    await server.steps(unit_id, assignment["assignment_id"], "on_scene")
    await incident_when(client, incident["id"], lambda i: i["on_scene_at"] is not None)
    async with server.engine.connect() as connection:
        (case,) = (await late_cases(connection, [UUID(incident["id"])])).values()
    assert case.created_at is not None
    assert case.nobody_free
    assert all(since < until <= dispatched_at == case.dispatched_at for since, until in case.nobody_free)
    assert (case.acknowledged_at, case.en_route_at) == (None, None)  # inferred: no time is made up
    assert case.place_moved_m == pytest.approx(1110, abs=5)
    assert (case.candidates_kept, case.free_eta_s) == (True, None)

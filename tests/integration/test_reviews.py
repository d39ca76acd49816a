"""Reviews over the API: what is listed, what may be ruled and by whom, and that nobody rules blindly over another."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert, select

from dispatch.domain.kpi_line import Mark
from dispatch.domain.review import Ruling, RulingKind
from dispatch.store.import_tables import imports
from dispatch.store.reviews import marks_of, rulings_of
from dispatch.store.tables import access_log, assignments, events, incidents
from tests.support.server import Server

CALLED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
_numbers = count(1)


@dataclass
class Past:
    """An ended incident and its units' assignments."""

    incident_id: UUID
    received_at: datetime
    sent: list[UUID]

    def at(self, seconds: float) -> datetime:
        """So long after the call."""
        return self.received_at + timedelta(seconds=seconds)


@pytest.fixture
async def supervisor(module_server: Server) -> httpx.AsyncClient:
    """By the name of sue."""
    return await module_server.client("sue", "supervisor")


@pytest.fixture(scope="module")
async def unit_id(module_server: Server) -> UUID:
    """The one that is sent."""
    return await module_server.add_unit("北興101")


async def past(
    server: Server,
    unit_id: UUID,
    *witnessed: Mapping[str, float | None],
    review: tuple[str, ...] = (),
    **members: Any,
) -> Past:
    """An ended incident; for each unit the seconds after the call at which each witness saw it arrive (None: inferred).

    `review`: the marks of the first of them. Each call is a day older than the one before.
    """
    number = next(_numbers)
    received_at = CALLED - timedelta(days=number)
    made = Past(uuid4(), received_at, [])
    row = {
        "incident_id": made.incident_id,
        "number": f"past-{number}",
        "category": "service",
        "priority": 3,
        "lat": 23.48,
        "lon": 120.45,
        "received_at": received_at,
        "created_at": received_at,
        "state": "closed",
        "ended_at": made.at(3000),
    }
    async with server.engine.begin() as connection:
        await connection.execute(insert(incidents).values(row | members))
        for told in witnessed:
            assignment_id = uuid4()
            times = [made.at(seconds) for seconds in told.values() if seconds is not None]
            await connection.execute(
                insert(assignments).values(
                    assignment_id=assignment_id,
                    incident_id=made.incident_id,
                    unit_id=unit_id,
                    state="cleared",
                    dispatched_at=made.at(20 + len(made.sent)),
                    on_scene_at=min(times, default=None),
                    ended_at=made.at(3000),
                    review=[] if made.sent else list(review),
                )
            )
            for said_by, seconds in told.items():
                await witness(connection, made, assignment_id, said_by, seconds)
            made.sent.append(assignment_id)
    return made


async def witness(connection: Any, of: Past, assignment_id: UUID, said_by: str, seconds: float | None) -> None:
    """A word on the arrival, in the log at the end of the incident."""
    await connection.execute(
        insert(events).values(
            recorded_at=of.at(3000),
            kind="unit_on_scene",
            incident_id=of.incident_id,
            assignment_id=assignment_id,
            happened_at=None if seconds is None else of.at(seconds),
            said_by=said_by,
        )
    )


async def states(client: httpx.AsyncClient, of: Past) -> list[str]:
    """In which lists it stands."""
    period = {"from": of.received_at.isoformat(), "to": of.at(1).isoformat()}
    found = []
    for state in ("open", "done"):
        answer = await client.get("/kpi/reviews", params={"state": state, **period})
        assert answer.status_code == 200, answer.text
        found += [state for item in answer.json()["items"] if item["incident_id"] == str(of.incident_id)]
    return found


async def rule(client: httpx.AsyncClient, of: Past, ruling: str, **members: Any) -> httpx.Response:
    """A ruling, with the newest review as what was seen, unless `after` is given."""
    seen = (await client.get(f"/incidents/{of.incident_id}/reviews")).json()["reviews"]
    body = {"ruling": ruling, "reason": "looked at", "after": seen[-1]["id"] if seen else None} | members
    if ruling not in {"excluded", "counted"}:
        body = ({"assignment_id": str(of.sent[0])} if of.sent else {}) | body
    return await client.post(f"/incidents/{of.incident_id}/reviews", json=body)


async def ruled(client: httpx.AsyncClient, of: Past, ruling: str, **members: Any) -> dict[str, Any]:
    """The case after a ruling that is taken."""
    answer = await rule(client, of, ruling, **members)
    assert answer.status_code == 201, answer.text
    case: dict[str, Any] = answer.json()
    return case


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


async def test_every_ruling_and_the_figure_before_and_after(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """Each says which time counts; what was recorded is the same all along, and no ruling before is lost."""
    of = await past(module_server, unit_id, {"button": 300, "gps": 640}, review=("far_from_scene",))
    expected = [
        ("gps", {}, ("late", 640)),
        ("button", {}, ("within", 300)),
        ("corrected", {"on_scene_at": of.at(600).isoformat()}, ("within", 600)),
        ("not_reached", {}, ("late", None)),
        ("stands", {}, ("within", 300)),
        ("excluded", {"exclusion": "officer_initiated"}, ("excluded", None)),
        ("counted", {}, ("within", 300)),
    ]
    for ruling, members, (outcome, response_s) in expected:
        case = await ruled(supervisor, of, ruling, **members)
        assert (case["recorded"]["outcome"], case["recorded"]["response_s"]) == ("within", 300)
        assert (case["reviewed"]["outcome"], case["reviewed"]["response_s"]) == (outcome, response_s)
        assert await states(supervisor, of) == ["done"]
    assert [review["ruling"] for review in case["reviews"]] == [ruling for ruling, *_ in expected]
    assert [review["ruling"] for review in case["reviews"] if review["counts"]] == ["stands", "counted"]
    timeline = (await supervisor.get(f"/incidents/{of.incident_id}")).json()["timeline"]
    kept = [event["data"]["ruling"] for event in timeline if event["kind"] == "incident_reviewed"]
    assert kept == [ruling for ruling, *_ in expected]
    async with module_server.engine.connect() as connection:
        rulings = (await rulings_of(connection, [of.incident_id, uuid4()]))[of.incident_id]
        marks = await marks_of(connection, [of.incident_id, uuid4()])
    assert len(rulings) == len(expected)
    assert rulings[0] == Ruling(RulingKind.GPS, of.sent[0], of.at(640))
    assert marks == {of.incident_id: {Mark.FAR_FROM_SCENE, Mark.REVIEWED}}


async def test_another_unit_may_have_been_the_first(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """Where the first was not there, the second's arrival counts, and is looked at itself where it is marked."""
    of = await past(module_server, unit_id, {"button": 100}, {"gps": 400}, review=("far_from_scene",))
    case = await ruled(supervisor, of, "not_reached")
    assert (case["reviewed"]["response_s"], [unit["counts_at"] is None for unit in case["units"]]) == (
        400,
        [True, False],
    )
    assert await states(supervisor, of) == ["done"]
    async with module_server.engine.begin() as connection:
        second = assignments.c.assignment_id == of.sent[1]
        await connection.execute(assignments.update().where(second).values(review=["gps_gap"]))
    assert await states(supervisor, of) == ["open"]
    await ruled(supervisor, of, "stands", assignment_id=str(of.sent[1]))
    assert await states(supervisor, of) == ["done"]


async def test_what_is_heard_later_opens_it_again(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """A track that comes in after the ruling: the ruling counts, and somebody has to look once more."""
    of = await past(module_server, unit_id, {"button": 300}, review=("gps_gap",))
    async with module_server.engine.begin() as connection:  # it has ended only now
        first = assignments.c.assignment_id == of.sent[0]
        await connection.execute(assignments.update().where(first).values(ended_at=datetime.now(UTC)))
    await ruled(supervisor, of, "button")
    assert await states(supervisor, of) == ["done"]
    async with module_server.engine.begin() as connection:
        await connection.execute(
            insert(events).values(
                recorded_at=datetime.now(UTC) + timedelta(seconds=1),
                kind="unit_on_scene",
                incident_id=of.incident_id,
                assignment_id=of.sent[0],
                happened_at=of.at(200),
                said_by="gps",
            )
        )
        await connection.execute(assignments.update().where(first).values(on_scene_at=of.at(200)))
    assert await states(supervisor, of) == ["open"]
    case = (await supervisor.get(f"/incidents/{of.incident_id}/reviews")).json()
    assert (case["recorded"]["response_s"], case["reviewed"]["response_s"]) == (200, 300)


async def test_units_of_a_merged_call_count(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """The car that was sent to the second call about the same thing; the merged call itself is not reviewed."""
    of = await past(module_server, unit_id)
    merged = await past(
        module_server,
        unit_id,
        {"button": 300},
        review=("gps_gap",),
        state="merged",
        merged_into=of.incident_id,
        exclusion="duplicate",
    )
    of.sent = merged.sent
    assert await states(supervisor, of) == ["open"]
    await ruled(supervisor, of, "corrected", on_scene_at=of.at(60).isoformat())
    assert (await states(supervisor, of), await states(supervisor, merged)) == (["done"], [])
    refused = await rule(supervisor, merged, "stands")
    assert (refused.status_code, refused.json()["code"]) == (409, "incident_ended")
    async with module_server.engine.connect() as connection:
        marks = await marks_of(connection, [of.incident_id, merged.incident_id])
    assert marks == {of.incident_id: {Mark.GPS_GAP, Mark.REVIEWED, Mark.CORRECTED}}


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


async def test_where_no_unit_was_sent_a_time_can_be_ruled_too(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """Somebody was there, as a supervisor found out: the figure, timeline and marks say so; and it goes back."""
    of = await past(module_server, unit_id)
    assert (await rule(supervisor, of, "gps")).status_code == 422
    case = await ruled(supervisor, of, "corrected", on_scene_at=of.at(480).isoformat())
    assert (case["recorded"]["outcome"], case["reviewed"]["outcome"]) == ("late", "within")
    assert (case["reviewed"]["response_s"], case["marks"]) == (480, ["corrected", "reviewed"])
    case = await ruled(supervisor, of, "excluded", exclusion="test")
    assert [one["counts"] for one in case["reviews"]] == [True, True]
    case = await ruled(supervisor, of, "counted")
    assert case["reviewed"]["response_s"] == 480
    case = await ruled(supervisor, of, "stands")
    assert (case["reviewed"], [one["counts"] for one in case["reviews"]]) == (
        case["recorded"],
        [False, False, True, True],
    )
    detail = (await supervisor.get(f"/incidents/{of.incident_id}")).json()
    told = next(line["data"] for line in detail["timeline"] if line["kind"] == "incident_reviewed")
    assert (told["on_scene_at_before"], told["on_scene_at"]) == (None, of.at(480).isoformat())


async def test_somebody_who_was_not_sent_may_have_been_there_before_the_units(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """A patrol that came by: its time counts, its ruling leaves the units' conflict open, and it can be taken back."""
    of = await past(module_server, unit_id, {"button": 700, "gps": 900}, review=("before_gps_arrival",))
    assert (await rule(supervisor, of, "stands", assignment_id=None)).status_code == 422
    case = await ruled(supervisor, of, "corrected", assignment_id=None, on_scene_at=of.at(240).isoformat())
    assert (case["recorded"]["outcome"], case["reviewed"]["outcome"]) == ("late", "within")
    assert (case["reviewed"]["response_s"], case["units"][0]["counts_at"]) == (240, case["units"][0]["recorded_at"])
    assert await states(supervisor, of) == ["open"]
    row = (
        await supervisor.get("/kpi/ledger", params={"from": of.at(-60).isoformat(), "to": of.at(60).isoformat()})
    ).json()["items"]
    told = next(one for one in row if one["incident_id"] == str(of.incident_id))
    assert (told["response_s"], told["recorded_response_s"], told["unit"]) == (240, 700, None)
    case = await ruled(supervisor, of, "stands", assignment_id=None)
    assert case["reviewed"] == case["recorded"]
    detail = (await supervisor.get(f"/incidents/{of.incident_id}")).json()
    times = [
        (line["data"]["on_scene_at_before"], line["data"]["on_scene_at"])
        for line in detail["timeline"]
        if line["kind"] == "incident_reviewed"
    ]
    assert times == [(None, of.at(240).isoformat()), (of.at(240).isoformat(), None)]


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
    import_id = uuid4()
    async with module_server.engine.begin() as connection:
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
    bare: dict[str, Any] = {"import_id": import_id, "import_line": 2, "created_at": None, "lat": None, "lon": None}
    imported = await past(module_server, unit_id, {"gps": 300}, **bare)
    assert (await ruled(supervisor, imported, "not_reached"))["reviewed"]["outcome"] == "late"
    unreached = await past(module_server, unit_id, **bare | {"import_line": 3})
    assert (await ruled(supervisor, unreached, "corrected", on_scene_at=unreached.at(60).isoformat()))["reviewed"][
        "response_s"
    ] == 60


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
    """The newest first, each once, none left out; a cursor of no list and a period that runs backwards are refused."""
    made = [await past(module_server, unit_id, {"button": 300}, review=("gps_gap",)) for _ in range(5)]
    period = {"from": made[-1].received_at.isoformat(), "to": made[0].at(1).isoformat()}
    found, cursor, sizes = [], None, []
    while True:
        page = await supervisor.get(
            "/kpi/reviews", params={**period, "limit": "2"} | ({"cursor": cursor} if cursor else {})
        )
        found += [item["incident_id"] for item in page.json()["items"]]
        sizes.append(len(page.json()["items"]))
        if (cursor := page.json()["next_cursor"]) is None:
            break
    assert found == [str(of.incident_id) for of in made]
    assert sizes == [2, 2, 1]
    assert (await supervisor.get("/kpi/reviews", params={"cursor": "x"})).status_code == 422
    backwards = {"from": period["to"], "to": period["from"]}
    assert (await supervisor.get("/kpi/reviews", params=backwards)).status_code == 422

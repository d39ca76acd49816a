"""What a ruling does to the figure, the list and the timeline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert

from dispatch.domain.kpi import local_day
from dispatch.domain.kpi_line import Mark
from dispatch.domain.review import Ruling, RulingKind
from dispatch.store.kpi_lines import lines_of
from dispatch.store.kpi_stale import mark_stale
from dispatch.store.reviews import rulings_of
from dispatch.store.tables import assignments, events, incidents
from tests.support.rulings import CALLED, Past, past, rule, ruled, states
from tests.support.server import Server


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
        (line,) = await lines_of(connection, [of.incident_id, uuid4()])
    assert len(rulings) == len(expected)
    assert rulings[0] == Ruling(RulingKind.GPS, of.sent[0], of.at(640))
    assert line.marks == {Mark.FAR_FROM_SCENE, Mark.REVIEWED}


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
        await connection.execute(
            insert(events).values(
                recorded_at=datetime.now(UTC),
                kind="arrival_marked_for_review",
                said_by="server",
                incident_id=of.incident_id,
                assignment_id=of.sent[1],
            )
        )
    assert await states(supervisor, of) == ["open"]
    await ruled(supervisor, of, "stands", assignment_id=str(of.sent[1]))
    assert await states(supervisor, of) == ["done"]


async def test_a_ruling_may_leave_an_inferred_arrival_alone(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """An arrival without a mark that somebody takes back, and another unit's that nobody saw: that wants a look now."""
    of = await past(module_server, unit_id, {"button": 100}, {"inferred": None})
    assert await states(supervisor, of) == []
    await ruled(supervisor, of, "not_reached")
    assert await states(supervisor, of) == ["open"]
    await ruled(supervisor, of, "corrected", assignment_id=str(of.sent[1]), on_scene_at=of.at(500).isoformat())
    assert await states(supervisor, of) == ["done"]


async def test_what_is_heard_later_opens_it_again(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """A track that comes in after the ruling: the ruling counts, and somebody has to look once more."""
    of = await past(module_server, unit_id, {"button": 300}, review=("gps_gap",))
    first = assignments.c.assignment_id == of.sent[0]
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
        lines = await lines_of(connection, [of.incident_id, merged.incident_id])
    assert [line.marks for line in lines] == [{Mark.GPS_GAP, Mark.REVIEWED, Mark.CORRECTED}, set()]


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


async def test_a_cancellation_after_the_ten_minutes_is_looked_at(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """It leaves the figure, and nobody overlooks it: marked, listed, counted again or confirmed by a supervisor."""
    of = await past(module_server, unit_id, {}, state="cancelled", ended_at=CALLED)
    in_time = await past(module_server, unit_id, {}, state="cancelled")
    async with module_server.engine.begin() as connection:
        for one, ended_s in ((of, 2400), (in_time, 600)):
            its = incidents.c.incident_id == one.incident_id
            await connection.execute(incidents.update().where(its).values(ended_at=one.at(ended_s)))
        await mark_stale(connection, {local_day(of.received_at), local_day(in_time.received_at)})
    assert (await states(supervisor, of), await states(supervisor, in_time)) == (["open"], [])
    assert await row_of(supervisor, of) == ("excluded", "cancelled", None, ["cancelled_late"])
    assert await row_of(supervisor, in_time) == ("excluded", "cancelled", None, [])
    marked = await supervisor.get("/kpi/ledger", params={"mark": "cancelled_late"})
    assert str(of.incident_id) in {row["incident_id"] for row in marked.json()["items"]}
    assert (await rule(supervisor, in_time, "counted")).status_code == 422
    assert (await rule(supervisor, in_time, "excluded", exclusion="cancelled")).status_code == 422

    case = await ruled(supervisor, of, "excluded", exclusion="cancelled")
    assert (case["reviewed"], case["marks"]) == (case["recorded"], ["reviewed", "cancelled_late"])
    assert await states(supervisor, of) == ["done"]
    case = await ruled(supervisor, of, "counted")
    assert (case["recorded"]["exclusion"], case["reviewed"]["outcome"]) == ("cancelled", "late")
    assert case["marks"] == ["corrected", "reviewed", "cancelled_late"]
    assert (await rule(supervisor, of, "counted")).status_code == 422
    assert await states(supervisor, of) == ["done"]
    assert await row_of(supervisor, of) == ("late", None, "nobody_came", case["marks"])
    case = await ruled(supervisor, of, "excluded", exclusion="cancelled")
    assert case["reviewed"] == case["recorded"]
    detail = (await supervisor.get(f"/incidents/{of.incident_id}")).json()
    told = [line["data"] for line in detail["timeline"] if line["kind"] == "incident_reviewed"]
    assert [(one["exclusion_before"], one["exclusion"]) for one in told] == [
        ("cancelled", "cancelled"),
        ("cancelled", None),
        (None, "cancelled"),
    ]


async def test_an_arrival_taken_back_leaves_a_late_cancellation(
    module_server: Server, supervisor: httpx.AsyncClient, unit_id: UUID
) -> None:
    """Cancelled after a unit was there is measured; where a supervisor finds that it was not, that is looked at too."""
    of = await past(module_server, unit_id, {"button": 300}, state="cancelled")
    assert await states(supervisor, of) == []
    case = await ruled(supervisor, of, "not_reached")
    assert (case["reviewed"]["exclusion"], await states(supervisor, of)) == ("cancelled", ["open"])
    case = await ruled(supervisor, of, "counted")
    assert (case["reviewed"]["outcome"], await states(supervisor, of)) == ("late", ["done"])


async def row_of(client: httpx.AsyncClient, of: Past) -> tuple[str, str | None, str | None, list[str]]:
    """What the ledger says of it: outcome, reason, why it was late, marks."""
    period = {"from": of.at(-1).isoformat(), "to": of.at(1).isoformat()}
    (row,) = (await client.get("/kpi/ledger", params=period)).json()["items"]
    return row["outcome"], row["reason"], row["late_reason"], row["marks"]

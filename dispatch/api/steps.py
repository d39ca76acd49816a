"""What a crew says by radio and a dispatcher enters: a step in an assignment, on patrol or out of service."""

from __future__ import annotations

from uuid import UUID

from dispatch.api import present, schemas
from dispatch.api.problems import described
from dispatch.api.routing import api_router
from dispatch.api.schemas.radio import NewAvailability, NewStep
from dispatch.api.signed_in import Dispatching, TheDesk
from dispatch.domain.assignment import AssignmentState
from dispatch.domain.refusals import Invalid
from dispatch.service import radio
from dispatch.store import views

router = api_router()


@router.post("/assignments/{assignment_id}/steps", tags=["assignments"], responses=described(401, 403, 404, 409))
async def take(assignment_id: UUID, body: NewStep, desk: TheDesk, by: Dispatching) -> schemas.AssignmentView:
    """A step that the crew reported by radio; it counts now. 409 `bad_step` where the assignment can't go there.

    The last unit that clears an incident closes it, as by its own button. Repeating the present step changes nothing.
    """
    await radio.step_by_radio(
        desk, assignment_id, AssignmentState(body.status), by, disposition=body.disposition, note=body.note
    )
    async with desk.engine.connect() as connection:
        return present.assignment_view(await views.assignment_row(connection, assignment_id))


@router.post("/units/{unit_id}/availability", tags=["units"], responses=described(401, 403, 404))
async def set_availability(unit_id: UUID, body: NewAvailability, desk: TheDesk, by: Dispatching) -> schemas.UnitView:
    """On patrol, or out of service with a `reason`. What it is assigned to stays; the car is told by a notice."""
    if not body.available and body.reason is None:
        raise Invalid("is needed where the unit goes out of service", member="reason")
    await radio.set_on_patrol(desk, unit_id, by, available=body.available, reason=body.reason)
    async with desk.engine.connect() as connection:
        return (await present.unit_views(connection, [unit_id]))[0]

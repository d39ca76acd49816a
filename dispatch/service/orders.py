"""What a crew is told of an assignment: the order's frame, made from the incident and the way there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from dispatch.domain.assignment import Assignment
from dispatch.domain.incident import Category, Incident
from dispatch.roads.conditions import Conditions
from dispatch.roads.travel import Route, TravelTimes
from dispatch.store.units import UnitNow
from gateway import protocol

CATEGORY_ZH: Final = {
    Category.CRIMINAL: "刑案",
    Category.PUBLIC_ORDER: "治安",
    Category.TRAFFIC: "交通",
    Category.TRAFFIC_ACCIDENT: "交通事故",
    Category.DISASTER: "災害",
    Category.SERVICE: "為民服務",
    Category.OTHER: "其他",
}
SUMMARY_LIMIT: Final = 120


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since the Unix epoch."""
    return round(moment.timestamp() * 1000)


def summary(incident: Incident) -> str:
    """One line: category, accident class, and what is known."""
    head = CATEGORY_ZH[incident.category]
    if incident.accident_class:
        head += f" {incident.accident_class}"
    return f"{head}：{incident.description}"[:SUMMARY_LIMIT] if incident.description else head


def _body(assignment: Assignment, incident: Incident, route: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "assignment_id": str(assignment.assignment_id),
        "incident": protocol.OrderIncident(
            id=str(incident.incident_id),
            number=incident.number,
            category=str(incident.category),
            priority=int(incident.priority),
            summary=summary(incident),
            lat=incident.place.lat,
            lon=incident.place.lon,
            received_ms=epoch_ms(incident.received_at),
            address=incident.address,
            caller_note=incident.description,
        ),
        "arrive_by_ms": epoch_ms(incident.arrive_by),
        "eta_s": round(assignment.eta_s, 1) if assignment.eta_s is not None else None,
        "route": route,
    }


def planned_way(travel: TravelTimes, unit: UnitNow, incident: Incident, conditions: Conditions) -> Route | None:
    """The route over the streets; None where the car's position or the streets are not known."""
    if unit.position is None:
        return None
    route = travel.route(
        unit.position, incident.place, motorcycle=unit.vehicle_type == "motorcycle", conditions=conditions
    )
    return route if route.basis == "street" else None


def way(travel: TravelTimes, unit: UnitNow, incident: Incident, conditions: Conditions) -> dict[str, Any] | None:
    """The same as a GeoJSON LineString."""
    route = planned_way(travel, unit, incident, conditions)
    return route.geojson() if route is not None else None


def order(assignment: Assignment, incident: Incident, route: dict[str, Any] | None) -> protocol.Order:
    """Go there."""
    return protocol.Order(**_body(assignment, incident, route))


def order_update(assignment: Assignment, incident: Incident, route: dict[str, Any] | None) -> protocol.OrderUpdate:
    """The incident changed."""
    return protocol.OrderUpdate(**_body(assignment, incident, route))

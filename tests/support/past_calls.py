"""The real file of past calls that imports are shown with, and how it is read."""

from __future__ import annotations

FILE = "calls/san-francisco-fire-2020-04.csv"
MAP = [
    *("--map", "incident=call_number", "--map", "unit=unit_id", "--map", "category=call_type"),
    *("--map", "priority=final_priority", "--map", "received_at=received_at", "--map", "created_at=entry_at"),
    *("--map", "dispatched_at=dispatched_at", "--map", "en_route_at=responding_at", "--map", "on_scene_at=on_scene_at"),
    *("--map", "cleared_at=available_at", "--map", "lat=lat", "--map", "lon=lon", "--map", "disposition=disposition"),
]
SAN_FRANCISCO = [*MAP, "--zone", "America/Los_Angeles", "--category", "Medical Incident=service"]

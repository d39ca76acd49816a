"""Who could go to an incident that nobody is on: when it was first seen, and when that changed. Rows only come."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Table, Uuid

from gateway.store import Timestamp, metadata

unit_looks = Table(
    "unit_looks",
    metadata,
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), primary_key=True),
    Column("looked_at", Timestamp, primary_key=True),
    Column("free_eta_s", Double, comment="of the nearest unit that was free; null: none was"),
    Column("somebody", Boolean, nullable=False, comment="the plan had a unit for it"),
    comment="Who could go to an incident with nobody on it: at first, and when that changed. Rows only come",
)

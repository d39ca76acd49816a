"""The truth of one bureau as tables. Devices, fixes, inbox and outbox belong to the gateway (gateway.store).

All times are timestamptz, UTC. `events` is append-only: a trigger of the migration refuses changes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

import dispatch.store.agent_health
import dispatch.store.import_tables
import dispatch.store.kpi_tables
import dispatch.store.look_tables
import dispatch.store.note_tables
import dispatch.store.officer_tables
import dispatch.store.past_tables
import dispatch.store.place_tables
import dispatch.store.policy_tables
import dispatch.store.recording_tables
import dispatch.store.report_tables
import dispatch.store.review_tables
import dispatch.store.speed_tables
import dispatch.store.standby_tables
import dispatch.store.what_if_tables
import dispatch.store.witness_tables  # noqa: F401  (on the one metadata)
from gateway.store import Timestamp, metadata

# ---- the bureau

bureaus = Table(
    "bureaus",
    metadata,
    Column("bureau", Text, primary_key=True, comment="its code, as it prefixes the bus subjects"),
    Column("name", Text, nullable=False),
    Column(
        "outline", JSONB, comment="GeoJSON Polygon (lon, lat) of the area it answers for; null: the streets' extent"
    ),
    comment="One row: one database, one bureau",
)

precincts = Table(
    "precincts",
    metadata,
    Column("precinct_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

stations = Table(
    "stations",
    metadata,
    Column("station_id", Uuid, primary_key=True),
    Column("precinct_id", Uuid, ForeignKey("precincts.precinct_id")),
    Column("name", Text, nullable=False, unique=True),
    Column("lat", Double),
    Column("lon", Double),
)

units = Table(
    "units",
    metadata,
    Column("unit_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True, comment="call sign"),
    Column("station_id", Uuid, ForeignKey("stations.station_id")),
    Column("available", Boolean, nullable=False, server_default=text("true")),
    Column("unavailable_reason", Text),
    Column("availability_at", Timestamp, comment="when the crew said so, car's time"),
    Column("shift_ends_at", Timestamp, comment="null: not said"),
    Column(
        "import_id",
        Uuid,
        ForeignKey("imports.import_id"),
        comment="it is known from that file alone, and on duty nowhere; null: a unit of ours",
    ),
    comment="Crew and vehicle on duty. Its status follows from assignments and availability and is stored nowhere",
)

vehicles = Table(
    "vehicles",
    metadata,
    Column("vehicle_id", Uuid, primary_key=True),
    Column("plate", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("capabilities", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("unit_id", Uuid, ForeignKey("units.unit_id"), nullable=False, unique=True),
    Column("device_id", Uuid, ForeignKey("devices.device_id"), nullable=False, unique=True),
    Column("added_at", Timestamp, nullable=False, server_default=func.now()),
    Column("crew", SmallInteger, nullable=False, server_default=text("2"), comment="officers on it"),
    CheckConstraint("type IN ('car','motorcycle','other')", name="type"),
    CheckConstraint("crew BETWEEN 1 AND 20", name="crew"),
)

# ---- people

users = Table(
    "users",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False, comment="argon2id"),
    Column("role", Text, nullable=False),
    Column("created_at", Timestamp, nullable=False, server_default=func.now()),
    Column("disabled_at", Timestamp),
    CheckConstraint("role IN ('dispatcher','officer','supervisor','admin','auditor')", name="role"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", Timestamp, nullable=False, server_default=func.now()),
    Column("expires_at", Timestamp, nullable=False),
    Index("ix_sessions_expires_at", "expires_at"),
)

# ---- the work

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True, comment="YYYYMMDD-NNNN, day of Asia/Taipei"),
    Column("category", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False, comment="1 highest .. 4"),
    Column("accident_class", Text, comment="A1, A2, A3; of a traffic_accident only"),
    Column("lat", Double),
    Column("lon", Double),
    Column("address", Text),
    Column("description", Text),
    Column("caller_name", Text),
    Column("caller_phone", Text),
    Column("station_id", Uuid, ForeignKey("stations.station_id"), comment="the station nearest to the place"),
    Column("received_at", Timestamp, nullable=False, comment="the call came in: the clock starts"),
    Column("created_at", Timestamp, comment="the incident was entered"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("ended_at", Timestamp),
    Column("disposition", Text, comment="how it ended, free text"),
    Column("merged_into", Uuid, ForeignKey("incidents.incident_id")),
    Column(
        "exclusion",
        Text,
        comment="why the ten-minute clock leaves it out; a cancellation of ours is told by state and arrival",
    ),
    Column("created_by", Uuid, ForeignKey("users.user_id")),
    Column("version", Integer, nullable=False, server_default=text("1"), comment="rises with each change"),
    Column("seen_at", Timestamp, comment="a dispatcher first opened it; null: nobody has"),
    Column("seen_by", Text),
    Column(
        "import_id",
        Uuid,
        ForeignKey("imports.import_id"),
        comment="the file it came from; null: a call of ours",
    ),
    Column("import_line", Integer, comment="of the file it came from; null: one of ours"),
    CheckConstraint("import_id IS NOT NULL OR num_nulls(created_at, lat, lon) = 0", name="known"),
    CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="place"),
    CheckConstraint("import_id IS NULL OR state = 'closed'", name="imported"),
    CheckConstraint("state IN ('open','closed','cancelled','merged')", name="state"),
    CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
    CheckConstraint("exclusion IN ('cancelled','duplicate','officer_initiated','scheduled','test')", name="exclusion"),
    CheckConstraint("exclusion <> 'cancelled' OR import_id IS NOT NULL", name="cancelled"),
    Index("ix_incidents_received_at", "received_at", "incident_id"),
    Index("ix_incidents_ended_at", "ended_at"),
    Index("ix_incidents_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    Index("ix_incidents_open", "priority", "received_at", postgresql_where=text("state = 'open'")),
)

incident_numbers = Table(
    "incident_numbers",
    metadata,
    Column("day", Date, primary_key=True, comment="day of Asia/Taipei"),
    Column("last", Integer, nullable=False),
    comment="The last number given out on each day",
)

assignments = Table(
    "assignments",
    metadata,
    Column("assignment_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=False),
    Column("unit_id", Uuid, ForeignKey("units.unit_id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("unit_type", Text, comment="of the vehicle when the order was given; of an imported one as its file says"),
    Column("eta_s", Double, comment="as estimated when it was ordered"),
    Column("dispatched_at", Timestamp),
    Column("acknowledged_at", Timestamp, comment="null where the step was skipped: inferred, never an invented time"),
    Column("en_route_at", Timestamp),
    Column("on_scene_at", Timestamp, comment="the earlier of its witnesses, button and GPS"),
    Column("cleared_at", Timestamp),
    Column("ended_at", Timestamp),
    Column("end_reason", Text),
    Column("override_reason", Text, comment="why a dispatcher chose another unit than recommended"),
    Column(
        "review",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="why a person should look at its arrival; accuses nobody",
    ),
    Column("role", Text, comment="first, second, specialist; null: by hand"),
    Column(
        "diversions",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="how often its unit was sent elsewhere since it last was free",
    ),
    Column("import_line", Integer, comment="of the file it came from; null: one of ours"),
    Column(
        "eta_version",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="of the speeds that eta_s was made with",
    ),
    Column(
        "eta_street_class",
        Text,
        comment="on which most of the planned way lay; null where it was not over the streets, or not noted",
    ),
    CheckConstraint("import_line IS NOT NULL OR dispatched_at IS NOT NULL", name="known"),
    CheckConstraint("import_line IS NULL OR ended_at IS NOT NULL", name="imported"),
    Index("uq_assignments_active_unit", "unit_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_assignments_incident", "incident_id"),
    Index("ix_assignments_dispatched_at", "dispatched_at"),
    Index("ix_assignments_ended_at", "ended_at"),
    Index("ix_assignments_unit_ended_at", "unit_id", "ended_at", postgresql_where=text("import_line IS NULL")),
    Index("ix_assignments_active", "incident_id", postgresql_where=text("ended_at IS NULL")),
    comment="A unit on an incident. The unique index lets one unit have one active assignment, whoever races",
)

events = Table(
    "events",
    metadata,
    Column("event_id", BigInteger, Identity(always=True), primary_key=True),
    Column("recorded_at", Timestamp, nullable=False, comment="the server's clock"),
    Column("kind", Text, nullable=False, comment="past tense: incident_created, unit_dispatched, unit_on_scene …"),
    Column("incident_id", Uuid),
    Column("assignment_id", Uuid),
    Column("unit_id", Uuid),
    Column("happened_at", Timestamp, comment="the time that counts; null for a step that was only inferred"),
    Column("car_time", Timestamp, comment="the car's time, as it said it"),
    Column("said_by", Text, nullable=False, comment="button, gps, dispatcher, inferred, server"),
    Column("actor", Text, comment="user name or call sign"),
    Column("data", JSONB, nullable=False, server_default=text("'{}'")),
    Index("ix_events_incident", "incident_id", "event_id"),
    Index("ix_events_unit", "unit_id", "event_id"),
    Index("ix_events_recorded_at", "recorded_at", "event_id"),
    Index(
        "ix_events_unit_says",
        "unit_id",
        "kind",
        "event_id",
        postgresql_where=text(
            "kind IN ('unit_availability_changed','unit_changed','unit_connected','unit_disconnected','camera_changed')"
        ),
    ),
    comment="What happened, append-only, ids in the order of commit",
)

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Uuid, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=False),
    Column("assignment_id", Uuid, comment="null where nobody could be sent"),
    Column("decided_at", Timestamp, nullable=False),
    Column("decided_by", Text, nullable=False, comment="automatic, or the dispatcher's name"),
    Column("policy", Text, nullable=False),
    Column("candidates", JSONB, nullable=False, comment="every candidate with ETA and reasons"),
    Column("override_reason", Text),
    Column("round_id", Uuid, ForeignKey("decision_rounds.round_id"), comment="null: by hand"),
    Column("method", Text, comment="batch, greedy; null: by hand"),
    Column("fallback", Boolean, nullable=False, server_default=text("false")),
    Column("role", Text, comment="which of the incident's needs the unit meets"),
    Column("leaves", Uuid, ForeignKey("incidents.incident_id"), comment="the incident that the unit was under way to"),
    Index("ix_decisions_incident", "incident_id", "decided_at"),
    Index("ix_decisions_decided_at", "decided_at"),
    comment="Why this car? has an answer a year later",
)

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False, comment="sos, no_acknowledgement, declined, no_unit"),
    Column("level", Text, nullable=False, comment="alarm, warning, notice"),
    Column("unit_id", Uuid, ForeignKey("units.unit_id")),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id")),
    Column("raised_at", Timestamp, nullable=False),
    Column("lat", Double),
    Column("lon", Double),
    Column("data", JSONB, nullable=False, server_default=text("'{}'"), comment="for an SOS: the nearest units"),
    Column("acknowledged_at", Timestamp),
    Column("acknowledged_by", Text),
    Column("resolved_at", Timestamp),
    Column("resolved_by", Text),
    Column("snoozed_until", Timestamp, comment="it is quiet until then, though its reason stands"),
    Column("snoozed_by", Text),
    CheckConstraint("level IN ('alarm','warning','notice')", name="level"),
    Index("ix_alarms_unresolved", "raised_at", postgresql_where=text("resolved_at IS NULL")),
    Index("uq_alarms_open_sos", "unit_id", unique=True, postgresql_where=text("kind = 'sos' AND resolved_at IS NULL")),
)

camera_states = Table(
    "camera_states",
    metadata,
    Column("unit_id", Uuid, ForeignKey("units.unit_id"), primary_key=True),
    Column("camera_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("battery_pct", Double),
    Column("free_mb", Double),
    Column("recording_id", Text),
    Column("officer_id", Text),
    Column("said_at", Timestamp, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.user_id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=False),
    Column("created_at", Timestamp, nullable=False, server_default=func.now()),
)

access_log = Table(
    "access_log",
    metadata,
    Column("access_id", BigInteger, Identity(always=True), primary_key=True),
    Column("accessed_at", Timestamp, nullable=False, server_default=func.now()),
    Column("username", Text, nullable=False),
    Column("what", Text, nullable=False, comment="incident, track, period"),
    Column("subject", Text, nullable=False, comment="id of what was read"),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Index("ix_access_log_accessed_at", "accessed_at"),
    Index("ix_access_log_subject", "subject", "access_id"),
    comment="Who read personal data: callers, officers' tracks",
)

street_maps = Table(
    "street_maps",
    metadata,
    Column("map_id", BigInteger, Identity(always=True), primary_key=True),
    Column("loaded_at", Timestamp, nullable=False, server_default=func.now()),
    Column("source", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("generated", Boolean, nullable=False, server_default=text("false")),
    Column("facts", JSONB, nullable=False, comment="ways, kilometres, nodes, arcs, extent, what was dropped"),
    Column("content", LargeBinary, nullable=False, comment="as dispatch.roads.street_map_codec encodes it"),
    comment="The highest map_id is the loaded one; older ones are removed by the next import",
)

"""The bureau, its people and its work; `events` refuses any change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a correction is a new row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    """Build them."""
    op.create_table(
        "access_log",
        sa.Column("access_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("accessed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False, comment="incident, track"),
        sa.Column("subject", sa.Text(), nullable=False, comment="id of what was read"),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("access_id", name="pk_access_log"),
        comment="Who read personal data: callers, officers' tracks",
    )
    op.create_index("ix_access_log_accessed_at", "access_log", ["accessed_at"])
    op.create_table(
        "bureaus",
        sa.Column("bureau", sa.Text(), nullable=False, comment="its code, as it prefixes the bus subjects"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "outline",
            postgresql.JSONB(),
            comment="GeoJSON Polygon (lon, lat) of the area it answers for; null: the streets' extent",
        ),
        sa.PrimaryKeyConstraint("bureau", name="pk_bureaus"),
        comment="One row: one database, one bureau",
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="the server's clock"),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="past tense: incident_created, unit_dispatched, unit_on_scene …"
        ),
        sa.Column("incident_id", sa.Uuid()),
        sa.Column("assignment_id", sa.Uuid()),
        sa.Column("unit_id", sa.Uuid()),
        sa.Column(
            "happened_at",
            sa.DateTime(timezone=True),
            comment="the time that counts; null for a step that was only inferred",
        ),
        sa.Column("car_time", sa.DateTime(timezone=True), comment="the car's time, as it said it"),
        sa.Column("said_by", sa.Text(), nullable=False, comment="button, gps, dispatcher, inferred, server"),
        sa.Column("actor", sa.Text(), comment="user name or call sign"),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_events"),
        comment="What happened, append-only, ids in the order of commit",
    )
    op.create_index("ix_events_incident", "events", ["incident_id", "event_id"])
    op.create_index("ix_events_unit", "events", ["unit_id", "event_id"])
    op.create_table(
        "incident_numbers",
        sa.Column("day", sa.Date(), nullable=False, comment="day of Asia/Taipei"),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_incident_numbers"),
        comment="The last number given out on each day",
    )
    op.create_table(
        "precincts",
        sa.Column("precinct_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("precinct_id", name="pk_precincts"),
        sa.UniqueConstraint("name", name="uq_precincts_name"),
    )
    op.create_table(
        "street_maps",
        sa.Column("map_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("generated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "facts",
            postgresql.JSONB(),
            nullable=False,
            comment="ways, kilometres, nodes, arcs, extent, what was dropped",
        ),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="as dispatch.roads.street_map_codec encodes it"),
        sa.PrimaryKeyConstraint("map_id", name="pk_street_maps"),
        comment="The highest map_id is the loaded one; older ones are removed by the next import",
    )
    op.create_table(
        "users",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2id"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "role IN ('dispatcher','officer','supervisor','admin','auditor')", name=op.f("ck_users_role")
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "stations",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("precinct_id", sa.Uuid()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double()),
        sa.Column("lon", sa.Double()),
        sa.ForeignKeyConstraint(["precinct_id"], ["precincts.precinct_id"], name="fk_stations_precinct_id"),
        sa.PrimaryKeyConstraint("station_id", name="pk_stations"),
        sa.UniqueConstraint("name", name="uq_stations_name"),
    )
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="YYYYMMDD-NNNN, day of Asia/Taipei"),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False, comment="1 highest .. 4"),
        sa.Column("accident_class", sa.Text(), comment="A1, A2, A3; of a traffic_accident only"),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("caller_name", sa.Text()),
        sa.Column("caller_phone", sa.Text()),
        sa.Column("station_id", sa.Uuid(), comment="the station nearest to the place"),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), nullable=False, comment="the call came in: the clock starts"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="the incident was entered"),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("disposition", sa.Text(), comment="how it ended, free text"),
        sa.Column("merged_into", sa.Uuid()),
        sa.Column(
            "exclusion",
            sa.Text(),
            comment="why the ten-minute clock leaves it out; a cancellation is told by state and arrival",
        ),
        sa.Column("created_by", sa.Uuid()),
        sa.Column(
            "version", sa.Integer(), server_default=sa.text("1"), nullable=False, comment="rises with each change"
        ),
        sa.CheckConstraint(
            "exclusion IN ('duplicate','officer_initiated','scheduled','test')", name=op.f("ck_incidents_exclusion")
        ),
        sa.CheckConstraint("state IN ('open','closed','cancelled','merged')", name=op.f("ck_incidents_state")),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_incidents_priority")),
        sa.ForeignKeyConstraint(["created_by"], ["users.user_id"], name="fk_incidents_created_by"),
        sa.ForeignKeyConstraint(["merged_into"], ["incidents.incident_id"], name="fk_incidents_merged_into"),
        sa.ForeignKeyConstraint(["station_id"], ["stations.station_id"], name="fk_incidents_station_id"),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incidents"),
        sa.UniqueConstraint("number", name="uq_incidents_number"),
    )
    op.create_index(
        "ix_incidents_open", "incidents", ["priority", "received_at"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("ix_incidents_received_at", "incidents", ["received_at", "incident_id"])
    op.create_table(
        "units",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="call sign"),
        sa.Column("station_id", sa.Uuid()),
        sa.Column("available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("unavailable_reason", sa.Text()),
        sa.Column("availability_at", sa.DateTime(timezone=True), comment="when the crew said so, car's time"),
        sa.ForeignKeyConstraint(["station_id"], ["stations.station_id"], name="fk_units_station_id"),
        sa.PrimaryKeyConstraint("unit_id", name="pk_units"),
        sa.UniqueConstraint("name", name="uq_units_name"),
        comment="Crew and vehicle on duty. Its status follows from assignments and availability and is stored nowhere",
    )
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="sos, no_acknowledgement, declined, no_unit"),
        sa.Column("level", sa.Text(), nullable=False, comment="alarm, warning"),
        sa.Column("unit_id", sa.Uuid()),
        sa.Column("incident_id", sa.Uuid()),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lat", sa.Double()),
        sa.Column("lon", sa.Double()),
        sa.Column(
            "data",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="for an SOS: the nearest units",
        ),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_by", sa.Text()),
        sa.CheckConstraint("level IN ('alarm','warning')", name=op.f("ck_alarms_level")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name="fk_alarms_incident_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name="fk_alarms_unit_id"),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_alarms"),
    )
    op.create_index("ix_alarms_unresolved", "alarms", ["raised_at"], postgresql_where=sa.text("resolved_at IS NULL"))
    op.create_index(
        "uq_alarms_open_sos",
        "alarms",
        ["unit_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'sos' AND resolved_at IS NULL"),
    )
    op.create_table(
        "assignments",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("eta_s", sa.Double(), comment="as estimated when it was ordered"),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "acknowledged_at",
            sa.DateTime(timezone=True),
            comment="null where the step was skipped: inferred, never an invented time",
        ),
        sa.Column("en_route_at", sa.DateTime(timezone=True)),
        sa.Column("on_scene_at", sa.DateTime(timezone=True), comment="the earlier of its witnesses, button and GPS"),
        sa.Column("cleared_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("end_reason", sa.Text()),
        sa.Column("override_reason", sa.Text(), comment="why a dispatcher chose another unit than recommended"),
        sa.Column(
            "review",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="why a person should look at its arrival; accuses nobody",
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name="fk_assignments_incident_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name="fk_assignments_unit_id"),
        sa.PrimaryKeyConstraint("assignment_id", name="pk_assignments"),
        comment="A unit on an incident. The unique index lets one unit have one active assignment, whoever races",
    )
    op.create_index(
        "ix_assignments_active", "assignments", ["incident_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_assignments_incident", "assignments", ["incident_id"])
    op.create_index(
        "uq_assignments_active_unit",
        "assignments",
        ["unit_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "camera_states",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("camera_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("battery_pct", sa.Double()),
        sa.Column("free_mb", sa.Double()),
        sa.Column("recording_id", sa.Text()),
        sa.Column("officer_id", sa.Text()),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name="fk_camera_states_unit_id"),
        sa.PrimaryKeyConstraint("unit_id", "camera_id", name="pk_camera_states"),
    )
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), comment="null where nobody could be sent"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False, comment="automatic, or the dispatcher's name"),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("candidates", postgresql.JSONB(), nullable=False, comment="every candidate with ETA and reasons"),
        sa.Column("override_reason", sa.Text()),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name="fk_decisions_incident_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
        comment="Why this car? has an answer a year later",
    )
    op.create_index("ix_decisions_incident", "decisions", ["incident_id", "decided_at"])
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.incident_id"], name="fk_idempotency_keys_incident_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_idempotency_keys_user_id"),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_keys"),
    )
    op.create_table(
        "vehicles",
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("capabilities", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("type IN ('car','motorcycle','other')", name=op.f("ck_vehicles_type")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device_id"], name="fk_vehicles_device_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name="fk_vehicles_unit_id"),
        sa.PrimaryKeyConstraint("vehicle_id", name="pk_vehicles"),
        sa.UniqueConstraint("device_id", name="uq_vehicles_device_id"),
        sa.UniqueConstraint("plate", name="uq_vehicles_plate"),
        sa.UniqueConstraint("unit_id", name="uq_vehicles_unit_id"),
    )
    op.execute(REFUSE)
    op.execute(
        "CREATE TRIGGER events_rows_stay BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER events_stay BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Take them away."""
    for table in (
        "vehicles",
        "idempotency_keys",
        "decisions",
        "camera_states",
        "assignments",
        "alarms",
        "units",
        "incidents",
        "stations",
        "sessions",
        "users",
        "street_maps",
        "precincts",
        "incident_numbers",
        "events",
        "bureaus",
        "access_log",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")

"""Addresses, landmarks and localities of the loaded street map."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, ForeignKey, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.store import metadata

places = Table(
    "places",
    metadata,
    Column("place_id", BigInteger, Identity(always=True), primary_key=True),
    Column("map_id", BigInteger, ForeignKey("street_maps.map_id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, comment="of an address its street"),
    Column("number", Text, nullable=False, server_default="", comment="house number, with lane and alley"),
    Column("sort", Text, nullable=False, server_default="", comment="hospital, station, village …"),
    Column("aliases", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    CheckConstraint("kind IN ('address','landmark','locality')", name="kind"),
    Index("ix_places_map_id", "map_id"),
    comment="Comes and goes with its street map",
)

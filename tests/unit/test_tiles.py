"""A tile server by its address: which addresses a setting takes, and that the page may load from that host alone."""

from __future__ import annotations

import pytest

from dispatch.api.guard import content_security_policy
from dispatch.domain.refusals import Invalid
from dispatch.settings import read_settings

NLSC = "https://wmts.nlsc.gov.tw/wmts/EMAP/default/GoogleMapsCompatible/{z}/{y}/{x}"
"""The national mapping centre of Taiwan: row before column, and no ending."""


def _sources(policy: str, directive: str) -> list[str]:
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    return parts[directive].split(" ")


def test_the_policy_lets_exactly_that_host_in() -> None:
    """For pictures and for the requests that fetch them; by https, and by no wider pattern."""
    policy = content_security_policy(NLSC)
    assert _sources(policy, "img-src") == ["'self'", "data:", "blob:", "https://wmts.nlsc.gov.tw"]
    assert _sources(policy, "connect-src") == ["'self'", "https://wmts.nlsc.gov.tw"]
    assert _sources(policy, "default-src") == ["'self'"]


def test_a_port_belongs_to_the_host() -> None:
    """Another port of the same machine is another server."""
    assert "http://10.1.2.3:8090" in _sources(content_security_policy("http://10.1.2.3:8090/{z}/{x}/{y}"), "img-src")


def test_without_a_tile_server_nothing_comes_from_elsewhere() -> None:
    """The page's own server alone."""
    assert _sources(content_security_policy(None), "connect-src") == ["'self'"]


def test_row_before_column_is_a_template() -> None:
    """All three places in any order."""
    given = {"DATABASE_URL": "postgresql://u@h/d", "NATS_URL": "nats://h"}
    assert read_settings(**given, tile_url=NLSC).tile_url == NLSC
    with pytest.raises(Invalid, match="PATROL_TILE_URL must contain"):
        read_settings(**given, tile_url="https://tiles.example/{z}/{x}")

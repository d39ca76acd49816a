"""What the gateway counts, for GET /metrics. No unit, device or position appears in a label."""

from __future__ import annotations

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


class Metrics:
    """One registry a gateway, so that several may run in one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.connections = Gauge("patrol_gateway_connections", "Cars connected now", registry=self._registry)
        self.frames = Counter("patrol_gateway_frames", "Frames received from cars", registry=self._registry)
        self.messages = Counter(
            "patrol_gateway_messages", "Messages made durable, each once", ["kind"], registry=self._registry
        )
        self.commits = Counter("patrol_gateway_commits", "Transactions that wrote messages", registry=self._registry)
        self.queue = Gauge("patrol_gateway_queue_messages", "Messages that wait for a commit", registry=self._registry)
        self.errors = Counter("patrol_gateway_errors", "Frames that could not be read", registry=self._registry)
        self.refused_handshakes = Counter(
            "patrol_gateway_refused_handshakes",
            "Handshakes refused, by HTTP status",
            ["status"],
            registry=self._registry,
        )
        self.phone_requests = Counter(
            "patrol_gateway_phone_requests",
            "Requests of phones' tracker apps, by HTTP status",
            ["status"],
            registry=self._registry,
        )
        self.phone_refused = Counter(
            "patrol_gateway_phone_reports_refused",
            "Reports of phones' tracker apps that were answered with 200 and refused for good, by reason",
            ["code"],
            registry=self._registry,
        )
        self.enrolments = Counter(
            "patrol_gateway_enrolments",
            "Questions for a device token, by what came of them; bad_code and bad_token are guesses",
            ["outcome"],
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

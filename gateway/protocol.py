"""Vehicle link, version 1: every message as a type, and its JSON codec. Pure; shared by gateway, car and dispatch.

The link is described in docs/protocol.md. Times are integer milliseconds since the Unix epoch, UTC; positions are
WGS 84 decimal degrees; units stand in the member names.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

PATH: Final = "/vehicle/v1"
SUBPROTOCOL: Final = "patrol.vehicle.v1"
ENROL_PATH: Final = "/vehicle/v1/enrol"
ENROL_SUBPROTOCOL: Final = "patrol.enrol.v1"
FRAME_LIMIT_BYTES: Final = 64 * 1024
CLOSE_GOING_AWAY: Final = 1001
CLOSE_POLICY: Final = 1008
CLOSE_TOO_BIG: Final = 1009
CLOSE_SILENT: Final = 1011
CLOSE_TRY_LATER: Final = 1013
CLOSE_TAKEN_OVER: Final = 4001
CLOCK_AHEAD_LIMIT_MS: Final = 5 * 60 * 1000

SEQ_MAX: Final = 2**63 - 1
RECORDING_MAX_BYTES: Final = 2**53  # what a double holds exactly: no JSON reader rounds it
TIME_MAX_MS: Final = 253_402_300_799_000  # 9999-12-31T23:59:59Z, the last second a calendar date can hold

Seq = Annotated[int, Meta(ge=1, le=SEQ_MAX)]
TimeMs = Annotated[int, Meta(ge=0, le=TIME_MAX_MS)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Meta(max_length=FRAME_LIMIT_BYTES, pattern=r"^[^\x00]*$")]


class Step(StrEnum):
    """What a crew may report of one assignment."""

    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLEARED = "cleared"
    DECLINED = "declined"


class RejectedCode(StrEnum):
    """Why a message is refused for good."""

    BAD_MESSAGE = "bad_message"
    CLOCK_AHEAD = "clock_ahead"
    BAD_STEP = "bad_step"


class ErrorCode(StrEnum):
    """Why a frame could not be read."""

    BAD_JSON = "bad_json"
    BAD_MESSAGE = "bad_message"
    UNKNOWN_TYPE = "unknown_type"
    NO_HELLO = "no_hello"
    TOO_FAST = "too_fast"


class EndReason(StrEnum):
    """Why a unit is told to stand down."""

    CANCELLED = "cancelled"
    REASSIGNED = "reassigned"
    CLOSED = "closed"


class Message(Struct, tag_field="type", omit_defaults=True, frozen=True, kw_only=True):
    """Any object on the link; its tag is the member `type`."""


# ---- car to gateway


class Hello(Message, tag="hello", frozen=True):
    """First message of every connection; `boot` names one run of the car's journal."""

    boot: Uuid
    agent: Name
    clock_ms: TimeMs


class Journalled(Message, frozen=True):
    """A message that entered the car's journal and is acknowledged by its `seq`."""

    seq: Seq
    time_ms: TimeMs


class Stamped(Journalled, frozen=True, kw_only=True):
    """A message whose `time_ms` is the car's best knowledge of the time.

    `clock_ms`: what the car computer's own clock said, where that was wrong and `time_ms` is corrected. `time_unsure`:
    nothing has confirmed that clock since (decision 0030).
    """

    clock_ms: TimeMs | None = None
    time_unsure: bool = False


class Fix(Journalled, tag="fix", frozen=True):
    """A position as the receiver measured it; `time_ms` is the receiver's (GNSS) time."""

    lat: Latitude
    lon: Longitude
    accuracy_m: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None
    speed_mps: Annotated[float, Meta(ge=0, le=1_000)] | None = None
    course_deg: Annotated[float, Meta(ge=0, le=360)] | None = None
    altitude_m: Annotated[float, Meta(ge=-20_000, le=100_000)] | None = None
    source: Literal["gnss", "phone", "manual"] | None = None


class Camera(Stamped, tag="camera", frozen=True):
    """State of one body-worn or in-car camera."""

    camera_id: Name
    state: Literal["off", "standby", "buffering", "recording", "uploading", "fault"]
    battery_pct: Annotated[float, Meta(ge=0, le=100)] | None = None
    free_mb: Annotated[float, Meta(ge=0, le=1e12)] | None = None
    recording_id: Name | None = None
    officer_id: Name | None = None


class Status(Stamped, tag="status", frozen=True):
    """A step in one assignment."""

    assignment_id: Name
    status: Step
    reason: Text | None = None
    disposition: Text | None = None
    note: Text | None = None


class Availability(Stamped, tag="availability", frozen=True):
    """On patrol, or out of service (meal, refuel, paperwork, off duty)."""

    available: bool
    reason: Text | None = None


class Sos(Stamped, tag="sos", frozen=True):
    """Officer needs help, or that is over. Works with no position at all."""

    active: bool
    lat: Latitude | None = None
    lon: Longitude | None = None
    note: Text | None = None


class CheckIn(Stamped, tag="check_in", frozen=True):
    """The crew of an assignment is well, says the crew."""

    assignment_id: Name


class Recording(Stamped, tag="recording", frozen=True):
    """A recording is closed: the index of a file that stays in the car until it is uploaded and verified.

    `lost`: told again, because the car can't send it (any more).
    """

    recording_id: Name
    camera_id: Name
    started_ms: TimeMs
    ended_ms: TimeMs
    size_bytes: Annotated[int, Meta(ge=0, le=RECORDING_MAX_BYTES)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    name: Name
    officer_id: Name | None = None
    assignment_id: Name | None = None
    media_type: Name | None = None
    lost: Literal["missing", "spoilt"] | None = None


OffsetMs = Annotated[int, Meta(ge=-TIME_MAX_MS, le=TIME_MAX_MS)]


class Health(Stamped, tag="health", frozen=True):
    """How the agent itself is: after each welcome, when its troubles change, and now and then.

    Offsets are the other clock minus the car computer's; absent where nothing is known. `waiting`: messages that are
    not acknowledged. `troubles`: codes, oldest first.
    """

    agent: Name
    waiting: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    uptime_s: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    troubles: Annotated[list[Name], Meta(max_length=100)]
    clock_offset_ms: OffsetMs | None = None
    gnss_offset_ms: OffsetMs | None = None


CarMessage = Hello | Fix | Camera | Recording | Status | Availability | Sos | CheckIn | Health
JournalledMessage = Fix | Camera | Recording | Status | Availability | Sos | CheckIn | Health


# ---- gateway to car


class OrderIncident(Struct, omit_defaults=True, frozen=True, kw_only=True):
    """What the crew is told of the work."""

    id: str
    number: str
    category: str
    priority: int
    summary: str
    lat: float
    lon: float
    received_ms: int
    address: str | None = None
    caller_note: str | None = None


class Arrived(Struct, frozen=True, kw_only=True):
    """An arrival on record that the crew did not press: by the car's own track, or by word of mouth to the desk."""

    by: Literal["gps", "dispatcher"]
    at_ms: int


class OrderBody(Message, frozen=True):
    """Members common to `order` and `order_update`. `route` is a GeoJSON LineString (lon, lat)."""

    assignment_id: str
    incident: OrderIncident
    arrive_by_ms: int
    eta_s: float | None = None
    route: dict[str, Any] | None = None
    arrived: Arrived | None = None


class Order(OrderBody, tag="order", frozen=True):
    """Go there. Sent again after every reconnect until the assignment ends."""


class OrderUpdate(OrderBody, tag="order_update", frozen=True):
    """The incident changed."""


class OrderEnded(Message, tag="order_ended", frozen=True):
    """Stand down."""

    assignment_id: str
    reason: EndReason


class Notice(Message, tag="notice", frozen=True):
    """A message for the crew.

    `code`: `sos_acknowledged` or `sos_resolved`, where it is the desk's word on the crew's SOS; `boot` and `seq` then
    name the newest `sos` message that the word is about. `asked_to_check_in` and `asked_why_stationary` are questions
    to the crew. A car that knows none of these shows the text.
    """

    text: str
    level: Literal["info", "warning", "alarm"]
    code: str | None = None
    boot: str | None = None
    seq: int | None = None


class Welcome(Message, tag="welcome", frozen=True, omit_defaults=False):
    """Answer to `hello`, within 2 s. `resume_after`: highest `seq` of this `boot` held durably, 0 if none."""

    unit_id: str
    unit_name: str
    server_ms: int
    resume_after: int
    orders: list[Order]


class Ack(Message, tag="ack", frozen=True):
    """Every message up to and including `seq` is durable."""

    seq: int


class Rejected(Message, tag="rejected", frozen=True):
    """That message is refused for good; it counts as acknowledged. `boot`: the journal whose `seq` it is; without it
    that of the connection."""

    seq: int
    code: RejectedCode
    message: str
    boot: str | None = None


class Error(Message, tag="error", frozen=True):
    """The frame could not be read."""

    code: ErrorCode
    message: str


GatewayMessage = Welcome | Ack | Order | OrderUpdate | OrderEnded | Notice | Rejected | Error

GATEWAY_TYPES: Final = frozenset(
    {"welcome", "ack", "order", "order_update", "order_ended", "notice", "rejected", "error"}
)
CAR_TYPES: Final = frozenset(
    {"hello", "fix", "camera", "recording", "status", "availability", "sos", "check_in", "health"}
)

_encoder = msgspec.json.Encoder()


_from_gateway: msgspec.json.Decoder[Any] = msgspec.json.Decoder(GatewayMessage)


def encode(message: Message | list[Any]) -> str:
    """One frame: a message, or a list of messages as a batch."""
    return _encoder.encode(message).decode()


def decode_from_gateway(frame: str | bytes) -> GatewayMessage | None:
    """One frame as the car reads it; None for a type this version does not know.

    Raises `msgspec.DecodeError` where the frame is not JSON, `msgspec.ValidationError` where a member is wrong.
    """
    raw = msgspec.json.decode(frame)
    if isinstance(raw, dict) and isinstance(raw.get("type"), str) and raw["type"] not in GATEWAY_TYPES:
        return None
    message: GatewayMessage = _from_gateway.decode(frame)
    return message

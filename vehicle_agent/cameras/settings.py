"""The file given by --cameras: which cameras there are, where their files go. TOML; described in docs/recordings.md."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from vehicle_agent.cameras.settings_checks import check_headers, check_name_time, check_time_zone, check_url
from vehicle_agent.cameras.status_words import STATES, Paths
from vehicle_agent.errors import SettingsError

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Word = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
PathText = Annotated[str, Meta(min_length=1, pattern=r"^[^\x00]*$")]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
VIDEO_FILES: Final = ("*.mp4", "*.MP4", "*.mov", "*.MOV", "*.avi", "*.AVI", "*.mkv", "*.ts", "*.TS")


class _Camera(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    id: Word
    paths: Paths = Paths()
    words: dict[str, str] = {}


class FolderSettings(_Camera, tag="folder", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dock or dashcam that writes into a folder. `name_time`: strptime pattern of the begin in a file's name."""

    folder: PathText
    files: tuple[str, ...] = VIDEO_FILES
    rest_s: Seconds = 10.0
    status_file: PathText | None = None
    stale_s: Seconds = 60.0
    request_file: PathText | None = None
    name_time: str | None = None
    time_zone: str = "Asia/Taipei"


class HttpSettings(_Camera, tag="http", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that tells its state as JSON over HTTP."""

    url: str
    every_s: Seconds = 5.0
    timeout_s: Seconds = 3.0
    record_url: str | None = None
    record_body: str = "{}"
    header: dict[str, str] = {}


class SimulatedSettings(_Camera, tag="simulated", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera that does what it is asked, for demonstrations."""


class UploadSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where files go and when. `keep_days`: a verified file is deleted in the car after so long; None: never."""

    url: str
    station_networks: tuple[str, ...] = ()
    piece_mb: Annotated[int, Meta(ge=1, le=32)] = 4
    every_s: Seconds = 10.0
    timeout_s: Seconds = 20.0
    keep_days: Annotated[float, Meta(ge=0)] | None = None
    ca_file: PathText | None = None

    def networks(self) -> tuple[Network, ...]:
        """The station's networks. Raises ValueError."""
        return tuple(ipaddress.ip_network(text) for text in self.station_networks)


class CameraSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of the file."""

    camera: tuple[FolderSettings | HttpSettings | SimulatedSettings, ...] = ()
    uploads: UploadSettings | None = None
    records_within_s: Seconds = 10.0


def read_camera_settings(path: Path | None) -> CameraSettings:
    """No cameras without a file. Raises SettingsError with the member that is wrong and what it should be."""
    if path is None:
        return CameraSettings()
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = msgspec.convert(told, CameraSettings)
        _check(settings)
    except OSError as error:
        raise SettingsError(f"cannot read the camera settings {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"the camera settings {path}: {error}") from error
    return settings


def _check(settings: CameraSettings) -> None:
    ids = [camera.id for camera in settings.camera]
    if twice := {each for each in ids if ids.count(each) > 1}:
        raise ValueError(f"two cameras have the id {min(twice)!r}; give each its own")
    for camera in settings.camera:
        for word, state in camera.words.items():
            if state not in STATES:
                raise ValueError(
                    f"words of {camera.id!r}: {word} = {state!r} is no state; use {', '.join(sorted(STATES))}"
                )
        if isinstance(camera, FolderSettings):
            check_time_zone(camera.time_zone, f"time_zone of {camera.id!r}")
            if camera.name_time is not None:
                check_name_time(camera.name_time, f"name_time of {camera.id!r}")
        if isinstance(camera, HttpSettings):
            check_url(camera.url, f"url of {camera.id!r}")
            check_headers(camera.header, f"header of {camera.id!r}")
            if camera.record_url is not None:
                check_url(camera.record_url, f"record_url of {camera.id!r}")
    if settings.uploads is not None:
        check_url(settings.uploads.url, "uploads.url")
        settings.uploads.networks()

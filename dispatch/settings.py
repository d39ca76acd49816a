"""What an operator can set for dispatch, read once from the environment. The gateway and the car have their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from dispatch.domain.alarm_rules import AlarmRules
from dispatch.domain.refusals import Invalid
from dispatch.policy_environment import PolicyEnvironment

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
SECRET: Final = frozenset({"database_url", "nats_url"})


class Settings(PolicyEnvironment):
    """One dispatch server's settings. `DATABASE_URL` and `NATS_URL` stand alone; all others begin with `PATROL_`.

    Who goes is set in the part that this one builds on.
    """

    model_config = SettingsConfigDict(frozen=True, env_prefix="PATROL_", populate_by_name=True, extra="ignore")

    database_url: str = Field(validation_alias="DATABASE_URL", repr=False)
    nats_url: str = Field(validation_alias="NATS_URL", repr=False)
    bureau: str = Field(default="chiayi", pattern=r"^[A-Za-z0-9_-]+$", description="prefixes the bus subjects")

    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 opens it to the network")
    port: int = Field(default=8080, ge=0, le=65535)
    gateway_port: int = Field(default=8081, ge=0, le=65535, description="for what `patrol up` starts")
    phone_port: int | None = Field(
        default=None, ge=0, le=65535, description="HTTP for tracker apps; unset: 5055 under `patrol up`, else none"
    )
    public_url: str | None = Field(default=None, description="address under which browsers see it, where proxied")
    secure_cookie: bool = Field(default=False, description="true behind TLS: the session cookie travels on it alone")
    log_json: bool = False

    ask_again_after_s: Seconds = Field(default=300, description="before a unit that let an order lapse is asked again")
    tick_s: Seconds = Field(default=10, description="the dispatcher loop looks again at the latest after so long")

    session_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 12
    login_failures: int = Field(default=10, ge=1, description="wrong passwords within the window, then wait")
    login_window_s: Seconds = 300

    # what-if
    what_if_worker: bool = Field(default=True, description="this server runs what-ifs, in a process of its own")

    # reports
    scheduled_reports: bool = Field(default=True, description="reports are made by the calendar, where it leads")

    # where to wait
    standby_suggestions: bool = Field(default=True, description="suggest where idle units should wait")
    standby_moves_max: int = Field(default=2, ge=0, le=20, description="so many suggestions stand at a time")
    coverage_limit_s: Annotated[float, Field(ge=30, le=1800)] = Field(
        default=300, description="a call is covered where an idle unit drives no longer"
    )
    coverage_threshold: Share = Field(default=0.6, description="a smaller share of the expected calls: an alarm")
    coverage_clear: Share = Field(default=0.65, description="from this share on the alarm is over")

    # alarms: the domain's alarm_rules says what each is for
    alarm_look_s: Seconds = Field(default=5, description="the watchers look again after so long")
    alarm_standing_s: Seconds = Field(default=120, description="a unit under way that stands for so long: a warning")
    alarm_no_progress_s: Seconds = Field(default=300, description="the same for one that comes no nearer")
    alarm_unassigned_left_s: Seconds = Field(default=240, description="nobody sent with so long left of the target")
    alarm_link_lost_s: Seconds = Field(default=45, description="a car on an assignment without a link for so long")
    alarm_tracker_silent_s: Seconds = Field(
        default=120, description="one without a link, of which phone and page say nothing for so long"
    )
    alarm_camera_grace_s: Seconds = Field(default=30, description="after setting off to priority 1 a camera records")
    alarm_crew_first_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=30, description="so long before it is called stationary a crew is asked; 0: not at all"
    )
    check_in_after_s: Seconds = Field(default=600, description="a crew silent on a priority 1 scene is asked")
    check_in_alarm_s: Seconds = Field(default=180, description="no answer so long after the question: a warning")
    dead_links_s: Seconds = Field(default=10, description="links of gateways that died are ended after so long")
    waiting_counts: bool = Field(default=True, description="the sign-in screen counts SOS and calls without a unit")

    fix_retention_days: int = Field(default=90, ge=1)
    recordings_folder: Path | None = Field(
        default=None, description="where files of recordings are kept; unset: `recordings` in the data folder"
    )
    recording_retention_days: int = Field(default=180, ge=1, description="older recordings go, held ones stay")
    tile_url: str | None = Field(default=None, description="base map tiles {z}/{x}/{y}; unset: the imported streets")
    pool_size: int = Field(default=10, ge=2, le=500)

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: str) -> str:
        if not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return value.replace("postgres://", "postgresql://", 1)

    @field_validator("nats_url")
    @classmethod
    def _is_nats(cls, value: str) -> str:
        if not value.startswith(("nats://", "tls://")):
            raise ValueError("must begin with nats:// or tls://")
        return value

    @field_validator("tile_url")
    @classmethod
    def _has_tile_places(cls, value: str | None) -> str | None:
        if value is not None and not all(place in value for place in ("{z}", "{x}", "{y}")):
            raise ValueError("must contain {z}, {x} and {y}")
        return value

    @field_validator("coverage_clear")
    @classmethod
    def _not_below_the_threshold(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("coverage_threshold", 0.0):
            raise ValueError("must not be below PATROL_COVERAGE_THRESHOLD")
        return value

    @field_validator("alarm_crew_first_s")
    @classmethod
    def _before_the_alarm(cls, value: float, info: ValidationInfo) -> float:
        for name in ("alarm_standing_s", "alarm_no_progress_s"):
            if value >= info.data.get(name, float("inf")):
                raise ValueError(
                    f"must be below {_variable(name)}: else every crew is told as soon as it sets off; 0 tells none"
                )
        return value

    def alarm_rules(self) -> AlarmRules:
        """The figures of the watchers."""
        return AlarmRules(
            standing_s=self.alarm_standing_s,
            no_progress_s=self.alarm_no_progress_s,
            fresh_s=self.stale_after_s,
            target_s=self.policy_target_s,
            unassigned_left_s=self.alarm_unassigned_left_s,
            link_lost_s=self.alarm_link_lost_s,
            tracker_silent_s=self.alarm_tracker_silent_s,
            camera_grace_s=self.alarm_camera_grace_s,
            crew_first_s=self.alarm_crew_first_s,
            check_in_after_s=self.check_in_after_s,
            check_in_alarm_s=self.check_in_alarm_s,
        )

    def printable(self) -> dict[str, Any]:
        """Every setting but those that hold a secret; lists as the environment would hold them."""
        return {name: _as_text(value) for name, value in self.model_dump(exclude=set(SECRET)).items()}


def read_settings(**given: Any) -> Settings:
    """The environment's settings, with `given` above them.

    Raises Invalid, which names every wrong variable and why, and repeats no value: one may hold a password.
    """
    try:
        settings = Settings(**given)
        settings.policy()
    except Invalid as error:
        raise Invalid(f"settings: {_variable(error.member or '')} {error.detail}") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{_variable(str(problem['loc'][0]))} {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise Invalid(f"settings: {wrong}") from None
    return settings


def _as_text(value: Any) -> Any:
    if isinstance(value, frozenset):
        value = sorted(value)
    if isinstance(value, Path):
        return str(value)
    return ",".join(f"{part}" for part in value) if isinstance(value, list | tuple) else value


def _variable(field: str) -> str:
    return field.upper() if field.lower() in SECRET else f"PATROL_{field.upper()}"

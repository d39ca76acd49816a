"""What an operator can set for dispatch, read once from the environment. The gateway and the car have their own."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.domain.refusals import Invalid

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
SECRET: Final = frozenset({"database_url", "nats_url"})


class Settings(BaseSettings):
    """One dispatch server's settings. `DATABASE_URL` and `NATS_URL` stand alone; all others begin with `PATROL_`."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PATROL_", populate_by_name=True, extra="ignore")

    database_url: str = Field(validation_alias="DATABASE_URL", repr=False)
    nats_url: str = Field(validation_alias="NATS_URL", repr=False)
    bureau: str = Field(default="chiayi", pattern=r"^[A-Za-z0-9_-]+$", description="prefixes the bus subjects")

    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 opens it to the network")
    port: int = Field(default=8080, ge=0, le=65535)
    gateway_port: int = Field(default=8081, ge=0, le=65535, description="for what `patrol up` starts")
    public_url: str | None = Field(default=None, description="address under which browsers see it, where proxied")
    secure_cookie: bool = Field(default=False, description="true behind TLS: the session cookie travels on it alone")
    log_json: bool = False

    dispatch_mode: Literal["automatic", "recommend"] = "automatic"
    ack_timeout_s: Seconds = Field(default=30, description="an order unacknowledged for so long goes to the next unit")
    ask_again_after_s: Seconds = Field(default=300, description="before a unit that let an order lapse is asked again")
    tick_s: Seconds = Field(default=10, description="the dispatcher loop looks again at the latest after so long")
    stale_after_s: Seconds = Field(default=30, description="an older position widens the ETA, and says so")
    lost_after_s: Seconds = Field(default=300, description="an older position is no ground for an order")

    session_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 12
    login_failures: int = Field(default=10, ge=1, description="wrong passwords within the window, then wait")
    login_window_s: Seconds = 300

    fix_retention_days: int = Field(default=90, ge=1)
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

    def printable(self) -> dict[str, Any]:
        """Every setting but those that hold a secret."""
        return self.model_dump(exclude=set(SECRET))


def read_settings(**given: Any) -> Settings:
    """The environment's settings, with `given` above them.

    Raises Invalid, which names every wrong variable and why, and repeats no value: one may hold a password.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = "; ".join(
            f"{_variable(str(problem['loc'][0]))} {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise Invalid(f"settings: {wrong}") from None


def _variable(field: str) -> str:
    return field.upper() if field.lower() in SECRET else f"PATROL_{field.upper()}"

"""What an operator can set, read once from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.callers import PROXIES_HERE, Proxies
from gateway.guesses import GuessLimits
from gateway.inbox import Pace
from gateway.phones_limits import Rate
from gateway.session import Limits

Seconds = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """One gateway's settings. `DATABASE_URL` and `NATS_URL` stand alone; all others begin with `PATROL_`."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PATROL_", populate_by_name=True, extra="ignore")

    database_url: str = Field(validation_alias="DATABASE_URL", repr=False)
    nats_url: str = Field(validation_alias="NATS_URL", repr=False)
    bureau: str = Field(default="chiayi", pattern=r"^[A-Za-z0-9_-]+$")

    trusted_proxies: str = Field(
        default=PROXIES_HERE,
        validation_alias="FORWARDED_ALLOW_IPS",
        description="whose X-Forwarded-For is believed: addresses and networks by commas",
    )
    gateway_host: str = "0.0.0.0"  # noqa: S104 - the cars are outside
    gateway_port: int = Field(default=8081, ge=0, le=65535)
    gateway_ping_s: Seconds = 20
    gateway_silence_s: Seconds = 60
    gateway_hello_s: Seconds = 60
    gateway_close_s: Seconds = 5
    gateway_orders_period_s: Seconds = 1
    gateway_sweep_s: Seconds = 10
    gateway_burst_frames: float = Field(default=20_000, ge=1)
    gateway_frames_per_s: float = Field(default=1_000, gt=0)
    gateway_batch_delay_s: Seconds = 0.05
    gateway_batch_messages: int = Field(default=5_000, ge=1)
    gateway_queue_messages: int = Field(default=50_000, ge=1)
    gateway_pool_size: int = Field(default=8, ge=4)
    phone_port: int | None = Field(default=None, ge=0, le=65535, description="HTTP for tracker apps; unset: none")
    phone_burst: float = Field(default=300, ge=1, description="reports of one phone at once, then so many a second:")
    phone_per_s: float = Field(default=10, gt=0)
    phone_guess_burst: float = Field(default=50, ge=1, description="wrong tokens of one address at once, and then:")
    phone_guess_per_s: float = Field(default=1, gt=0)
    # Wrong enrolment codes: so many at once, then so many a minute; of one address, and over all.
    gateway_enrol_burst_per_address: float = Field(default=10, ge=1)
    gateway_enrol_per_address_per_min: float = Field(default=2, gt=0)
    gateway_enrol_burst: float = Field(default=100, ge=1)
    gateway_enrol_per_min: float = Field(default=60, gt=0)
    fix_retention_days: int = Field(default=90, ge=1)
    log_json: bool = False

    @field_validator("trusted_proxies")
    @classmethod
    def _readable(cls, told: str) -> str:
        Proxies(told)
        return told

    @property
    def limits(self) -> Limits:
        """What one connection may ask for."""
        return Limits(
            burst_frames=self.gateway_burst_frames,
            frames_per_s=self.gateway_frames_per_s,
            hello_within_s=self.gateway_hello_s,
        )

    @property
    def guess_limits(self) -> GuessLimits:
        """How many wrong enrolment codes are heard."""
        return GuessLimits(
            burst_per_address=self.gateway_enrol_burst_per_address,
            per_address_per_min=self.gateway_enrol_per_address_per_min,
            burst=self.gateway_enrol_burst,
            per_min=self.gateway_enrol_per_min,
        )

    @property
    def phone_rates(self) -> tuple[Rate, Rate]:
        """How often one phone may ask, and how often one address may be wrong."""
        return (
            Rate(self.phone_burst, self.phone_per_s),
            Rate(self.phone_guess_burst, self.phone_guess_per_s),
        )

    @property
    def pace(self) -> Pace:
        """How messages are gathered into commits."""
        return Pace(
            delay_s=self.gateway_batch_delay_s,
            batch_messages=self.gateway_batch_messages,
            queue_messages=self.gateway_queue_messages,
        )

"""What an operator can set, read once from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.inbox import Pace
from gateway.session import Limits

Seconds = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """One gateway's settings. `DATABASE_URL` and `NATS_URL` stand alone; all others begin with `PATROL_`."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PATROL_", populate_by_name=True, extra="ignore")

    database_url: str = Field(validation_alias="DATABASE_URL", repr=False)
    nats_url: str = Field(validation_alias="NATS_URL", repr=False)
    bureau: str = Field(default="chiayi", pattern=r"^[A-Za-z0-9_-]+$")

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
    fix_retention_days: int = Field(default=90, ge=1)
    log_json: bool = False

    @property
    def limits(self) -> Limits:
        """What one connection may ask for."""
        return Limits(
            burst_frames=self.gateway_burst_frames,
            frames_per_s=self.gateway_frames_per_s,
            hello_within_s=self.gateway_hello_s,
        )

    @property
    def pace(self) -> Pace:
        """How messages are gathered into commits."""
        return Pace(
            delay_s=self.gateway_batch_delay_s,
            batch_messages=self.gateway_batch_messages,
            queue_messages=self.gateway_queue_messages,
        )

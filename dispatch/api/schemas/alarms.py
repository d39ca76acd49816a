"""What a dispatcher does about an alarm, and what a desk without anybody signed in may say."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, Strict

from dispatch.api.schemas.basics import Body, View


class NewSnooze(Body):
    minutes: Annotated[int, Strict(), Field(ge=1, le=30)]


class NewAnswer(Body):
    answer: Literal["message", "radio", "order_again", "send_another"] = Field(description="What was done about it")


class NewHelp(Body):
    unit_id: UUID


class Waiting(View):
    """Two counts; null where this server does not tell them."""

    sos: int | None = Field(description="Officers who called for help, and it is not over")
    unassigned: int | None = Field(description="Open calls that no unit is on and none has reached")

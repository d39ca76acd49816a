"""The header by which a request can be sent again without being done again."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Header, Response

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Of the caller's making, one a thing to be made: the same key again returns what it made",
    ),
]

REPLAYED: Final = "Idempotency-Replayed"


def say_replayed(response: Response, *, is_new: bool) -> None:
    """Marks an answer that tells of what an earlier request made."""
    if not is_new:
        response.headers[REPLAYED] = "true"

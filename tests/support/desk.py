"""A dispatcher's desk for system tests: enters calls over the HTTP API and looks at what became of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from tests.support.crew import WAIT_S, now_ms
from tests.support.truth import Call, Moment


class Desk:
    """One signed-in account, as a program uses it."""

    def __init__(self, api_url: str) -> None:
        self.api = httpx.AsyncClient(base_url=f"{api_url}/api/v1", timeout=60, trust_env=False)
        self.calls: dict[str, Call] = {}

    async def sign_in(self, username: str, password: str) -> None:
        """With a bearer token, and no cookie."""
        answer = await self.api.post("/session", json={"username": username, "password": password})
        self.api.cookies.clear()
        self.api.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"

    async def close(self) -> None:
        """Hangs up."""
        await self.api.aclose()

    async def enter(self, call: Call, *, outside: bool = False) -> None:
        """Enters it, confirming a place outside the area when asked; entered twice with one key, it is one."""
        key = {"Idempotency-Key": str(uuid4())}
        body = dict(call.body)
        if outside:
            refused = await self.api.post("/incidents", json=body, headers=key)
            assert (refused.status_code, refused.json()["code"]) == (422, "outside_area"), refused.text
            body["confirm_outside"] = True
        before_ms = now_ms()
        answer = await self.api.post("/incidents", json=body, headers=key)
        assert answer.status_code == 201, answer.text
        if "received_at" not in body:
            call.received = Moment.between(before_ms, now_ms())
        call.incident_id = answer.json()["id"]
        self.calls[call.incident_id] = call
        again = await self.api.post("/incidents", json=body, headers=key)
        assert (again.status_code, again.json()["id"]) == (201, call.incident_id), again.text

    async def end(self, call: Call, how: str, body: dict[str, Any]) -> None:
        """`close`, `cancel` or `merge`."""
        answer = await self.api.post(f"/incidents/{call.incident_id}/{how}", json=body)
        assert answer.status_code == 200, answer.text

    async def incident(self, call: Call) -> dict[str, Any]:
        """All of it, with timeline."""
        answer = await self.api.get(f"/incidents/{call.incident_id}")
        detail: dict[str, Any] = answer.raise_for_status().json()
        return detail

    async def when(self, call: Call, true: Callable[[dict[str, Any]], Any], what: str) -> dict[str, Any]:
        """The incident as soon as it is what is waited for."""
        deadline = time.monotonic() + WAIT_S
        while True:
            detail = await self.incident(call) if call.incident_id else {}
            if detail and true(detail):
                return detail
            assert time.monotonic() < deadline, f"call {call.number} ({call.plan}): {what}; it is {detail}"
            await asyncio.sleep(0.4)

    async def call_of(self, incident_id: str) -> Call:
        """The call behind an order, which may be on a screen before the answer to its POST is here."""
        deadline = time.monotonic() + WAIT_S
        while incident_id not in self.calls:
            assert time.monotonic() < deadline, f"an order for incident {incident_id}, which nobody entered"
            await asyncio.sleep(0.05)
        return self.calls[incident_id]

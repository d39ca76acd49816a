"""Simulated 110 calls through the real API, at a settable pace."""

from __future__ import annotations

import asyncio
import random
from typing import Any, Final
from uuid import uuid4

import httpx
import structlog

from dispatch.demo.bureau import CALL_TAKER
from dispatch.domain.geometry import Position, offset

_log = structlog.get_logger()
FIRST_CALL_AFTER_S: Final = 8.0
RETRY_S: Final = 5.0

# category, weight, priority, descriptions
_KINDS: Final[tuple[tuple[str, float, int, tuple[str, ...]], ...]] = (
    ("traffic_accident", 26, 2, ("兩機車擦撞，有人受傷", "自小客追撞機車", "車損，雙方僵持不下", "機車自摔，意識清楚")),
    ("public_order", 22, 2, ("鄰居酒後大聲叫罵", "店家門口有人打架", "有人持球棒徘徊")),
    ("traffic", 16, 3, ("車輛併排停車擋住出口", "號誌故障", "路面有掉落物")),
    ("service", 16, 4, ("老人家迷路", "民眾拾獲皮夾", "協助開鎖")),
    ("criminal", 10, 1, ("住宅遭人侵入", "搶奪皮包，往北逃逸", "家暴，聽見求救聲")),
    ("other", 7, 4, ("狗吠聲不止", "不明聲響")),
    ("disaster", 3, 1, ("民宅冒煙", "電線走火")),
)
_STREETS: Final = ("中山路", "民族路", "友愛路", "垂楊路", "吳鳳北路", "世賢路", "新民路", "大雅路", "忠孝路", "博愛路")
_CLASSES: Final = ("A2", "A3", "A3")


class CallTaker:
    """Enters calls as a dispatcher's program would: bearer token, idempotency key, retries."""

    def __init__(self, api_url: str, password: str, places: list[Position], calls_per_hour: float, seed: int) -> None:
        self._api_url = api_url
        self._password = password
        self._places = places
        self._mean_s = 3600 / calls_per_hour
        self._rng = random.Random(seed)

    async def work(self) -> None:
        """Until it is cancelled. Calls come at random (Poisson)."""
        await asyncio.sleep(FIRST_CALL_AFTER_S)
        async with httpx.AsyncClient(base_url=f"{self._api_url}/api/v1", timeout=10) as api:
            while True:
                await self._enter(api, self._call(), str(uuid4()))
                await asyncio.sleep(self._rng.expovariate(1 / self._mean_s))

    def _call(self) -> dict[str, Any]:
        category, _, priority, descriptions = self._rng.choices(_KINDS, [kind[1] for kind in _KINDS])[0]
        junction = self._rng.choice(self._places)
        place = offset(junction, self._rng.uniform(-25, 25), self._rng.uniform(-25, 25))
        call: dict[str, Any] = {
            "category": category,
            "priority": priority,
            "lat": round(place.lat, 6),
            "lon": round(place.lon, 6),
            "address": f"{self._rng.choice(_STREETS)}{self._rng.randrange(1, 480)}號（示範）",
            "description": self._rng.choice(descriptions),
            "confirm_outside": True,
        }
        if category == "traffic_accident":
            call["accident_class"] = self._rng.choice(_CLASSES)
        return call

    async def _enter(self, api: httpx.AsyncClient, call: dict[str, Any], key: str) -> None:
        while True:
            try:
                answer = await api.post("/incidents", json=call, headers={"Idempotency-Key": key})
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    await self._sign_in(api)
                    continue
                answer.raise_for_status()
                return
            except httpx.HTTPError as error:
                _log.warning("demo_call_waits", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _sign_in(self, api: httpx.AsyncClient) -> None:
        answer = await api.post("/session", json={"username": CALL_TAKER, "password": self._password})
        answer.raise_for_status()
        api.cookies.clear()
        api.headers["Authorization"] = f"Bearer {answer.json()['token']}"

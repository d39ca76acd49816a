"""The leading server ends the links of gateways that died, as gateways do of each other: the last one leaves nobody."""

from __future__ import annotations

import structlog

from dispatch.service.desk import Desk
from gateway.dead_links import END_DEAD_LINKS

_log = structlog.get_logger()


async def end_dead_links(desk: Desk) -> None:
    """What no living gateway holds is down; whoever watches is told."""
    async with desk.engine.begin() as connection:
        ended = (await connection.exec_driver_sql(END_DEAD_LINKS)).scalars().all()
    for unit_id in ended:
        _log.info("dead_link_ended", unit_id=str(unit_id))
        await desk.bus.publish("link", {"unit_id": str(unit_id), "connected": False})
    if ended:
        desk.wake.set()

"""`patrol replay`: the decisions of a recorded time once more, and whether they come out the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from dispatch.commands.access import Access, DataOption, with_data
from dispatch.domain.kpi import TAIPEI

_SHOWN = 20


def replay(
    *,
    start: Annotated[
        datetime | None, typer.Option("--from", help="Asia/Taipei. [default: 24 hours before the end]")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="Asia/Taipei. [default: now]")] = None,
    data: DataOption = None,
) -> None:
    """Decide the rounds of a day again from calls, steps and fixes; exit 1 where any comes out otherwise.

    Works with the streets that are loaded now: after another import, older rounds come out by the new ones.
    """
    # numpy, scipy: no other command has to wait for them
    from dispatch.service.streets import Streets  # noqa: PLC0415
    from dispatch.simulator import replay as replaying  # noqa: PLC0415

    until = datetime.now(UTC) if end is None else end.replace(tzinfo=TAIPEI)
    since = until - timedelta(days=1) if start is None else start.replace(tzinfo=TAIPEI)
    if since >= until:
        raise typer.BadParameter("the period ends before it begins", param_hint="--from")

    async def run(access: Access) -> replaying.Replayed:
        streets = Streets()
        await streets.refresh(access.engine)
        return await replaying.replay(access.engine, streets.travel, since, until)

    done = with_data(data, run)
    typer.echo(
        f"{done.rounds} rounds with {done.orders} orders decided again, {len(done.differences)} otherwise; "
        f"{done.without_record} not looked at (the record is gone, or the solver was late)"
    )
    for one in done.differences[:_SHOWN]:
        typer.echo(f"{one.decided_at.astimezone(TAIPEI):%Y-%m-%d %H:%M:%S} round {one.round_id}")
        for who, said in (("server", one.by_server - one.by_simulator), ("again", one.by_simulator - one.by_server)):
            for what, incident, unit in sorted(said, key=str):
                typer.echo(f"  {who}: {what} {incident} {unit or ''}".rstrip())
    if done.differences:
        raise typer.Exit(1)

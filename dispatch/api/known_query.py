"""A parameter that there is not is refused by name: misspelt, it would be answered as if nobody had sent it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from dispatch.domain.refusals import Invalid


async def _only_known(request: Request) -> None:
    route: APIRoute = request.scope["route"]
    known = set(_parameters(route.dependant))
    for name in request.query_params:
        if name not in known:
            takes = f"this one takes {', '.join(sorted(known))}" if known else "this one takes none"
            raise Invalid(f"there is no such parameter of a query; {takes}", member=name)


def _parameters(dependant: Dependant) -> Iterator[str]:
    """What a route, and whatever it depends on, reads from the query."""
    for field in dependant.query_params:
        yield field.alias
    for other in dependant.dependencies:
        yield from _parameters(other)


ONLY_KNOWN: Final = Depends(_only_known)
"""Of a route, after who may: whoever may not learns nothing of it."""

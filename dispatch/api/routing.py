"""What all routers of the API have in common.

The application takes their routes as they are (`create_app`): those of a router that is included FastAPI would build
anew for each application, and once more at its first request.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.params import Depends
from fastapi.routing import APIRoute


def api_router(
    *tags: str, prefix: str = "/api/v1", dependencies: Sequence[Depends] = (), include_in_schema: bool = True
) -> APIRouter:
    """A router whose operations are named by their tag and function."""
    return APIRouter(
        prefix=prefix,
        tags=list(tags),
        dependencies=dependencies,
        include_in_schema=include_in_schema,
        generate_unique_id_function=_operation_id,
    )


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0] if route.tags else 'api'}_{route.name}"

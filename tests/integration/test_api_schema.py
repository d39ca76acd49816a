"""schemathesis over the server's own OpenAPI document: what it promises is what it does, for inputs of any kind."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.support.server import Server, enter

EXAMPLES = 6
"""Random ones for each call, beside all boundaries of all members and the methods that are not there."""
SAME_FILTER = r"/kpi/(parts|distribution|months|late|ledger\.csv)$"
"""They take what `/kpi` and `/kpi/ledger` take, by one dependency, each of whose members has hundreds of cases."""
NOT_CHECKED = {
    "positive_data_acceptance": "rules beyond the schema refuse some: a call from the future, a class without accident",
}


async def test_the_document_holds_for_inputs_of_any_kind(server: Server, tmp_path: Path) -> None:
    """Valid and invalid ones at every boundary: never a 500, no status, media type or body that isn't documented.

    What the schema forbids is refused, and wrong methods are 405.
    """
    client = await server.client()
    incident = await enter(client)
    unit_id = await server.add_unit("北興101", at=(23.481, 120.451))
    config = tmp_path / "schemathesis.toml"
    config.write_text(f"""
[parameters]
"path.incident_id" = "{incident["id"]}"
"path.unit_id" = "{unit_id}"
""")
    arguments = [
        *("--config-file", str(config), "run", f"{server.url}/api/openapi.json"),
        *("--header", f"Authorization: {client.headers['Authorization']}"),
        *("--phases", "examples,coverage,fuzzing", "--mode", "all", "--max-examples", str(EXAMPLES)),
        *("--checks", "all", "--exclude-checks", ",".join(NOT_CHECKED)),
        *("--exclude-name", "DELETE /api/v1/session", "--seed", "110", "--no-color"),
        *("--exclude-path-regex", SAME_FILTER),
    ]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()

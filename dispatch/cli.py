"""`patrol`, the one command. Exit 0 on success, 2 on wrong use, 1 on failure with one clear line on standard error."""

from __future__ import annotations

import sys

from dispatch.running.agent import become_agent


def main() -> None:
    """Run the command line. A car's agent starts without reading the server's libraries first."""
    if sys.argv[1:2] == ["agent"]:
        become_agent(sys.argv[2:])
    from dispatch.commands.app import run  # noqa: PLC0415

    run()

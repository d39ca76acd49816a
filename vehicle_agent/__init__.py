"""The program in the car: reads the receiver, journals first, sends over the vehicle link, shows the crew orders."""

from typing import Final

AGENT: Final = "patrol-agent/0.1.0"

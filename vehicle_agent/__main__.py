"""`python -m vehicle_agent`: the same as the command `patrol-agent`."""

import sys

from vehicle_agent.main import main

if __name__ == "__main__":
    sys.exit(main())

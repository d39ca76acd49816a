"""`python -m dispatch`: one dispatch server."""

import sys

from dispatch.main import main

sys.exit(main())

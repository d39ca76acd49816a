"""What all browser tests have in common."""

from tests.support.unmeasured import unmeasured

__all__ = ["unmeasured"]

"""The Wilson score interval: how sure a share of so many is.

E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). Unlike the usual
p ± 1.96·sqrt(p(1-p)/n) it never leaves 0..1 and stays honest for the few incidents of a small station.
"""

from __future__ import annotations

import math
from typing import Final

Z_95: Final = 1.959963984540054


def wilson(hits: int, n: int, z: float = Z_95) -> tuple[float, float] | None:
    """The interval (low, high) round hits / n, by default the 95 % one; None where n is 0.

    Raises ValueError unless 0 <= hits <= n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n}")
    if n == 0:
        return None
    share = hits / n
    spread = z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * share * (1 - share) + spread * spread / 4) / (1 + spread)
    # all hits end at 1 itself, not at a rounding beside it; no hits begin at 0 by the arithmetic
    return middle - half, middle + half if hits < n else 1.0

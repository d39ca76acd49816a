"""How the server's C library deals with memory that it was given back.

A question of the figures works on arrays of some hundred kilobytes to some megabytes, and frees them. By default glibc
returns such memory to the system at once, and each next array costs a page fault for every 4 KiB.
"""

from __future__ import annotations

import ctypes
from typing import Final

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of glibc's malloc.h."""
KEPT: Final = 128 << 20
"""Bytes that stay with the process at most, freed, at the end of its heap."""
LARGE: Final = 32 << 20
"""Single pieces from here on are returned at once all the same; glibc takes no larger value."""


def keep_freed_memory() -> bool:
    """To be called before there are threads, which share one heap from then on.

    False where the C library is not glibc; all is as before then.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, KEPT))
    return all(mallopt(name, value) == 1 for name, value in settings)

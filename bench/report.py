"""What every benchmark prints and writes: results side by side, and ratios, which is what a claim may rest on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def arguments(what: str) -> argparse.Namespace:
    """`--quick` for a short run, `--json FILE` for a machine to read."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write {ratios, results} there")
    return parser.parse_args()


def summary(name: str, milliseconds: Sequence[float]) -> dict[str, Any]:
    """n, p50, p99 and the extremes of one series."""
    values = np.asarray(milliseconds)
    return {
        "name": name,
        "n": len(values),
        "min_ms": round(float(values.min()), 3),
        "p50_ms": round(float(np.percentile(values, 50)), 3),
        "p99_ms": round(float(np.percentile(values, 99)), 3),
        "max_ms": round(float(values.max()), 3),
    }


def report(results: Sequence[dict[str, Any]], ratios: dict[str, float], file: Path | None) -> None:
    """To the screen, and to the file where one is named."""
    for result in results:
        print("  ".join(f"{key}={value}" for key, value in result.items()))
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}")
    if file is not None:
        content = {"ratios": {name: round(ratio, 4) for name, ratio in ratios.items()}, "results": list(results)}
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

"""The Wilson interval, against its own definition and published figures."""

from __future__ import annotations

import pytest

from dispatch.domain.wilson import Z_95, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (1, 1, 0.2065, 1),
    ],
)
def test_published_figures(hits: int, n: int, low: float, high: float) -> None:
    """Figures of the literature (81 of 263: Newcombe, Statistics in Medicine 17, 1998) come out to four digits."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [1, 2, 7, 100, 12345])
def test_both_ends_solve_the_score_equation(n: int) -> None:
    """Both ends are where the score test gives exactly z: (share - p)² = z²·p·(1-p)/n; the share lies between."""
    for hits in {0, 1, n // 3, n // 2, n - 1, n}:
        ends = wilson(hits, n)
        assert ends is not None
        low, high = ends
        for p in ends:
            assert (hits / n - p) ** 2 == pytest.approx(Z_95**2 * p * (1 - p) / n, abs=1e-12)
        assert 0 <= low <= hits / n <= high <= 1


def test_none_and_all_reach_the_ends() -> None:
    """No hits begin at 0 and all hits end at 1 exactly, not a rounding beside it, for any n."""
    for n in range(1, 500):
        none, every = wilson(0, n), wilson(n, n)
        assert none is not None
        assert every is not None
        assert (none[0], every[1]) == (0, 1)


def test_nothing_and_nonsense() -> None:
    """Of no incidents there is no interval; more hits than incidents are a programming error."""
    assert wilson(0, 0) is None
    for hits, n in [(2, 1), (-1, 3), (0, -1)]:
        with pytest.raises(ValueError, match="hits of"):
            wilson(hits, n)

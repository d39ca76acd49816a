"""What the rule that steps in does with whoever the optimum left out."""

from __future__ import annotations

import numpy as np

from dispatch.domain.greedy import send_who_is_left
from dispatch.domain.needs import FIRST
from dispatch.domain.rows import Column, Row
from tests.support.situations import incident, situation, unit


def test_nobody_loses_a_unit_that_nobody_else_gets() -> None:
    """An incident that the optimum left without the unit under way to it keeps it, unless that goes elsewhere."""
    where = situation([incident("1"), incident("2")], [unit("A"), unit("B")], [[60, 80], [70, 90]])
    rows = [Row(0, FIRST, column=0), Row(1, FIRST, column=1)]
    columns = [Column(0, 0.0, is_idle=False), Column(1, 0.0, is_idle=False)]
    eta_s, penalty_s = np.array([[60.0, 80.0], [70.0, 90.0]]), np.zeros((2, 2))
    kept: list[int | None] = [None, 1]
    send_who_is_left(where, rows, columns, eta_s, penalty_s, kept)
    assert kept == [0, 1]
    lost: list[int | None] = [None, 0]
    send_who_is_left(where, rows, columns, eta_s, penalty_s, lost)
    assert lost == [None, 0]

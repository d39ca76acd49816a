"""What came of a what-if: for each variant and figure the mean with its interval, and the paired difference."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from dispatch.api.schemas.basics import View


class EstimateView(View):
    """A mean over the runs with its 95 % interval; null where there is none."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


class ComparisonView(View):
    difference: EstimateView = Field(description="This variant less the first, run by run")
    relative: EstimateView


class PolicyChoiceView(View):
    name: str
    settings: list[Any] = Field(description="Pairs of a setting and its value, where they are not the policy's own")


class VariantResultView(View):
    name: str
    policy: PolicyChoiceView
    scenario_digest: str
    summary: dict[str, EstimateView]
    against_first: dict[str, ComparisonView] = Field(description="Empty for the first")
    runs: list[dict[str, float | None]]


class WhatIfResult(View):
    seed: int
    replications: int
    engine: str
    scenario: dict[str, Any]
    scenario_digest: str
    inputs: dict[str, str] = Field(description="SHA-256 of the streets and of the past calls")
    variants: list[VariantResultView]

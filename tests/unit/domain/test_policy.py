"""Who goes: what speaks against a unit, how candidates are ranked, and which units are chosen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from dispatch.domain.geometry import Position
from dispatch.domain.incident import Category, Incident, IncidentState, Priority
from dispatch.domain.policy import Candidate, Staleness, choose_units, judge, rank
from dispatch.domain.unit import UnitStatus

TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
RULES = Staleness(stale_after_s=30, lost_after_s=300)


def candidate(
    name: str = "A",
    eta_s: float | None = 100.0,
    status: UnitStatus = UnitStatus.AVAILABLE,
    *,
    unit_id: UUID | None = None,
    recommended: bool = True,
) -> Candidate:
    """A unit as one incident sees it."""
    return Candidate(unit_id or uuid4(), name, status, eta_s, 500.0, recommended=recommended)


def incident(number: str, priority: int = 2, waited_s: float = 0) -> Incident:
    """An open call."""
    return Incident(
        incident_id=uuid4(),
        number=number,
        category=Category.CRIMINAL,
        priority=Priority(priority),
        accident_class=None,
        place=Position(23.48, 120.45),
        address=None,
        description=None,
        received_at=TEN - timedelta(seconds=waited_s),
        state=IncidentState.OPEN,
        version=1,
    )


def judged(given: Candidate, age_s: float | None = 0.0, refused: str | None = None) -> Candidate:
    """Judged by the usual rules."""
    return judge(given, position_age_s=age_s, refused_before=refused, staleness=RULES)


class TestJudging:
    """What speaks against a unit."""

    def test_an_available_unit_with_a_fresh_position_is_recommended(self) -> None:
        """Nothing speaks against it, and its ETA stays what the streets say."""
        good = judged(candidate())
        assert (good.recommended, good.reasons, good.eta_s) == (True, (), 100.0)

    @pytest.mark.parametrize("eta_s", [100.0, None])
    def test_a_unit_whose_link_is_down_may_go_but_costs_the_wait_for_its_answer(self, eta_s: float | None) -> None:
        """It comes after a connected unit a little farther away; nobody is left out because a gateway restarts."""
        found = judge(
            candidate(eta_s=eta_s), position_age_s=5.0, refused_before=None, staleness=RULES, link_is_down=True
        )
        assert (found.eta_s, "link_down" in found.reasons) == (None if eta_s is None else 130.0, True)
        assert found.recommended is (eta_s is not None)

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (UnitStatus.DISPATCHED, "busy"),
            (UnitStatus.EN_ROUTE, "busy"),
            (UnitStatus.ON_SCENE, "busy"),
            (UnitStatus.OUT_OF_SERVICE, "out_of_service"),
        ],
    )
    def test_a_unit_that_cannot_go_is_not_recommended(self, status: UnitStatus, reason: str) -> None:
        """It stays in the list, with the reason."""
        found = judged(candidate(status=status))
        assert (found.recommended, found.reasons) == (False, (reason,))

    @pytest.mark.parametrize(("age_s", "eta_s"), [(30, 100.0), (31, 100.5), (90, 130.0), (300, 235.0)])
    def test_a_stale_position_widens_the_eta_and_says_so(self, age_s: float, eta_s: float) -> None:
        """Each second beyond 30 s may cost half a second of driving."""
        found = judged(candidate(), age_s)
        assert found.eta_s == pytest.approx(eta_s)
        assert found.reasons == (() if age_s == 30 else ("stale_position",))
        assert found.recommended

    def test_a_lost_position_is_no_ground_for_an_order(self) -> None:
        """Beyond 300 s nobody knows where it is; the ETA widens no further."""
        found = judged(candidate(), 3600)
        assert (found.recommended, found.eta_s) == (False, 235.0)
        assert found.reasons == ("position_lost", "stale_position")

    @pytest.mark.parametrize(("age_s", "eta_s"), [(None, None), (None, 100.0), (5.0, None)])
    def test_a_unit_without_a_position_is_not_recommended(self, age_s: float | None, eta_s: float | None) -> None:
        """A unit that never reported, or has no way to the place, isn't sent by itself."""
        found = judged(candidate(eta_s=eta_s), age_s)
        assert (found.recommended, found.reasons, found.eta_s) == (False, ("no_position",), eta_s)

    def test_a_unit_that_came_off_this_incident_is_not_sent_again(self) -> None:
        """It stays in the list, with why, after all else that is known of it."""
        found = judged(Candidate(uuid4(), "A", UnitStatus.AVAILABLE, 9.0, 9.0, ("geodesic",)), 0, "declined_before")
        assert (found.recommended, found.reasons) == (False, ("geodesic", "declined_before"))


class TestRanking:
    """The order that a dispatcher sees."""

    def test_recommended_first_then_by_eta_then_unknown(self) -> None:
        """A near unit that can't go stands behind a far one that can; who has no ETA stands last of its part."""
        near_busy = candidate("near but busy", 10, recommended=False)
        far, middle = candidate("far", 300), candidate("middle", 200)
        nowhere = candidate("nowhere", None, recommended=False)
        assert [c.name for c in rank([nowhere, far, near_busy, middle])] == [
            "middle",
            "far",
            "near but busy",
            "nowhere",
        ]

    def test_the_call_sign_settles_ties(self) -> None:
        """Equal units rank the same way every time."""
        a, b = candidate("甲"), candidate("乙")
        assert rank([a, b]) == rank([b, a])


class TestChoosing:
    """One unit for each waiting incident."""

    def test_the_least_eta_wins(self) -> None:
        """And the whole ranking is kept with the choice."""
        call, near, far = incident("1"), candidate("near", 60), candidate("far", 90)
        (choice,) = choose_units([call], {call.incident_id: [far, near]})
        assert choice.unit_id == near.unit_id
        assert choice.candidates == (near, far)

    def test_the_best_priority_chooses_first(self) -> None:
        """The one free unit goes to the priority 1 call, though the other has waited longer."""
        unit_id = uuid4()
        routine, urgent = incident("1", priority=3, waited_s=500), incident("2", priority=1)
        choices = choose_units([routine, urgent], _same(candidate(unit_id=unit_id), routine, urgent))
        assert [(c.incident.number, c.unit_id) for c in choices] == [("2", unit_id), ("1", None)]

    def test_within_a_priority_the_longest_waiting_chooses_first(self) -> None:
        """And the number settles equal times."""
        late, early, twin = incident("3"), incident("2", waited_s=60), incident("1")
        choices = choose_units([late, early, twin], _same(candidate(), late, early, twin))
        assert [c.incident.number for c in choices] == ["2", "1", "3"]

    def test_no_unit_goes_twice(self) -> None:
        """The second incident gets its second best."""
        first, second = incident("1"), incident("2")
        best, next_best = candidate("best", 10), candidate("next", 20)
        choices = choose_units([first, second], _same([best, next_best], first, second))
        assert [c.unit_id for c in choices] == [best.unit_id, next_best.unit_id]

    def test_nobody_recommended_means_nobody_goes(self) -> None:
        """Who speaks against itself isn't sent; the candidates are kept all the same."""
        call, busy = incident("1"), candidate("busy", 5, recommended=False)
        (choice,) = choose_units([call], {call.incident_id: [busy]})
        assert (choice.unit_id, choice.candidates) == (None, (busy,))


def _same(who: Candidate | list[Candidate], *incidents: Incident) -> dict[UUID, list[Candidate]]:
    return {i.incident_id: who if isinstance(who, list) else [who] for i in incidents}

"""The event loop of a simulated run, in virtual time: calls come in, units are sent, drive, work and are free again.

Who goes is decided by `dispatch.domain.policy.decide`, the very function of the server, on the very settings; how far a
unit is, by roads/. What the policy may not know (how long the work takes, how slow the traffic is today) is in the
call stream and drawn beforehand, so that all policies meet the same day.

A run is `run(city, cars, calls, policy, conditions)`; it draws nothing by itself, so the same input gives the same run.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.assignment import AssignmentState
from dispatch.domain.incident import AccidentClass
from dispatch.domain.needs import needs_of
from dispatch.domain.policy import DIVERTED, Plan, decide
from dispatch.domain.situation import OpenIncident, Sent, Situation
from dispatch.domain.unit import UnitStatus
from dispatch.roads.speeds import LIGHTS_FACTOR
from dispatch.simulator.car import Car, CarPlan
from dispatch.simulator.city import City
from dispatch.simulator.policies import Idle, Policy
from dispatch.simulator.standby import Standby
from dispatch.simulator.stream import CATEGORIES, CallStream, Responses

_CLASSES: Final = (None, AccidentClass.A1, AccidentClass.A2, AccidentClass.A3)
_FREE: Final = UnitStatus.AVAILABLE
_STATE_OF: Final = {
    UnitStatus.EN_ROUTE: AssignmentState.EN_ROUTE,
    UnitStatus.ON_SCENE: AssignmentState.ON_SCENE,
}


class _Kind(IntEnum):
    """What happens; at one instant in this order."""

    CLEAR = 0
    ARRIVE = 1
    DUTY = 2
    SIGNAL = 3
    CALL = 4
    TICK = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds for every policy of a study."""

    call_taking_s: float = 60.0
    """From the ring of the phone until a unit can be sent."""
    turnout_s: float = 0.0
    """From the order until a unit that stands still sets out."""
    idle: Idle = "home"
    lights: Mapping[int, float] = field(default_factory=lambda: {1: LIGHTS_FACTOR, 2: LIGHTS_FACTOR})
    """Share of the time that is left with lights, by priority."""
    stations: NDArray[np.int32] | None = None
    """Whose area each junction is in."""
    narrow: NDArray[np.bool_] | None = None
    """Junctions in streets too narrow for a car to get through fast."""
    silence: Sequence[Sequence[tuple[float, float]]] = ()
    """For each unit, when its position is not heard of, as (from, to)."""
    end_s: float | None = None
    """No event after this is looked at; None: until all is done."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run gives. `busy_s`, `metres`: of each unit, from the start of the count on."""

    responses: Responses
    busy_s: NDArray[np.float64]
    metres: NDArray[np.float64]
    events: int
    decisions: int
    fallbacks: int


Watcher = Callable[[Situation, Plan], None]


def run(
    city: City,
    cars: Sequence[CarPlan],
    calls: CallStream,
    policy: Policy,
    conditions: Conditions | None = None,
    *,
    count_from_s: float = 0.0,
    standby: Standby | None = None,
    watch: Watcher | None = None,
) -> Run:
    """One run to its end. `watch` sees each decision as it is taken."""
    world = _World(city, cars, calls, policy, conditions or Conditions(), count_from_s, standby, watch)
    world.live()
    return Run(world.responses, world.busy_s, world.metres, world.events, world.decisions, world.fallbacks)


class _World:
    def __init__(
        self,
        city: City,
        plans: Sequence[CarPlan],
        calls: CallStream,
        policy: Policy,
        conditions: Conditions,
        count_from_s: float,
        standby: Standby | None,
        watch: Watcher | None,
    ) -> None:
        self._city, self._calls, self._policy, self._conditions = city, calls, policy, conditions
        self._settings, self._watch, self._standby = policy.settings, watch, standby
        self._count_from_s = count_from_s
        self._now_s = 0.0
        self._cars = [Car(index, plan, plan.home) for index, plan in enumerate(plans)]
        self._seen = [car.seen() for car in self._cars]
        self._capabilities = frozenset[str]().union(*(plan.capabilities for plan in plans))
        self._time_to_s = city.time_to_s if policy.by_street else city.straight_to_s
        self._factor = np.array([plan.time_factor for plan in plans])
        self._lights = [1.0] + [conditions.lights.get(priority, 1.0) for priority in range(1, 5)]
        self._open: dict[int, OpenIncident] = {}
        self._on: dict[int, list[int]] = {}
        self._queue: list[tuple[float, int, int, int, int]] = []
        self._order = 0
        self._ticking = False
        n = len(calls)
        self.responses = Responses(
            np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan), np.full(n, -1, np.int32), np.zeros(n, np.int32)
        )
        self.busy_s, self.metres = np.zeros(len(plans)), np.zeros(len(plans))
        self.events = self.decisions = self.fallbacks = 0
        # plain lists: an item of an array costs ten times as much
        self._at, self._node = calls.at_s.tolist(), calls.node.tolist()
        self._priority, self._category = calls.priority.tolist(), calls.category.tolist()
        self._class, self._service = calls.accident_class.tolist(), calls.service_s.tolist()
        self._slowness = calls.travel_factor.tolist()
        self._next_call = 0

    # ---- the loop

    def live(self) -> None:
        for car in self._cars:
            if car.plan.shifts:
                self._begin_off_duty(car)
        for car, silences in zip(self._cars, self._conditions.silence, strict=False):
            for start_s, end_s in silences:
                self._plan(start_s, _Kind.SIGNAL, car.index, 1)
                self._plan(end_s, _Kind.SIGNAL, car.index, 0)
        self._plan_next_call()
        end_s = math.inf if self._conditions.end_s is None else self._conditions.end_s
        while self._queue:
            at_s, kind, _, who, version = heapq.heappop(self._queue)
            if at_s > end_s:
                self._now_s = end_s
                break
            if kind > _Kind.ARRIVE or self._cars[who].version == version:
                self._now_s = at_s
                self.events += 1
                self._happen(kind, who, version)
        for car in self._cars:
            if car.call is not None:
                self._count_busy(car)

    def _happen(self, kind: int, who: int, version: int) -> None:
        if kind == _Kind.CALL:
            self._open_call(who)
        elif kind == _Kind.TICK:
            self._ticking = False
            self._decide()
        elif kind == _Kind.ARRIVE:
            self._arrive(self._cars[who])
        elif kind == _Kind.CLEAR:
            self._clear(self._cars[who])
        elif kind == _Kind.DUTY:
            self._change_shift(self._cars[who])
        else:
            self._change_signal(self._cars[who], heard=version == 0)

    def _plan(self, at: float, kind: _Kind, who: int, version: int = 0) -> None:
        self._order += 1
        heapq.heappush(self._queue, (at, int(kind), self._order, who, version))

    def _plan_next_call(self) -> None:
        """Calls enter one by one: the queue stays as short as the fleet."""
        if self._next_call < len(self._at):
            at = self._at[self._next_call] + self._conditions.call_taking_s
            self._plan(at, _Kind.CALL, self._next_call)
            self._next_call += 1

    # ---- calls and units

    def _open_call(self, call: int) -> None:
        self._plan_next_call()
        node, conditions = self._node[call], self._conditions
        self._open[call] = OpenIncident(
            incident_id=call,
            number=f"{call:07d}",
            priority=self._priority[call],
            received_s=self._at[call],
            category=CATEGORIES[self._category[call]],
            accident_class=_CLASSES[self._class[call]],
            station=None if conditions.stations is None else int(conditions.stations[node]),
            narrow=conditions.narrow is not None and bool(conditions.narrow[node]),
        )
        self._on[call] = []
        self._decide()

    def _arrive(self, car: Car) -> None:
        call = car.call
        self._drove(car, 1.0)
        if call is None:  # at its post or station
            car.stop(car.target if car.target is not None else car.node)
            return
        car.stop(self._node[call])
        car.status = UnitStatus.ON_SCENE
        if not self.responses.arrived_s[call] >= 0:
            self.responses.arrived_s[call] = self._now_s
            self.responses.unit[call] = car.index
        self._plan(self._now_s + self._service[call], _Kind.CLEAR, car.index, car.version)
        self._changed(car)
        self._refresh(call)

    def _clear(self, car: Car) -> None:
        call = car.call
        if call is None:
            raise RuntimeError("a unit without a job can't clear one")
        self.responses.cleared_s[call] = self._now_s
        self._on[call].remove(car.index)
        self._count_busy(car)
        car.call, car.diversions = None, 0
        if self._on[call]:
            self._refresh(call)
        else:  # the last unit that clears an incident closes it, as on the server
            self._open.pop(call, None)
            del self._on[call]
        if car.ends_shift:
            self._go_off_duty(car)
        else:
            self._become_free(car)
        self._decide()

    def _become_free(self, car: Car) -> None:
        car.status = _FREE
        car.version += 1
        post = None
        if self._standby is not None:
            post = self._standby.post_of(car.node, self._idle_places(car))
        elif self._conditions.idle == "home":
            post = car.plan.home
        if post is not None and (post != car.node or car.lead_s > 0):
            self._drive(car, post, float(self._factor[car.index]))
        self._changed(car)

    def _idle_places(self, but: Car) -> list[int]:
        """Where the other idle units wait, or are going to wait."""
        return [
            car.target if car.target is not None else car.node
            for car in self._cars
            if car is not but and car.status is _FREE
        ]

    def _drive(self, car: Car, to: int, s_per_s: float, delay_s: float = 0.0) -> None:
        arrives_s = car.depart(self._city, to, self._now_s, s_per_s, delay_s)
        self._plan(arrives_s, _Kind.ARRIVE, car.index, car.version)

    def _refresh(self, call: int) -> None:
        """An incident whose units changed; one that needs nothing more is no part of a decision."""
        incident = self._open.get(call)
        if incident is None:
            return
        sent = tuple(Sent(j, _STATE_OF[self._cars[j].status]) for j in self._on[call])
        needs = needs_of(incident, self._settings, self._capabilities)
        if len(sent) >= len(needs) and all(one.state is AssignmentState.ON_SCENE for one in sent):
            del self._open[call]
            return
        self._open[call] = OpenIncident(
            incident.incident_id,
            incident.number,
            incident.priority,
            incident.received_s,
            incident.category,
            incident.accident_class,
            incident.station,
            incident.narrow,
            sent,
            int(self.responses.diversions[call]),
        )

    def _changed(self, car: Car) -> None:
        self._seen[car.index] = car.seen()

    def _count_busy(self, car: Car) -> None:
        start_s = max(car.busy_since_s, self._count_from_s)
        self.busy_s[car.index] += max(self._now_s - start_s, 0.0)

    def _drove(self, car: Car, share: float) -> None:
        if self._now_s >= self._count_from_s:
            self.metres[car.index] += share * car.leg_m(self._city)

    # ---- shifts and silences

    def _change_signal(self, car: Car, *, heard: bool) -> None:
        car.advance(self._now_s)
        car.silent_from = None if heard else (self._now_s, car.node, car.lead_s)
        self._changed(car)

    def _begin_off_duty(self, car: Car) -> None:
        car.status = UnitStatus.OUT_OF_SERVICE
        self._changed(car)
        for start_s, end_s in car.plan.shifts:
            self._plan(max(start_s, 0.0), _Kind.DUTY, car.index)
            self._plan(end_s, _Kind.DUTY, car.index)

    def _change_shift(self, car: Car) -> None:
        on_duty_until = next((end for start, end in car.plan.shifts if start <= self._now_s < end), None)
        if on_duty_until is not None:
            car.shift_ends_s, car.ends_shift = on_duty_until, False
            if car.status is UnitStatus.OUT_OF_SERVICE:
                car.stop(car.plan.home)
                self._become_free(car)
                self._decide()
            else:
                self._changed(car)
        elif car.call is not None:
            car.ends_shift = True
        else:
            self._go_off_duty(car)

    def _go_off_duty(self, car: Car) -> None:
        car.version += 1
        car.status, car.ends_shift = UnitStatus.OUT_OF_SERVICE, False
        car.stop(car.plan.home)
        self._changed(car)

    # ---- decisions

    def _decide(self) -> None:
        if not self._open:
            return
        situation = self._situation()
        plan = decide(situation, self._settings)
        self.decisions += 1
        self.fallbacks += plan.fallback
        if self._watch is not None:
            self._watch(situation, plan)
        calls = list(self._open)
        go_on = {order.unit for order in plan.orders}
        for release in plan.releases:
            car, call = self._cars[release.unit], calls[release.incident]
            self.responses.diversions[call] += release.reason == DIVERTED
            car.diversions = car.diversions + 1 if release.unit in go_on else 0
            self._release(car, call)
        for order in plan.orders:
            self._send(self._cars[order.unit], calls[order.incident])
        freed = [car for car in (self._cars[release.unit] for release in plan.releases) if car.call is None]
        for car in freed:
            self._become_free(car)
        if freed and plan.waiting:  # on the server the change wakes the next round at once
            self._decide()
            return
        tick_s = self._policy.tick_s
        if tick_s is not None and not self._ticking and self._open:
            self._ticking = True
            self._plan(self._now_s + tick_s, _Kind.TICK, 0)

    def _situation(self) -> Situation:
        now_s, cars = self._now_s, self._cars
        nodes, leads = [], []
        for car in cars:
            if car.silent_from is not None:
                _, node, lead_s = car.silent_from
            else:
                if car.target is not None:
                    car.advance(now_s)
                node, lead_s = car.node, car.lead_s
            nodes.append(node)
            leads.append(lead_s)
        where, ahead_s = np.array(nodes), np.array(leads)
        incidents = list(self._open.values())
        eta_s = np.empty((len(incidents), len(cars)))
        for row, (call, incident) in enumerate(self._open.items()):
            eta_s[row] = self._time_to_s[self._node[call]].take(where)
            eta_s[row] += ahead_s
            eta_s[row] *= self._lights[incident.priority]
        eta_s *= self._factor
        return Situation(now_s, incidents, list(self._seen), eta_s)

    def _release(self, car: Car, call: int) -> None:
        self._drove(car, car.share_driven(self._now_s))
        self._count_busy(car)
        car.call, car.target = None, None
        car.version += 1
        self._on[call].remove(car.index)
        self._refresh(call)

    def _send(self, car: Car, call: int) -> None:
        stands = car.target is None and car.call is None and car.diversions == 0
        if car.target is not None:
            self._drove(car, car.share_driven(self._now_s))
        car.version += 1
        car.call, car.status, car.busy_since_s = call, UnitStatus.EN_ROUTE, self._now_s
        s_per_s = float(self._factor[car.index]) * self._lights[self._priority[call]] * self._slowness[call]
        self._drive(car, self._node[call], s_per_s, self._conditions.turnout_s if stands else 0.0)
        self._on[call].append(car.index)
        if not self.responses.dispatched_s[call] >= 0:
            self.responses.dispatched_s[call] = self._now_s
        self._changed(car)
        self._refresh(call)

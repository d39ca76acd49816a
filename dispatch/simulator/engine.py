"""The event loop of a simulated run, in virtual time: calls come in, units are sent, drive, work and are free again.

Who goes is decided by `dispatch.domain.policy.decide`, the very function of the server, on the very settings; how far a
unit is, by roads/. What the policy may not know (how long the work takes, how slow the traffic is today) is in the
call stream and drawn beforehand, so that all policies meet the same day.

A run is `run(city, cars, calls, policy, conditions)`; it draws nothing by itself, so the same input gives the same run.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.domain.policy import DIVERTED, Plan, decide
from dispatch.domain.situation import Situation
from dispatch.domain.unit import UnitStatus
from dispatch.simulator.car import Car, CarPlan
from dispatch.simulator.city import City
from dispatch.simulator.conditions import Conditions
from dispatch.simulator.open_calls import OpenCalls
from dispatch.simulator.policies import Policy
from dispatch.simulator.standby import Standby
from dispatch.simulator.stream import CallStream, Responses
from dispatch.simulator.tally import Tally

_FREE: Final = UnitStatus.AVAILABLE


class _Kind(IntEnum):
    """What happens; at one instant in this order."""

    CLEAR = 0
    ARRIVE = 1
    DUTY = 2
    SIGNAL = 3
    CALL = 4
    TICK = 5


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
    tally = world.tally
    return Run(tally.responses, tally.busy_s, tally.metres, world.events, world.decisions, world.fallbacks)


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
        self._city, self._policy, self._conditions = city, policy, conditions
        self._settings, self._watch, self._standby = policy.settings, watch, standby
        self._now_s = 0.0
        self._cars = [Car(index, plan, plan.home) for index, plan in enumerate(plans)]
        self._seen = [car.seen() for car in self._cars]
        self._open = OpenCalls(calls, self._cars, policy.settings, conditions)
        self.tally = Tally(city, len(calls), len(plans), count_from_s)
        self._time_to_s = city.time_to_s if policy.by_street else city.straight_to_s
        self._factor = np.array([plan.time_factor for plan in plans])
        self._lights = [1.0] + [conditions.lights.get(priority, 1.0) for priority in range(1, 5)]
        self._queue: list[tuple[float, int, int, int, int]] = []
        self._order = 0
        self._ticking = False
        self.events = self.decisions = self.fallbacks = 0
        # plain lists: an item of an array costs ten times as much
        self._at, self._node, self._priority = calls.at_s.tolist(), calls.node.tolist(), calls.priority.tolist()
        self._service, self._slowness = calls.service_s.tolist(), calls.travel_factor.tolist()
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
                self.tally.was_busy(car, self._now_s)

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
        self._open.enter(call)
        self._decide()

    def _arrive(self, car: Car) -> None:
        call = car.call
        self.tally.drove(car, self._now_s)
        if call is None:  # at its post or station
            car.stop(car.target if car.target is not None else car.node)
            return
        car.stop(self._node[call])
        car.status = UnitStatus.ON_SCENE
        self.tally.arrived(call, car, self._now_s)
        self._plan(self._now_s + self._service[call], _Kind.CLEAR, car.index, car.version)
        self._changed(car)
        self._open.refresh(call)

    def _clear(self, car: Car) -> None:
        call = car.call
        if call is None:
            raise RuntimeError("a unit without a job can't clear one")
        self.tally.cleared(call, self._now_s)
        self.tally.was_busy(car, self._now_s)
        car.call, car.diversions = None, 0
        self._open.clear(call, car.index)
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

    def _changed(self, car: Car) -> None:
        self._seen[car.index] = car.seen()

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
        if not self._open.incidents:
            return
        situation = self._situation()
        plan = decide(situation, self._settings)
        self.decisions += 1
        self.fallbacks += plan.fallback
        if self._watch is not None:
            self._watch(situation, plan)
        calls = list(self._open.incidents)
        go_on = {order.unit for order in plan.orders}
        for release in plan.releases:
            car = self._cars[release.unit]
            car.diversions = car.diversions + 1 if release.unit in go_on else 0
            self._release(car, calls[release.incident], diverted=release.reason == DIVERTED)
        for order in plan.orders:
            self._send(self._cars[order.unit], calls[order.incident])
        freed = [car for car in (self._cars[release.unit] for release in plan.releases) if car.call is None]
        for car in freed:
            self._become_free(car)
        if freed and plan.waiting:  # on the server the change wakes the next round at once
            self._decide()
            return
        tick_s = self._policy.tick_s
        if tick_s is not None and not self._ticking and self._open.incidents:
            self._ticking = True
            self._plan(self._now_s + tick_s, _Kind.TICK, 0)

    def _situation(self) -> Situation:
        nodes, leads = [], []
        for car in self._cars:
            if car.target is not None:
                car.advance(self._now_s)
            _, node, lead_s = car.silent_from or (0.0, car.node, car.lead_s)
            nodes.append(node)
            leads.append(lead_s)
        where, ahead_s = np.array(nodes), np.array(leads)
        incidents = self._open.incidents
        eta_s = np.empty((len(incidents), len(nodes)))
        for row, (call, incident) in enumerate(incidents.items()):
            eta_s[row] = self._time_to_s[self._node[call]].take(where)
            eta_s[row] += ahead_s
            eta_s[row] *= self._lights[incident.priority]
        eta_s *= self._factor
        return Situation(self._now_s, list(incidents.values()), list(self._seen), eta_s)

    def _release(self, car: Car, call: int, *, diverted: bool) -> None:
        self.tally.drove(car, self._now_s, car.share_driven(self._now_s))
        self.tally.was_busy(car, self._now_s)
        if diverted:
            self.tally.lost_its_unit(call)
        car.call, car.target = None, None
        car.version += 1
        self._open.take_off(call, car.index, diverted=diverted)

    def _send(self, car: Car, call: int) -> None:
        stands = car.target is None and car.diversions == 0
        if car.target is not None:
            self.tally.drove(car, self._now_s, car.share_driven(self._now_s))
        car.version += 1
        car.call, car.status, car.busy_since_s = call, UnitStatus.EN_ROUTE, self._now_s
        s_per_s = float(self._factor[car.index]) * self._lights[self._priority[call]] * self._slowness[call]
        self._drive(car, self._node[call], s_per_s, self._conditions.turnout_s if stands else 0.0)
        self.tally.sent(call, self._now_s)
        self._changed(car)
        self._open.send(call, car.index)

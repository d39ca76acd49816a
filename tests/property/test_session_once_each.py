"""For any course of events, the server holds what the car journalled, once each, and no ack ran ahead of a commit."""

from __future__ import annotations

import json
from collections import deque
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.batch import Parcel, Plan, plan
from gateway.parsing import Refusal
from gateway.protocol import Ack, Rejected, Welcome
from gateway.session import Close, Entry, Limits, NeedWelcome, Output, Send, Session, Store

DEVICE, UNIT = UUID(int=1), UUID(int=2)
BOOT = UUID("0b9d3f8e-7c41-4a55-9c1c-0d3f8e7c41aa")
JOURNAL = (DEVICE, BOOT)
NOW_MS = 1_700_000_000_000


class Database:
    """What the real one keeps: the high-water mark and the rows, changed in one commit by the plan that is also the
    real writer's."""

    def __init__(self) -> None:
        self.high_water = {JOURNAL: 0}
        self.rows: list[int] = []
        self.refused: set[int] = set()

    def commit(self, parcels: list[Parcel]) -> Plan:
        result = plan(parcels, self.high_water, {})
        entries: list[Entry] = [row.fix for row in result.fixes] + [entry for _, entry in result.messages]
        self.rows += sorted(entry.seq for entry in entries)
        self.refused |= {entry.seq for entry in entries if isinstance(entry, Refusal)}
        self.high_water = result.high_water
        return result


class Wire:
    """One connection: the session at its far end, and what is under way in both directions."""

    def __init__(self, limits: Limits, now_s: float) -> None:
        self.session = Session(now_s, limits)
        self.to_gateway: deque[str] = deque()
        self.to_car: deque[Any] = deque()
        self.sent_up_to = 0
        self.cut = False


class OnceEach(RuleBasedStateMachine):
    """A car, its wires (old ones linger after a takeover), the gateway's queue, and the database."""

    @initialize(burst=st.integers(2, 12))
    def begin(self, burst: int) -> None:
        self.limits = Limits(burst_frames=burst, frames_per_s=1)
        self.journal: dict[int, dict[str, Any]] = {}
        self.journalled: set[int] = set()
        self.next_seq = 1
        self.database = Database()
        self.queue: list[Parcel] = []
        self.wires: list[Wire] = []
        self.now_s = 0.0
        self.acks: list[int] = []
        self.connect()

    # ---- the car

    @rule(kind=st.sampled_from(["fix", "fix", "ahead", "bad", "status", "sos"]), gap=st.integers(1, 3))
    def journal_message(self, kind: str, gap: int) -> None:
        """The car writes down something new; gaps are fixes that it thinned out."""
        seq = self.next_seq + gap - 1
        self.next_seq = seq + 1
        body: dict[str, Any] = {"type": "fix", "seq": seq, "time_ms": NOW_MS, "lat": 1.0, "lon": 2.0}
        if kind == "ahead":
            body["time_ms"] = NOW_MS + 10**7
        elif kind == "bad":
            body["lat"] = 200
        elif kind == "status":
            body = {"type": "status", "seq": seq, "time_ms": NOW_MS, "assignment_id": "a", "status": "en_route"}
        elif kind == "sos":
            body = {"type": "sos", "seq": seq, "time_ms": NOW_MS, "active": True}
        self.journal[seq] = body
        self.journalled.add(seq)

    @rule(count=st.integers(1, 5), as_batch=st.booleans())
    def send(self, count: int, as_batch: bool) -> None:
        """The car sends the next of its journal, singly or as a batch."""
        wire = self.wires[-1]
        unsent = [body for seq, body in sorted(self.journal.items()) if seq > wire.sent_up_to][:count]
        if unsent:
            wire.sent_up_to = unsent[-1]["seq"]
            wire.to_gateway.extend([json.dumps(unsent)] if as_batch else [json.dumps(body) for body in unsent])

    @rule(back=st.integers(1, 6))
    def send_again(self, back: int) -> None:
        """The car may send again anything that is not yet acknowledged."""
        wire = self.wires[-1]
        again = [body for seq, body in sorted(self.journal.items()) if seq <= wire.sent_up_to][-back:]
        if again:
            wire.to_gateway.append(json.dumps(again))

    @rule()
    def connect(self) -> None:
        """A new connection takes over; what the old one still has under way may arrive late, or never."""
        wire = Wire(self.limits, self.now_s)
        hello = {"type": "hello", "boot": str(BOOT), "agent": "model/1", "clock_ms": NOW_MS}
        wire.to_gateway.append(json.dumps(hello))
        self.wires = [*[old for old in self.wires if not old.cut][-2:], wire]
        wire.sent_up_to = self.next_seq  # nothing is sent before the welcome says from where
        self.run_wire(wire, 1)
        self.hear()

    @rule()
    def noise(self) -> None:
        """Rubbish on the wire, from a car with a bug."""
        self.wires[-1].to_gateway.append("{")

    # ---- the network

    @rule(frames=st.integers(1, 10), which=st.integers(0, 2))
    def arrive(self, frames: int, which: int) -> None:
        """Some of what is under way reaches the gateway, on the newest wire or on an old one."""
        self.run_wire(self.wires[-1 - min(which, len(self.wires) - 1)], frames)

    @rule()
    def hear(self) -> None:
        """What the gateway sent on the newest wire reaches the car, which forgets what is acknowledged."""
        wire = self.wires[-1]
        while wire.to_car:
            message = wire.to_car.popleft()
            if isinstance(message, Welcome):
                self.forget(message.resume_after)
                wire.sent_up_to = message.resume_after
            elif isinstance(message, Ack):
                self.forget(message.seq)
            elif isinstance(message, Rejected):
                assert message.seq in self.database.refused

    @rule()
    def cut(self) -> None:
        """The wire breaks, with all that is under way on it, and the car connects again."""
        wire = self.wires[-1]
        wire.cut = True
        wire.to_gateway.clear()
        wire.to_car.clear()
        self.connect()

    @rule(seconds=st.integers(1, 8))
    def wait(self, seconds: int) -> None:
        """Time passes: the rate limit refills, and whoever was shed and stays is closed."""
        self.now_s += seconds
        for wire in self.wires:
            self.carry(wire, wire.session.tick(self.now_s))

    # ---- the gateway

    @precondition(lambda self: self.queue)
    @rule(count=st.integers(1, 6), answer_lost=st.booleans())
    def commit(self, count: int, answer_lost: bool) -> None:
        """A commit, tried again if its answer was lost; each parcel's session hears of it afterwards."""
        batch, self.queue = self.queue[:count], self.queue[count:]
        result = self.database.commit(batch)
        if answer_lost:
            result = self.database.commit(batch)
        for parcel in batch:
            refused = [entry for entry in parcel.entries if isinstance(entry, Refusal)]
            parcel.settle(result.high_water.get(parcel.journal), refused)

    @rule()
    def fail(self) -> None:
        """A commit that does not happen: nothing is stored, nothing is said, the queue stays."""
        plan(self.queue, self.database.high_water, {})

    @rule()
    def kill_gateway(self) -> None:
        """The gateway dies with all that it had not committed; the car connects to the next one."""
        self.queue.clear()
        self.wires.clear()
        self.connect()

    def run_wire(self, wire: Wire, frames: int) -> None:
        for _ in range(min(frames, len(wire.to_gateway))):
            self.carry(wire, wire.session.receive(wire.to_gateway.popleft(), self.now_s, NOW_MS))

    def carry(self, wire: Wire, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Send):
                if isinstance(output.message, Ack):
                    assert output.message.seq <= self.database.high_water[JOURNAL], "an ack ran ahead of the commit"
                wire.to_car.append(output.message)
            elif isinstance(output, Store):
                settle = partial(self.settle, wire)
                self.queue.append(Parcel(DEVICE, UNIT, BOOT, output.entries, NOW_MS, settle))
            elif isinstance(output, NeedWelcome):
                held = self.database.high_water[JOURNAL]
                welcome = Welcome(unit_id="u", unit_name="U", server_ms=NOW_MS, resume_after=held, orders=[])
                self.carry(wire, wire.session.welcome(welcome, self.now_s, NOW_MS))
            elif isinstance(output, Close):
                wire.cut = True

    def settle(self, wire: Wire, durable_seq: int | None, refused: list[Refusal]) -> None:
        assert durable_seq is not None
        self.carry(wire, wire.session.committed(durable_seq, refused))

    def forget(self, seq: int) -> None:
        missing = {held for held in self.journalled if held <= seq} - set(self.database.rows)
        assert not missing, f"told to forget {missing}, which nobody holds"
        for held in [held for held in self.journal if held <= seq]:
            del self.journal[held]

    @invariant()
    def once_each_in_order(self) -> None:
        """At any moment the server's rows are journalled messages, in order, none twice, none left out before the
        last."""
        rows = self.database.rows
        assert rows == sorted(set(rows))
        assert rows == sorted(self.journalled)[: len(rows)]

    def teardown(self) -> None:
        """When the network heals, everything arrives."""
        for _ in range(200):
            if not self.journal:
                break
            self.kill_gateway()
            self.send(5, as_batch=True)
            self.run_wire(self.wires[-1], 10)
            while self.queue:
                self.commit(6, answer_lost=False)
            self.hear()
        assert sorted(self.journalled) == self.database.rows


TestOnceEach = OnceEach.TestCase
TestOnceEach.settings = settings(max_examples=200, stateful_step_count=50)

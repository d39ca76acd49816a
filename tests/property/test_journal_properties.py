"""The journal's law: whatever is done to it and wherever it is cut off, order, uniqueness and steps survive."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.protocol import Camera, JournalledMessage, Sos
from tests.unit.vehicle_agent.parts import START_MS, fill, fix, status
from vehicle_agent.journal import Journal

SMALL_LIMIT_BYTES = 400_000  # thinning comes within a few hundred fixes


class JournalMachine(RuleBasedStateMachine):
    """Any interleaving of append, forget, drop, reading and reopening, with thinning whenever the file fills up."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal"
        self.journal = Journal(self.path, SMALL_LIMIT_BYTES)
        self.boot = self.journal.boot
        self.given = 0
        self.kept: dict[int, JournalledMessage] = {}
        """Steps and calls for help that nobody has acknowledged."""
        self.fixes: dict[int, JournalledMessage] = {}

    def teardown(self) -> None:
        """Remove the file."""
        self.journal.close()
        self.folder.cleanup()

    def _number(self, seq: int) -> int:
        assert seq == self.given + 1, "numbers rise, and none is given twice"
        self.given = seq
        return seq

    @rule(count=st.integers(1, 1500))
    def drive(self, count: int) -> None:
        """Many fixes."""
        for seq in fill(self.journal, count):
            self.fixes[self._number(seq)] = fix(seq)

    @rule()
    def take_a_step(self) -> None:
        """A press of the crew."""
        seq = self._number(self.journal.append(status))
        self.kept[seq] = status(seq)

    @rule()
    def call_for_help(self) -> None:
        """An SOS."""
        seq = self._number(self.journal.append(lambda seq: Sos(seq=seq, time_ms=START_MS, active=True)))
        self.kept[seq] = Sos(seq=seq, time_ms=START_MS, active=True)

    @rule()
    def film(self) -> None:
        """A camera state, which may be thinned once fixes are gone."""
        seq = self._number(
            self.journal.append(lambda seq: Camera(seq=seq, time_ms=START_MS, camera_id="c1", state="recording"))
        )
        self.fixes[seq] = Camera(seq=seq, time_ms=START_MS, camera_id="c1", state="recording")

    @rule(share=st.floats(0, 1.2))
    def acknowledge(self, share: float) -> None:
        """The gateway holds everything up to some number."""
        upto = int(self.given * share)
        self.journal.forget(upto)
        self.kept = {seq: message for seq, message in self.kept.items() if seq > upto}
        self.fixes = {seq: message for seq, message in self.fixes.items() if seq > upto}

    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        """The gateway refuses one message for good."""
        if not self.kept:
            return
        seq = data.draw(st.sampled_from(sorted(self.kept)))
        row = self.journal.drop(seq)
        assert row is not None
        assert row.seq == seq
        del self.kept[seq]

    @rule()
    def reopen(self) -> None:
        """The agent restarts."""
        self.journal.close()
        self.journal = Journal(self.path, SMALL_LIMIT_BYTES)

    @invariant()
    def holds_what_it_must(self) -> None:
        """In order, unchanged, no step lost, nothing that was never given, the count right, the disk bounded."""
        rows = self.journal.after(0, 1_000_000)
        seqs = [row.seq for row in rows]
        assert seqs == sorted(set(seqs))
        known = self.kept | self.fixes
        for row in rows:
            assert row.body == msgspec.json.encode(known[row.seq])
        assert set(self.kept) <= set(seqs)
        assert self.journal.waiting() == len(seqs)
        assert self.journal.last_seq == self.given
        assert self.journal.boot == self.boot
        on_disk = sum(file.stat().st_size for file in self.path.parent.iterdir())
        assert on_disk <= SMALL_LIMIT_BYTES * 1.1


TestJournal = JournalMachine.TestCase
TestJournal.__doc__ = "Runs the machine above over random interleavings."
TestJournal.settings = settings(max_examples=40, stateful_step_count=20)

"""tus offsets under kills: whatever is cut, repeated or lost, the noted bytes are the file's first bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dispatch.store.recording_files import Incoming

CONTENT = bytes(range(256)) * 8


class UploadMachine(RuleBasedStateMachine):
    """A client that sends from any offset, a server that may be killed at any point, a disk that may lose its tail.

    `noted` is what the database holds; a killed request leaves the file as it is and the note as it was.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "upload"
        self.noted = 0

    def teardown(self) -> None:
        self._folder.cleanup()

    @rule(
        drift=st.integers(-20, 20),
        length=st.integers(0, 700),
        ending=st.sampled_from(["whole", "killed while writing", "killed before the note", "cut", "wrong checksum"]),
        cut_at=st.integers(0, 700),
    )
    def patch(self, drift: int, length: int, ending: str, cut_at: int) -> None:
        """One request as dispatch.api.uploads treats it."""
        said = max(self.noted + (drift if abs(drift) < 8 else 0), 0)
        body = CONTENT[said : said + length]
        incoming = Incoming(self.path)
        try:
            self.noted = incoming.resume(self.noted)
            if said != self.noted:
                return
            incoming.write(body[:cut_at] if ending in {"cut", "killed while writing"} else body)
            if ending == "killed while writing":
                return
            if ending == "wrong checksum":
                incoming.undo()
                return
            after = incoming.commit()
            if ending != "killed before the note":
                self.noted = after
        finally:
            incoming.close()

    @precondition(lambda self: self.path.exists())
    @rule(lost=st.integers(1, 300))
    def disk_loses_its_tail(self, lost: int) -> None:
        """As after a power cut with a lying disk; the next request takes note of it."""
        size = max(self.path.stat().st_size - lost, 0)
        with self.path.open("r+b") as file:
            file.truncate(size)
        incoming = Incoming(self.path)
        self.noted = incoming.resume(self.noted)
        incoming.close()

    @invariant()
    def noted_bytes_are_the_first_bytes(self) -> None:
        """So that the next piece fits behind them."""
        if self.path.exists():
            assert self.path.read_bytes()[: self.noted] == CONTENT[: self.noted]
            assert self.path.stat().st_size >= self.noted

    @invariant()
    def it_can_always_be_finished(self) -> None:
        """From wherever it stands, sending the rest makes the whole."""
        if self.path.exists():
            before = self.path.read_bytes()
            incoming = Incoming(self.path)
            incoming.resume(self.noted)
            incoming.write(CONTENT[self.noted :])
            assert self.path.read_bytes() == CONTENT
            incoming.close()
            self.path.write_bytes(before)


TestUploads = UploadMachine.TestCase
TestUploads.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)

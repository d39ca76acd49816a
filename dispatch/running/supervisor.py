"""Keeps engines and server processes running until it is told to stop; logs every fall and every return."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

import structlog

from dispatch.embedded import EmbeddedEngines, EngineError
from dispatch.running.child import Child

_log = structlog.get_logger()
ROUND_S: Final = 0.1
READY_WITHIN_S: Final = 90.0
FALLS_AT_START: Final = 3
RETRY_ENGINE_S: Final = 5.0


class StartFailed(Exception):
    """A process does not come up; the text says which, and its last words."""


class Supervisor:
    """Single-threaded on purpose: Linux ties a child's life to the thread that started it."""

    def __init__(self, engines: EmbeddedEngines) -> None:
        self._engines = engines
        self._children: list[Child] = []
        self._stopping = False
        self._engine_due_s = 0.0

    @property
    def stopping(self) -> bool:
        """Has somebody asked to stop?"""
        return self._stopping

    def listen_to_signals(self) -> None:
        """SIGTERM, Ctrl-C and a closed terminal end `run`; what is under way is finished in order."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays in force
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # Nothing that takes a lock: the wait that it interrupts, in this very thread, may hold it.
        self._stopping = True

    def start(self, children: Sequence[Child]) -> None:
        """Start the children beside those that run."""
        for child in children:
            self._children.append(child)
            child.start()
            _log.info("process_started", process=child.name, pid=child.pid)

    def wait_ready(self) -> None:
        """Until every child is ready, or somebody asks to stop. Raises StartFailed where one keeps falling."""
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.stopping and not all(child.ready() for child in self._children):
            self._look_after_all()
            for child in self._children:
                if child.falls >= FALLS_AT_START:
                    raise StartFailed(f"{child.name} does not start: {child.last_words}")
                if time.monotonic() > deadline:
                    waiting = ", ".join(child.name for child in self._children if not child.ready())
                    raise StartFailed(f"{waiting}: not ready after {READY_WITHIN_S:.0f} s: {child.last_words}")
            time.sleep(ROUND_S)

    def run(self, every_round: Callable[[], None] = lambda: None) -> None:
        """Look after everything until somebody asks to stop."""
        while not self.stopping:
            self._look_after_all()
            every_round()
            time.sleep(ROUND_S)

    def stop(self) -> None:
        """Children first, all at once, so that none of them loses its engines; then the engines."""
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop()
        self._engines.stop()
        _log.info("stopped")

    def _look_after_all(self) -> None:
        self._look_after_engines()
        for child in self._children:
            code = child.fell()
            if code is not None:
                _log.error("process_fell", process=child.name, exit_code=code, last_words=child.last_words)
            if child.due():
                child.start()
                _log.info("process_restarted", process=child.name, pid=child.pid)

    def _look_after_engines(self) -> None:
        if time.monotonic() < self._engine_due_s:
            return
        for engine in self._engines.dead():
            _log.error("engine_fell", engine=engine.name)
            try:
                engine.start()
                engine.wait_ready()
            except EngineError as error:
                _log.error("engine_restart_failed", engine=engine.name, error=str(error))
                self._engine_due_s = time.monotonic() + RETRY_ENGINE_S
            else:
                _log.info("engine_restarted", engine=engine.name, pid=engine.pid)

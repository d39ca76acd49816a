"""A TCP proxy that can swallow: while it is cut, nothing passes and nothing is refused, as on a net that is gone."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

CHUNK: Final = 65_536
LOOK_S: Final = 0.1


class Swallowing:
    """Stands before one port. What was sent into a cut arrives after it, as TCP sends again what was not received."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._whole = threading.Event()
        self._whole.set()
        self._over = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing passes."""
        self._whole.clear()

    def heal(self) -> None:
        """What waits goes on."""
        self._whole.set()

    def end(self) -> None:
        """Takes no more connections, and lets those go that it has."""
        self._over.set()
        self._whole.set()
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._door.accept()
                threading.Thread(target=self._carry, args=(caller,), daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        self._whole.wait()
        with caller, suppress(OSError), socket.create_connection(self._target) as server:
            back = threading.Thread(target=self._pass, args=(server, caller), daemon=True)
            back.start()
            self._pass(caller, server)
            back.join()

    def _pass(self, source: socket.socket, to: socket.socket) -> None:
        # Two threads share each socket, so that neither may set its timeout.
        with suppress(OSError, ValueError):
            while not self._over.is_set():
                self._whole.wait()
                readable, _, _ = select.select([source], [], [], LOOK_S)
                if not readable or not self._whole.is_set():
                    continue
                chunk = source.recv(CHUNK)
                if not chunk:
                    break
                to.sendall(chunk)
        with suppress(OSError):
            to.shutdown(socket.SHUT_WR)


@contextmanager
def swallowing(port: int) -> Iterator[Swallowing]:
    """For the block."""
    proxy = Swallowing(port)
    try:
        yield proxy
    finally:
        proxy.end()

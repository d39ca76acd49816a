"""A way to the server that hands out its page as build 1, 2, …, and can be cut for what officers report and ask."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

import httpx

_OWN: Final = {"content-length", "transfer-encoding", "connection", "content-encoding", "date", "server"}
_NOT_ASKED: Final = {"host", "connection", "if-none-match", "if-modified-since"}
"""A file that this way changes must not be called unchanged."""
_OFFICERS: Final = "/api/v1/officer/"


class Builds:
    """On a port of its own, for the length of a block."""

    def __init__(self, behind: str) -> None:
        self.build = 1
        self.is_cut = False
        self.client = httpx.Client(base_url=behind, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Where the browser goes."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.client.close()

    def cut(self) -> None:
        """Nothing that officers report or ask comes through; files do."""
        self.is_cut = True

    def mend(self) -> None:
        """All comes through."""
        self.is_cut = False

    def next(self) -> None:
        """A new build is installed on the server."""
        self.build += 1

    def changed(self, path: str, content: bytes) -> bytes:
        """The file as this build has it."""
        if path == "/car-worker.js":
            return content.replace(b'const VERSION = "', f'const VERSION = "{self.build}-'.encode(), 1)
        if path == "/car":
            return content.replace(b"<html ", f'<html data-build="{self.build}" '.encode(), 1)
        return content


def _handler(builds: Builds) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if builds.is_cut and self.path.startswith(_OFFICERS):
                self._send(502, [], b"")
                return
            asked = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_ASKED}
            answer = builds.client.request(self.command, self.path, headers=asked, content=body)
            told = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _OWN]
            self._send(answer.status_code, told, builds.changed(self.path.partition("?")[0], answer.content))

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the library calls them by these names

        def _send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() != "etag":
                    self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler

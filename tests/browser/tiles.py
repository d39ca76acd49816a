"""A tile server for the browser tests: the paths of Taiwan's national mapping centre, pictures of one colour."""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

PATH: Final = "/wmts/EMAP/default/GoogleMapsCompatible"
SIDE_PX: Final = 256
COLOUR: Final = (150, 120, 70)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _picture() -> bytes:
    rows = (b"\0" + bytes(COLOUR) * SIDE_PX) * SIDE_PX
    header = struct.pack(">IIBBBBB", SIDE_PX, SIDE_PX, 8, 2, 0, 0, 0)
    parts = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@dataclass
class TileServer:
    """A running one, and which tiles it was asked for: (zoom, row, column)."""

    url: str
    asked: set[tuple[int, int, int]] = field(default_factory=set)

    @property
    def template(self) -> str:
        """Row before column, and no ending."""
        return f"{self.url}{PATH}/{{z}}/{{y}}/{{x}}"


@contextmanager
def serving_tiles() -> Iterator[TileServer]:
    """For the length of the block. Other origins may use its pictures, as a map that draws with WebGL needs."""
    content = _picture()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            zoom, row, column = (int(part) for part in self.path.removeprefix(PATH).strip("/").split("/"))
            tiles.asked.add((zoom, row, column))
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tiles = TileServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield tiles
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

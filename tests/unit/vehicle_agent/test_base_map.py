"""The streets on the car's disk: fetched in pieces, gone on with, and never half there."""

from __future__ import annotations

import gzip
import re
from email.message import Message
from pathlib import Path

import pytest

from vehicle_agent.base_map import PIECE_BYTES, Answer, BaseMap, MapError

FIRST = gzip.compress(bytes(range(256)) * 40, 0, mtime=0) * 40
SECOND = gzip.compress(b"other streets", mtime=0)


class Server:
    """Answers as the gateway does; `fails_at` loses the network before that many bytes of a version are out."""

    def __init__(self, content: bytes, tag: str) -> None:
        self.content = content
        self.tag = tag
        self.fails_at: int | None = None
        self.asked: list[dict[str, str]] = []

    def ask(self, headers: dict[str, str]) -> Answer:
        """One GET."""
        self.asked.append(headers)
        told = Message()
        told["ETag"] = self.tag
        if headers.get("If-None-Match") == self.tag:
            return Answer(304, told, b"")
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", headers["Range"])
        assert found is not None
        start, end = int(found.group(1)), int(found.group(2)) + 1
        if headers.get("If-Range", self.tag) != self.tag:
            return Answer(200, told, self.content)
        if self.fails_at is not None and start >= self.fails_at:
            raise MapError("the network is gone")
        piece = self.content[start:end]
        told["Content-Range"] = f"bytes {start}-{start + len(piece) - 1}/{len(self.content)}"
        return Answer(206, told, piece)


def test_it_comes_in_pieces_and_is_asked_for_once(tmp_path: Path) -> None:
    """Several pieces make one file; the next look gets 304 and changes nothing."""
    server = Server(FIRST, '"1"')
    kept = BaseMap(tmp_path / "journal")
    assert kept.read() is None
    assert kept.refresh(server.ask)
    assert len(server.asked) == -(-len(FIRST) // PIECE_BYTES) > 2
    assert kept.read() == ('"1"', FIRST)
    assert not kept.refresh(server.ask)
    assert server.asked[-1]["If-None-Match"] == '"1"'


def test_a_lost_network_costs_what_was_under_way(tmp_path: Path) -> None:
    """It goes on where it was, after a restart too; what was there before stays until the new one is whole."""
    kept = BaseMap(tmp_path / "journal")
    kept.refresh(Server(SECOND, '"0"').ask)
    server = Server(FIRST, '"1"')
    server.fails_at = 2 * PIECE_BYTES
    with pytest.raises(MapError):
        kept.refresh(server.ask)
    assert kept.read() == ('"0"', SECOND)
    server.fails_at, server.asked = None, []
    again = BaseMap(tmp_path / "journal")
    assert again.refresh(server.ask)
    assert server.asked[0]["Range"].startswith(f"bytes={2 * PIECE_BYTES}-")
    assert again.read() == ('"1"', FIRST)


def test_other_streets_meanwhile_begin_anew(tmp_path: Path) -> None:
    """Half of one version and half of another are never put together."""
    kept = BaseMap(tmp_path / "journal")
    server = Server(FIRST, '"1"')
    server.fails_at = PIECE_BYTES
    with pytest.raises(MapError):
        kept.refresh(server.ask)
    assert kept.refresh(Server(SECOND, '"2"').ask)
    assert kept.read() == ('"2"', SECOND)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(404, Message(), b""), "404"),
        (Answer(200, Message(), b"x"), "200"),
    ],
)
def test_what_is_no_answer_is_said(tmp_path: Path, answer: Answer, said: str) -> None:
    """No streets there, or something else on that port: an error with the status, and nothing kept."""
    kept = BaseMap(tmp_path / "journal")
    with pytest.raises(MapError, match=said):
        kept.refresh(lambda _headers: answer)
    assert kept.read() is None


def test_what_is_no_gzip_is_not_kept(tmp_path: Path) -> None:
    """A proxy's page with an ETag does not replace the streets."""
    kept = BaseMap(tmp_path / "journal")
    with pytest.raises(MapError, match="no gzip"):
        kept.refresh(Server(b"<html>sign in</html>", '"3"').ask)
    assert kept.read() is None


def test_a_piece_is_written_once(tmp_path: Path) -> None:
    """Pieces are added to the half file, which is never written anew: a card wears, and a map has hundreds of them."""
    kept = BaseMap(tmp_path / "journal")
    server = Server(FIRST, '"1"')
    half = tmp_path / "journal.streets.part"
    files = set[int]()

    def ask(headers: dict[str, str]) -> Answer:
        if half.exists():
            files.add(half.stat().st_ino)
        return server.ask(headers)

    kept.refresh(ask)
    assert len(server.asked) > 2
    assert len(files) == 1
    assert not half.exists()


def test_a_spoilt_half_is_thrown_away(tmp_path: Path) -> None:
    """A power cut left zeros in the half file: the whole is not taken, and the next look begins anew."""
    kept = BaseMap(tmp_path / "journal")
    server = Server(FIRST, '"1"')
    server.fails_at = 2 * PIECE_BYTES
    with pytest.raises(MapError):
        kept.refresh(server.ask)
    half = tmp_path / "journal.streets.part"
    raw = half.read_bytes()
    half.write_bytes(raw[:-4096] + bytes(4096))
    server.fails_at = None
    with pytest.raises(MapError, match="no gzip"):
        kept.refresh(server.ask)
    assert kept.read() is None
    assert kept.refresh(server.ask)
    assert kept.read() == ('"1"', FIRST)

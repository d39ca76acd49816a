"""Names, types and times of recordings: what a car says must harm neither a path, a shell nor a browser."""

from __future__ import annotations

import pytest

from dispatch.domain.recording import check_times, export_name, safe_name, shown_type
from dispatch.domain.refusals import Invalid


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("20261125_101500.mp4", "20261125_101500.mp4"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("--help; rm -rf.mp4", "help_rm_-rf.mp4"),
        ("行車記錄 1.mp4", "行車記錄_1.mp4"),
        ("...", "recording"),
    ],
)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    """Nothing of a path, an option or a hidden file is left, and its words are."""
    assert safe_name(name) == safe


def test_a_long_name_fits_a_file_system() -> None:
    """255 bytes, not letters: the unit's name and the file's in one, each in three bytes a letter; its end is kept."""
    name = export_name(999, "嘉" * 200, f"{'錄' * 200}.mp4")
    assert len(name.encode()) <= 255
    assert name.endswith("錄.mp4")
    assert safe_name(f"{'a' * 200}{'.' * 99}b") == "b"


def test_an_export_s_names_differ_by_number() -> None:
    """Two files of one name stand side by side."""
    assert export_name(1, "嘉 101", "a.mp4") == "001_嘉_101_a.mp4"
    assert export_name(2, "嘉 101", "a.mp4") == "002_嘉_101_a.mp4"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("video/mp4", "video/mp4"),
        ("audio/aac", "audio/aac"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/html", "application/octet-stream"),
        ("video/mp4\nX: y", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
def test_only_what_plays_is_shown(told: str | None, shown: str) -> None:
    """A page must not run what a car named."""
    assert shown_type(told) == shown


def test_a_recording_does_not_end_before_it_begins() -> None:
    """One moment is enough; less than none is refused."""
    check_times(5, 5)
    with pytest.raises(Invalid):
        check_times(5, 4)

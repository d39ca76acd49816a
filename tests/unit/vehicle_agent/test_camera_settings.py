"""Mistakes in the settings of cameras are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from vehicle_agent.cameras.settings import read_camera_settings
from vehicle_agent.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[camera]]\nkind = 'folder'\nid = 'a'", "folder"),
        ("[[camera]]\nkind = 'usb'\nid = 'a'", "usb"),
        ("[[camera]]\nkind = 'folder'\nid = 'a'\nfolder = '/x'\nrest = 3", "rest"),
        ("[[camera]]\nkind = 'folder'\nid = 'a'\nfolder = '/x'\nrest_s = 0", "rest_s"),
        ("[[camera]]\nkind = 'http'\nid = 'a'\nurl = 'camera'", "url of 'a'"),
        ("[[camera]]\nkind = 'simulated'\nid = 'a'\n[[camera]]\nkind = 'simulated'\nid = 'a'", "two cameras"),
        ("[[camera]]\nkind = 'simulated'\nid = 'a'\nwords = {X = 'rolling'}", "rolling"),
        ("[uploads]\nurl = 'https://x'\nstation_networks = ['10.1.0.1/16']", "10.1.0.1/16"),
        ("camera = ", "Invalid value"),
        ("[[camera]]\nkind = 'folder'\nid = 'a'\nfolder = '/x'\ntime_zone = 'Asia/Chiayi'", "time_zone of 'a'"),
        ("[[camera]]\nkind = 'folder'\nid = 'a'\nfolder = '/x'\ntime_zone = 'Asia'", "time_zone of 'a'"),
        ("[[camera]]\nkind = 'folder'\nid = 'a'\nfolder = '/x'\nname_time = '%Y%Y'", "name_time of 'a'"),
        ("[[camera]]\nkind = 'folder'\nid = 'a'\nfolder = '/x'\nname_time = '%Q'", "name_time of 'a'"),
        ("[[camera]]\nkind = 'folder'\nid = 'a'\nfolder = '/x'\nname_time = '%H%M%S'", "tells no day"),
        ('[[camera]]\nkind = "folder"\nid = "a"\nfolder = "/x\\u0000"', "folder"),
        ('[[camera]]\nkind = "simulated"\nid = "a\\u0000"', "id"),
        ("[[camera]]\nkind = 'http'\nid = 'a'\nurl = 'http://h:99999/'", "url of 'a'.*Port out of range"),
        ("[[camera]]\nkind = 'http'\nid = 'a'\nurl = 'http://h:x/'", "url of 'a'"),
        ("[[camera]]\nkind = 'http'\nid = 'a'\nurl = 'http://[::1'", "url of 'a'"),
        ("[[camera]]\nkind = 'http'\nid = 'a'\nurl = 'http://h/a b'", "url of 'a'"),
        (f"[[camera]]\nkind = 'http'\nid = 'a'\nurl = 'http://{'h' * 70}/'", "url of 'a'"),
        ("[[camera]]\nkind = 'http'\nid = 'a'\nurl = 'http://h'\nrecord_url = 'http://h:0/'", "record_url of 'a'"),
        ('[[camera]]\nkind = "http"\nid = "a"\nurl = "http://h"\nheader = {A = "x\\ny"}', "header of 'a'"),
        ("[[camera]]\nkind = 'http'\nid = 'a'\nurl = 'http://h'\nheader = {A = '密碼'}", "header of 'a'"),
        ("[uploads]\nurl = 'https://x:y'", "uploads.url"),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path: Path, text: str, says: str) -> None:
    """Whoever wrote the file finds the member in the one line that the agent prints."""
    (tmp_path / "cameras.toml").write_text(text)
    with pytest.raises(SettingsError, match=says):
        read_camera_settings(tmp_path / "cameras.toml")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """And no --cameras means no cameras."""
    with pytest.raises(SettingsError, match="No such file"):
        read_camera_settings(tmp_path / "none.toml")
    assert read_camera_settings(None).camera == ()

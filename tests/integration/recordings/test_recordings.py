"""Recordings on the server: index, who looked, exports, retention."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import select

from dispatch.service.desk import utc_now
from gateway.store import car_messages
from tests.support.recordings import Car, alarms_now, kinds_about, row_of, video
from tests.support.server import Server, assigned, enter

# ---- index


async def test_a_recording_is_indexed_once_and_never_changed(server: Server, car: Car) -> None:
    """Told twice it stands once; the same name with another hash is refused for good, and the first index stays."""
    content = video()
    told = await car.record(content)
    moment = (await row_of(server, told)).ended_at
    await car.record(content, told_id=told, ended_at=moment)
    assert await kinds_about(server, (await row_of(server, told)).recording_id) == ["recording_indexed"]
    await car.record(video(), told_id=told, ended_at=moment)
    row = await row_of(server, told)
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    refused = await server.told(car.unit_id, "rejected")
    assert [each.body["code"] for each in refused] == ["bad_message"]
    assert "recording_id" in refused[0].body["message"]


async def test_a_recording_that_ends_before_it_begins_is_refused(server: Server, car: Car) -> None:
    """The member is named, so that whoever wrote the camera's adapter finds it."""
    await car.record(video(10), started_ms=2_000, ended_ms=1_000)
    (refused,) = await server.told(car.unit_id, "rejected")
    assert refused.body["message"].startswith("ended_ms")


async def test_it_is_found_by_the_incident_its_unit_was_on(
    server: Server, car: Car, supervisor: httpx.AsyncClient
) -> None:
    """Which assignment it belongs to is told by time; one from before the call isn't listed."""
    incident = await enter(supervisor)
    await assigned(supervisor, incident["id"], car.unit_id)
    during = await car.record(video(10), ended_at=utc_now() + timedelta(seconds=30))
    before = await car.record(video(10), ended_at=utc_now() - timedelta(hours=2))
    listed = (await supervisor.get("/recordings", params={"incident": incident["id"]})).json()["items"]
    assert [item["name"] for item in listed] == [f"{during}.mp4"]
    assert [each["incident_number"] for each in listed[0]["incidents"]] == [incident["number"]]
    everything = (await supervisor.get("/recordings", params={"unit": str(car.unit_id)})).json()["items"]
    assert {item["name"] for item in everything} == {f"{during}.mp4", f"{before}.mp4"}


# ---- looking and exporting


async def test_a_recording_is_played_in_ranges_and_each_look_is_kept(
    server: Server, car: Car, supervisor: httpx.AsyncClient
) -> None:
    """A player's many requests are one look; another person's is another; the auditor sees both, and may not look."""
    content = video(5000)
    told = await car.record(content)
    await car.becomes(await car.upload(told), "verified")
    address = f"/recordings/{(await row_of(server, told)).recording_id}"
    for start in (0, 1000, 2000):
        part = await supervisor.get(f"{address}/content", headers={"Range": f"bytes={start}-{start + 99}"})
        assert (part.status_code, part.content) == (206, content[start : start + 100])
        assert part.headers["Content-Type"] == "video/mp4"
    whole = await (await server.client()).get(f"{address}/content", params={"reason": "report 12"})
    assert (whole.status_code, whole.content) == (200, content)
    auditor = await server.client("ada", "auditor")
    looks = (await auditor.get(f"{address}/accesses")).json()["items"]
    assert [(look["username"], look["what"], look["reason"]) for look in looks] == [
        ("sue", "recording_content", None),
        ("dora", "recording_content", "report 12"),
    ]
    assert (await auditor.get(f"{address}/content")).status_code == 403
    assert (await (await server.client()).get(f"{address}/accesses")).status_code == 403


async def test_a_page_named_by_a_car_is_never_shown_as_one(
    server: Server, car: Car, supervisor: httpx.AsyncClient
) -> None:
    """A car's word on the media type must not let a script run in the console."""
    told = await car.record(b"<script>", media_type="text/html", name="a.html")
    await car.becomes(await car.upload(told), "verified")
    shown = await supervisor.get(f"/recordings/{(await row_of(server, told)).recording_id}/content")
    assert shown.headers["Content-Type"] == "application/octet-stream"
    assert shown.headers["Content-Disposition"].startswith("attachment")


async def test_an_export_is_verified_by_a_stranger_with_sha256sum(
    server: Server, car: Car, supervisor: httpx.AsyncClient, tmp_path: Path
) -> None:
    """`sha256sum -c` says OK to every file, and not to one that was changed; who, when and why are in it and kept."""
    contents = [video(3_000_000), video(10)]
    ids = []
    for content in contents:
        told = await car.record(content, name="../行車 記錄.mp4", officer_id="B1204")
        await car.becomes(await car.upload(told), "verified")
        ids.append(str((await row_of(server, told)).recording_id))
    await supervisor.get(f"/recordings/{ids[0]}/content")
    wanted = {"recording_ids": ids, "reason": "嘉檢 112 偵 77"}
    assert (await (await server.client()).post("/recordings/exports", json=wanted)).status_code == 403
    answer = await supervisor.post("/recordings/exports", json=wanted)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()

    def verify() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False
        )

    checked = verify()
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == len(list(folder.iterdir())) - 1
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["exported_by"], manifest["reason"]) == ("sue", "嘉檢 112 偵 77")
    first = manifest["recordings"][0]
    assert (folder / first["file"]).read_bytes() == contents[0]
    assert (first["unit"], first["officer_id"], first["sha256"]) == (
        "R1",
        "B1204",
        hashlib.sha256(contents[0]).hexdigest(),
    )
    assert [each["what"] for each in first["accesses"]] == ["recording_content", "recording_export"]
    assert (await kinds_about(server, UUID(ids[0])))[-1] == "recording_exported"
    (folder / first["file"]).write_bytes(b"forged")
    assert verify().returncode != 0


async def test_a_kept_file_that_changed_is_not_exported_but_set_apart(
    server: Server, car: Car, supervisor: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Damage after arrival: no export with it, nothing on record as exported, quarantine and an alarm."""
    told = await car.record(video(1000))
    place = await car.upload(told)
    await car.becomes(place, "verified")
    row = await row_of(server, told)
    (tmp_path / "recordings" / row.path).write_bytes(video(1000))
    wanted = {"recording_ids": [str(row.recording_id)], "reason": "court"}
    refused = await supervisor.post("/recordings/exports", json=wanted)
    assert (refused.status_code, refused.json()["code"]) == (409, "recording_not_here")
    server.app.state.recordings.arrived.set()
    await car.becomes(place, "quarantined")
    assert len(await alarms_now(server)) == 1
    assert "recording_exported" not in await kinds_about(server, row.recording_id)


# ---- retention


async def test_retention_deletes_old_files_says_so_and_spares_what_is_held(
    server: Server, car: Car, supervisor: httpx.AsyncClient, tmp_path: Path
) -> None:
    """The file goes, index and log stay; one of a held incident stays until it is released."""
    incident = await enter(supervisor)
    await assigned(supervisor, incident["id"], car.unit_id)
    held = await car.record(video(10), ended_at=utc_now() + timedelta(seconds=30))
    plain = await car.record(video(10), ended_at=utc_now() - timedelta(days=1))
    for told in (held, plain):
        await car.becomes(await car.upload(told), "verified")
    address = f"/incidents/{incident['id']}/hold"
    assert (await (await server.client()).put(address, json={"reason": "court"})).status_code == 403
    assert (await supervisor.put(address, json={"reason": "court"})).json()["held_by"] == "sue"
    kept = {told: tmp_path / "recordings" / (await row_of(server, told)).path for told in (held, plain)}
    server.clock_ahead_by(timedelta(days=200))
    await server.app.state.recordings.forget_outlived()
    assert kept[held].is_file()
    assert not kept[plain].exists()
    row = await row_of(server, plain)
    assert (row.state, row.path) == ("deleted", None)
    assert (await kinds_about(server, row.recording_id))[-1] == "recording_deleted"
    assert (await car.begin(plain)).status_code == 409
    assert (await supervisor.delete(address)).json() == {
        "held": False,
        "held_at": None,
        "held_by": None,
        "reason": None,
    }
    await server.app.state.recordings.forget_outlived()
    assert not kept[held].exists()
    async with server.engine.connect() as connection:
        unread = select(car_messages.c.message_id).where(car_messages.c.rejected_code.is_not(None))
        assert (await connection.execute(unread)).all() == []

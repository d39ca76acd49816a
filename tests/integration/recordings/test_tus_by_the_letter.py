"""What tus 1.0 asks of a server beyond the way of our own car: headers of every answer, other clients, locks."""

from __future__ import annotations

import base64
import fcntl
import hashlib
from pathlib import Path

from tests.support.recordings import BODY, TUS, Car, row_of, video
from tests.support.server import Server


async def test_what_the_server_can_is_asked_without_a_token(server: Server, car: Car) -> None:
    """OPTIONS needs neither a version nor a token, and names version, extensions and algorithms."""
    del car.http.headers["Authorization"]
    answer = await car.http.options("/api/v1/uploads")
    assert (answer.status_code, answer.headers["Tus-Version"]) == (204, "1.0.0")
    assert answer.headers["Tus-Extension"] == "creation,checksum,termination"
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


async def test_every_answer_says_its_version(server: Server, car: Car) -> None:
    """Errors too, wherever they come from: no token, no version, no such upload, a bad id, too much, a bad method."""
    place = (await car.begin(await car.record(video(100)))).headers["Location"]
    nobody = {"Authorization": "Bearer nobody"}
    answers = [
        (200, await car.look(place)),
        (401, await car.http.head(place, headers=TUS | nobody)),
        (412, await car.http.head(place)),
        (404, await car.look(place[:-1] + ("0" if place[-1] != "0" else "1"))),
        (422, await car.http.head(f"{place}x", headers=TUS)),
        (400, await car.http.post("/api/v1/uploads", headers=TUS)),
        (413, await car.patch(place, 0, video(101))),
        (405, await car.http.put(place, headers=TUS)),
        (409, await car.patch(place, 7, b"x")),
        (460, await car.patch(place, 0, b"x", checksum=hashlib.sha256(b"y").digest())),
    ]
    for status, answer in answers:
        assert (answer.status_code, answer.headers.get_list("Tus-Resumable")) == (status, ["1.0.0"])
    assert answers[0][1].headers["Cache-Control"] == "no-store"
    assert answers[2][1].headers["Tus-Version"] == "1.0.0"
    assert "Tus-Resumable" not in (await car.http.get("/api/v1/session")).headers


async def test_a_client_that_can_post_alone_says_the_method_in_a_header(car: Car) -> None:
    """`X-HTTP-Method-Override` counts, whatever the request's own method."""
    content = video(100)
    place = (await car.begin(await car.record(content))).headers["Location"]
    headers = BODY | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    answer = await car.http.post(place, headers=headers, content=content[:40])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "40")
    looked = await car.http.get(place, headers=TUS | {"X-HTTP-Method-Override": "HEAD"})
    assert (looked.status_code, looked.headers["Upload-Offset"]) == (200, "40")
    gone = await car.http.post(place, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})
    assert gone.status_code == 204
    assert (await car.look(place)).status_code == 404


async def test_metadata_is_given_back_as_it_came_and_only_ours_is_read(server: Server, car: Car) -> None:
    """Keys of the client's own, without a value or in no UTF-8, are no fault."""
    told = await car.record(video(10))
    name = base64.b64encode(told.encode()).decode()
    binary = base64.b64encode(b"\xff\xfe").decode()
    given = f"filename {binary},is_confidential,recording_id {name}"
    headers = TUS | {"Upload-Length": "10", "Upload-Metadata": given}
    began = await car.http.post("/api/v1/uploads", headers=headers)
    assert began.status_code == 201, began.text
    assert (await car.look(began.headers["Location"])).headers["Upload-Metadata"] == given
    wrong = await car.http.post("/api/v1/uploads", headers=headers | {"Upload-Metadata": f"recording_id {binary}"})
    assert wrong.status_code == 400


async def test_another_body_is_not_taken(car: Car) -> None:
    """415, and the offset stands."""
    place = (await car.begin(await car.record(video(10)))).headers["Location"]
    headers = TUS | {"Upload-Offset": "0", "Content-Type": "video/mp4"}
    assert (await car.http.patch(place, headers=headers, content=b"x")).status_code == 415
    assert (await car.look(place)).headers["Upload-Offset"] == "0"


async def test_one_request_writes_at_a_time(car: Car, tmp_path: Path) -> None:
    """423 while another process holds the file; when it lets go it goes on."""
    content = video(10)
    place = (await car.begin(await car.record(content))).headers["Location"]
    (file,) = (tmp_path / "recordings" / "incoming").iterdir()
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = await car.patch(place, 0, content)
        assert (answer.status_code, answer.json()["code"]) == (423, "upload_locked")
    assert (await car.patch(place, 0, content)).status_code == 204


async def test_what_is_complete_is_not_given_up(server: Server, car: Car) -> None:
    """409 for its DELETE, before and after it is verified; and it is kept."""
    told = await car.record(video(10))
    place = await car.upload(told)
    await car.becomes(place, "verified")
    answer = await car.http.delete(place, headers=TUS)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_complete")
    assert (await row_of(server, told)).state == "verified"

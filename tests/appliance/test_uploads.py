"""Large files: sent in parts, gone on with after anything, held to what was announced, and leaving nothing behind."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from storage.layout import ORIGINALS
from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.sending import LARGE, Sending, large, multiparts_of, sha256
from tests.appliance.test_videos import short

DATA = large()


@pytest.fixture
def sending(project: Project) -> Sending:
    return Sending(project, DATA, checksum=sha256(DATA))


def test_a_large_file_is_sent_in_parts_in_any_order_and_by_several(sending: Sending) -> None:
    upload = sending.opened["upload"]
    assert (sending.opened["upload_link"], sending.opened["params"]) == (None, None)
    assert [part["part"] for part in upload["parts"]] == [1, 2, 3, 4, 5]
    assert sum(part["size"] for part in upload["parts"]) == LARGE
    assert sending.asked()["missing"] == [1, 2, 3, 4, 5]
    sending.send(5, 2)
    told = sending.asked()
    assert (told["state"], told["missing"], told["part_size"], told["checksum"]) == (
        *("init", [1, 3, 4], upload["part_size"]),
        sha256(DATA),
    )
    assert [part["there"] for part in told["parts"]] == [False, True, False, False, True]
    # Another browser: it has nothing but a token of its own and the id.
    token = sending.project.server.post("/tokens", json={"project_id": sending.project.id}).json()["token"]
    sending.api = httpx.Client(base_url=sending.api.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    sending.send(2)  # once more, as after an answer that was lost
    sending.rest()
    assert sending.post("complete").status_code == 200, "its answer was lost"
    file = sending.ended()
    assert (file["state"], file["error"], file["versions"]["original"]["sha256"]) == ("done", None, sha256(DATA))
    assert httpx.get(file["versions"]["original"]["url"]).content == DATA
    told = sending.asked()
    assert (told["state"], told["parts"], told["missing"]) == ("done", [], [])
    assert len(sending.stored()) == 1
    assert sending.links([sending.wanted(1)]).json()["code"] == "upload_ended"


def test_who_says_that_it_is_complete_at_the_same_time_is_told_so_as_well(sending: Sending) -> None:
    """One after the other while it is put together: some ask storage just before, and again just after."""

    def complete(number: int) -> httpx.Response:
        time.sleep(number * 0.002)
        return sending.post("complete")

    sending.rest()
    with ThreadPoolExecutor(20) as many:
        answers = list(many.map(complete, range(20)))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]


def test_what_is_no_part_is_refused_and_what_is_missing_is_named(sending: Sending) -> None:
    sending.send(1, 3, 4)
    refused = sending.post("complete")
    assert (refused.status_code, refused.json()["code"]) == (409, "parts_missing")
    assert refused.json()["errors"] == [{"field": "parts", "message": "2, 5"}]
    for wrong in ({"part": 6}, {"part": 0}, {"size": LARGE}, {"size": 5 << 20}):
        refused = sending.links([sending.wanted(2, **wrong)])
        assert (refused.status_code, refused.json()["code"]) == (400, "wrong_part"), wrong
    for wrong in ({"sha256": "ab"}, {"sha256": sha256(b"")[:-1] + "g"}):
        assert sending.links([sending.wanted(2, **wrong)]).json()["errors"][0]["field"] == "sha256"
    assert sending.links([]).status_code == 400
    link, put = sending.link(2), sending.project.plain.put
    piece = sending.piece(2)
    answer = put(link, content=piece[:-1] + b"!")
    assert (answer.status_code, "XAmzContentSHA256Mismatch" in answer.text) == (400, True)
    assert put(link, content=piece[:-1]).status_code == 403
    assert put(link.replace("partNumber=2", "partNumber=5"), content=piece).status_code == 403
    assert sending.asked()["missing"] == [2, 5]
    assert sending.file()["state"] == "init"
    assert sending.post("cancel").status_code == 200


def test_storage_that_has_thrown_the_parts_away_is_given_them_again(sending: Sending) -> None:
    sending.send(1)
    parts = multiparts_of(sending.project.stack)
    assert [parts.abort(ORIGINALS, one) for one in sending.unfinished()] == [True]
    assert sending.asked()["missing"] == [1, 2, 3, 4, 5]
    assert sending.post("complete").json()["code"] == "parts_missing"
    sending.rest()
    assert sending.ended()["state"] == "done"


def test_a_cancelled_upload_gives_back_its_slot_and_leaves_no_parts(sending: Sending) -> None:
    sending.send(1)
    link = sending.link(2)
    assert sending.slots() == 1
    cancelled = sending.post("cancel").json()
    assert (cancelled["state"], cancelled["error"]["code"]) == ("error", "cancelled")
    assert sending.slots() == 0
    wait_for(lambda: not sending.unfinished())
    assert sending.project.plain.put(link, content=sending.piece(2)).status_code == 404
    assert sending.post("cancel").status_code == 200, "its answer was lost"
    assert sending.post("complete").status_code == 409
    assert sending.post("retry").status_code == 409
    assert sending.links([sending.wanted(1)]).json()["code"] == "upload_ended"
    assert sending.put(DATA).json()["code"] == "upload_ended"
    assert (sending.asked()["state"], sending.asked()["missing"]) == ("error", [])
    assert [event["error"]["code"] for event in sending.project.events() if event["state"] == "error"] == ["cancelled"]
    assert sending.stored() == []


def test_a_deleted_upload_leaves_no_parts_and_what_is_done_can_not_be_cancelled(project: Project) -> None:
    sending = Sending(project, DATA)
    sending.send(1, 2)
    assert project.api.delete(f"/files/{sending.id}").status_code == 204
    assert sending.links([sending.wanted(1)]).status_code == 404
    wait_for(lambda: not sending.unfinished() and not sending.slots())
    done = project.upload(pictures.jpeg(300, 200))
    assert project.ended(done)["state"] == "done"
    assert project.api.post(f"/images/{done}/cancel").status_code == 409
    stranger = Project(project.stack)
    assert [stranger.api.post(f"/files/{done}/{what}").status_code for what in ("cancel", "complete")] == [404, 404]
    assert stranger.api.get(f"/files/{done}/upload").status_code == 404
    assert stranger.api.put(f"/files/{done}/content", content=b"x").status_code == 404


def test_what_came_is_held_to_what_was_announced(project: Project) -> None:
    photo = pictures.jpeg(300, 200)
    other = Sending(project, photo, checksum=sha256(b"another file").upper())
    longer = Sending(project, photo + b"!")
    for sending in (other, longer):
        assert project.send(sending.opened, photo).status_code == 201
    file = other.ended()
    assert (file["state"], file["error"]["code"]) == ("error", "checksum_mismatch")
    assert "upload it again" in file["error"]["message"]
    assert longer.ended()["error"]["code"] == "size_mismatch"
    assert other.post("retry").status_code == 200
    assert other.ended()["error"]["code"] == "checksum_mismatch"
    for checksum in ("ab", "g" * 64, sha256(b"") + "00"):
        body = {"filename": "a.jpg", "project_id": project.id, "checksum": checksum}
        refused = project.api.post("/files/", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "checksum")


def test_what_an_owner_has_already_is_not_sent_twice(project: Project, stranger: Project) -> None:
    photo = pictures.jpeg(320, 200)
    first = Sending(project, photo, "first.jpg")
    assert project.send(first.opened, photo).status_code == 201
    assert first.ended()["state"] == "done"
    second = Sending(project, photo, "second.jpg", checksum=sha256(photo).upper())
    told = {name: second.opened[name] for name in ("state", "upload_link", "params", "upload")}
    assert told == {"state": "uploaded", "upload_link": None, "params": None, "upload": None}
    assert second.ended()["state"] == "done"
    usage = project.api.get(f"/projects/{project.id}/usage").json()
    assert (usage["slots"], usage["files"], usage["bytes"]) == (0, 2, 2 * len(photo))
    assert len(second.stored()) == 1
    assert project.api.delete(f"/files/{first.id}").status_code == 204
    wait_for(lambda: [event for event in project.events() if event["type"] == "erased"])
    original = second.file()["versions"]["original"]
    answer = httpx.get(original["url"])
    assert (answer.content, original["sha256"]) == (photo, sha256(photo))
    assert "second.jpg" in answer.headers["content-disposition"]
    assert project.api.delete(f"/files/{second.id}").status_code == 204
    wait_for(lambda: not second.stored())


def test_a_checksum_lends_nobody_the_bytes_of_others(project: Project, stranger: Project) -> None:
    photo = pictures.jpeg(330, 200)
    assert project.ended(project.upload(photo))["state"] == "done"
    known, unknown = (Sending(stranger, photo, checksum=sha256(data)).opened for data in (photo, b"nobody's"))
    assert (known["state"], unknown["state"]) == ("init", "init")
    assert known["params"].keys() == unknown["params"].keys()
    for wrong in ({"size": len(photo) + 1}, {"size": None}):
        opened = Sending(project, photo, checksum=sha256(photo), **wrong).opened
        assert (opened["state"], bool(opened["params"])) == ("init", True)


@pytest.mark.long
def test_a_video_too_large_for_a_form_comes_in_parts_and_is_never_held_in_memory(project: Project) -> None:
    room = 300 << 20  # in a box that players pass over (ISO/IEC 14496-12, 8.1.2)
    data = short() + (room + 8).to_bytes(4) + b"free" + bytes(room)
    sending = Sending(project, data, "a.mp4", checksum=sha256(data))
    sending.rest()
    worker, most = psutil.Process(project.stack.parts()["worker-media-1"]["pid"]), 0

    def look() -> bool:
        nonlocal most
        most = max(most, worker.memory_info().rss)
        return sending.file()["state"] in ("done", "error")

    wait_for(look, 180)
    file = sending.file()
    assert (file["state"], file["kind"]) == ("done", "video"), file["error"]
    assert file["versions"]["original"]["sha256"] == sha256(data)
    assert most < len(data)

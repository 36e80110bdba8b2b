"""Uploads for a profile over HTTP: links, previews, and who may do what."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import httpx

from tests.appliance import pictures
from tests.chats.people import House
from tests.processors.clips import clip
from tests.profiles.people import PATH, Author

PHOTO = pictures.jpeg(600, 400)
TELLTALE = "Anna Ivanovna, Minsk.jpg"


def test_a_picture_can_be_seen_at_once_and_its_name_nowhere(anna: Author) -> None:
    path = anna.upload("image", PHOTO, TELLTALE)
    seen = anna.ended(path)
    assert (seen["state"], seen["role"], seen["kind"], seen["path"]) == ("done", "image", "image", path)
    assert seen["expires_at"]
    assert set(seen["preview"]) >= {"original", "thumb", "big_thumb"}
    for url in seen["preview"].values():
        answer = httpx.get(url)
        assert answer.status_code == 200
        assert "image" in answer.headers["content-disposition"]
        assert not {"Anna", "Minsk"} & set(unquote(f"{url} {answer.headers}").replace(",", " ").split())
    assert "Minsk" not in anna.api.get(f"/users/{anna.id}/events?after=0").text
    assert "Minsk" not in anna.api.get(f"/files/{path.rsplit('/', 1)[1]}").text
    assert anna.see(PATH) == {"uploads": [anna.see(path)]}


def test_of_two_at_once_one_stays_and_others_can_be_sent_beside(anna: Author) -> None:
    with ThreadPoolExecutor(8) as threads:
        links = list(threads.map(lambda _: anna.link("logo"), range(8)))
    anna.link("image")
    told = {one["role"]: one["path"] for one in anna.see(PATH)["uploads"]}
    assert set(told) == {"image", "logo"}
    assert told["logo"] in {link["path"] for link in links}
    for link in links:
        assert anna.api.get(link["path"]).status_code == (200 if link["path"] == told["logo"] else 404)


def test_a_large_video_comes_in_parts(anna: Author) -> None:
    anna.by_wallet()
    data = clip() + bytes(34 << 20)
    link = anna.link("video", "a.mp4", size=len(data))
    assert link["upload"]["parts"]
    anna.send_parts(link, data)
    assert anna.see(link["path"])["state"] in ("uploaded", "processing", "done")
    assert anna.api.delete(link["path"]).status_code == 204


def test_who_cannot_reach_storage_sends_it_through_the_server(anna: Author) -> None:
    anna.by_wallet()
    unnamed, named = anna.link("image"), anna.link("logo", size=len(PHOTO))
    refused = anna.api.put(f"/files/{unnamed['file_id']}/content", content=PHOTO)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "size")
    taken = anna.api.put(f"/files/{named['file_id']}/content", content=PHOTO)
    assert taken.status_code == 200, taken.text
    assert anna.ended(named["path"])["state"] == "done"


def test_what_is_too_large_is_not_taken(anna: Author) -> None:
    too_large = {"role": "image", "filename": "a.jpg", "size": 20_000_001}
    answer = anna.api.post(PATH, json=too_large)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "size"
    link = anna.link("image")
    assert anna.fill(link, bytes(20_000_001)).status_code == 400, "storage holds the form to it"


def test_what_is_of_another_kind_is_not_taken(anna: Author) -> None:
    for wrong in ({"role": "image", "filename": "a.mp4"}, {"role": "video", "filename": "a.jpg"}):
        answer = anna.api.post(PATH, json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "unsupported_kind")
    assert anna.api.post(PATH, json={"role": "cover", "filename": "a.jpg"}).status_code == 400
    paper = anna.upload("logo", b"%PDF-1.4 nothing of a picture", "a name that says nothing")
    assert anna.ended(paper)["error"]["code"]


def test_it_is_between_a_user_and_the_appliance(anna: Author, ben: Author, house: House) -> None:
    path = anna.upload("image", PHOTO)
    for method in ("GET", "DELETE"):
        assert ben.api.request(method, path).status_code == 404
    assert ben.see(PATH) == {"uploads": []}
    for answer in (house.server.get(PATH), house.server.post(PATH, json={"role": "image", "filename": "a.jpg"})):
        assert answer.status_code == 403
    assert anna.api.delete(path).status_code == 204
    assert anna.api.delete(path).status_code == 404
    assert anna.api.get(path).status_code == 404
    assert anna.see(PATH) == {"uploads": []}


def test_through_the_server_comes_only_what_was_announced_with_its_size(anna: Author) -> None:
    link = anna.link("image")
    refused = anna.api.put(f"/files/{link['file_id']}/content", content=PHOTO)
    assert refused.status_code == 400, "of a role's size nothing else is held to"
    link = anna.link("image", size=len(PHOTO))
    assert anna.api.put(f"/files/{link['file_id']}/content", content=PHOTO).status_code == 200

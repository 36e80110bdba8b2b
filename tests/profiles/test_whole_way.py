"""From a wallet to a published profile, on real parts: a chain, storage, the sandbox, a moderator."""

import httpx
from websockets.sync.client import connect

from tests.appliance.client import heard
from tests.daemons.anvil import Anvil
from tests.processors.clips import clip
from tests.profiles.conftest import AMOUNT, RECIPIENT
from tests.profiles.people import FORM, Moderator, Wallet
from tests.stack import Stack


def test_the_whole_way(paying: Stack, chain: Anvil, anna: Wallet, vera: Moderator, picture: bytes) -> None:
    ticket = anna.api.post("/tickets").json()["ticket"]
    with connect(f"{paying.url.replace('http', 'ws')}/users/{anna.id}/events?ticket={ticket}") as socket:
        paths = {
            "image": anna.upload("image", picture, "me on the beach.jpg"),
            "video": anna.upload("video", clip(), "hello.mp4"),
            "logo": anna.upload("logo", picture, "logo.jpg"),
        }
        draft = anna.api.get(paths["video"]).json()["preview"]
        assert draft["video"]
        assert draft["poster"]

        told = anna.sent_in(paths)
        edition, profile = told["edition"], told["profile_id"]
        assert (edition["state"], edition["hashtags"]) == ("awaiting_payment", ["gaming", "чай"])
        asked = edition["payment"]
        assert (asked["recipient"].lower(), int(asked["amount"])) == (RECIPIENT.lower(), AMOUNT)
        nobody_sees(paying, profile)

        anna.pay()
        nobody_sees(paying, profile)
        chain.mine(3)
        anna.wait("in_review")
        nobody_sees(paying, profile)
        assert edition["edition_id"] in [one["edition_id"] for one in vera.waiting()]
        vera.approve(edition["edition_id"])
        anna.wait("published")
        states = [one for one in heard(socket, lambda m: m.get("state") == "published", 30) if one["type"] == "profile"]
    passed = list(dict.fromkeys(one["state"] for one in states))
    assert passed == ["draft", "awaiting_payment", "in_review", "processing", "published"]

    seen = httpx.get(f"{paying.url}/profiles/{profile}").json()
    assert (seen["name"], seen["url"], seen["hashtags"]) == (FORM["name"], FORM["url"], ["gaming", "чай"])
    assert seen["wallet"].lower() == anna.account.lower()
    video = seen["media"]["video"]["versions"]["video"]
    answer = httpx.get(video["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/webm")
    assert answer.content[:4] == b"\x1a\x45\xdf\xa3", "EBML, as WebM begins"
    assert (video["width"], video["height"]) == (320, 180)
    assert "original" not in seen["media"]["image"]["versions"]
    assert "beach" not in str(seen), "what a file was called at home is nobody's business"
    listed = httpx.get(f"{paying.url}/profiles/", params={"hashtag": "#ЧАЙ"}).json()["profiles"]
    assert [one["profile_id"] for one in listed] == [profile]


def nobody_sees(paying: Stack, profile: str) -> None:
    assert httpx.get(f"{paying.url}/profiles/{profile}").status_code == 404
    assert profile not in str(httpx.get(f"{paying.url}/profiles/").json())


def published(anna: Wallet, vera: Moderator, picture: bytes, **form: object) -> str:
    """A profile that everybody sees; its id."""
    told = anna.sent_in({"image": anna.upload("image", picture, "a.jpg")}, **form)
    anna.pay()
    anna.chain.mine(3)
    anna.wait("in_review")
    vera.approve(told["edition"]["edition_id"])
    anna.wait("published")
    return str(told["profile_id"])


def test_a_change_goes_through_the_gates_while_the_old_one_stays_up(
    paying: Stack, chain: Anvil, anna: Wallet, vera: Moderator, picture: bytes
) -> None:
    profile = published(anna, vera, picture, name="First")
    before = httpx.get(f"{paying.url}/profiles/{profile}").json()
    kept = anna.upload("image", picture, "b.jpg")
    edition = anna.sent_in({"image": kept}, profile, name="Second", hashtags="other")["edition"]
    anna.pay()
    chain.mine(3)
    anna.wait("in_review")
    assert httpx.get(f"{paying.url}/profiles/{profile}").json()["name"] == "First"
    vera.approve(edition["edition_id"])
    anna.wait("published")
    after = httpx.get(f"{paying.url}/profiles/{profile}").json()
    assert (after["name"], after["hashtags"]) == ("Second", ["other"])
    assert after["media"] != before["media"]
    image = before["media"]["image"]["versions"]["thumb"]["url"]
    anna.wait_for_gone(image)
    assert profile not in str(httpx.get(f"{paying.url}/profiles/", params={"hashtag": "gaming"}).json())

    assert anna.api.delete(f"/profiles/{profile}").status_code == 204
    assert httpx.get(f"{paying.url}/profiles/{profile}").status_code == 404
    anna.wait_for_gone(after["media"]["image"]["versions"]["thumb"]["url"])
    assert anna.api.get("/profiles/mine").status_code == 404


def test_incognito_shows_no_name_no_wallet_and_no_link(
    paying: Stack, anna: Wallet, vera: Moderator, picture: bytes
) -> None:
    profile = published(anna, vera, picture, is_incognito=True)
    seen = httpx.get(f"{paying.url}/profiles/{profile}")
    assert {seen.json()[field] for field in ("name", "url", "wallet")} == {None}
    assert anna.account[2:].lower() not in seen.text.lower()
    assert "example.com" not in seen.text


def test_what_is_turned_down_says_why_and_may_come_again_without_paying_twice(
    chain: Anvil, anna: Wallet, vera: Moderator, picture: bytes
) -> None:
    edition = anna.sent_in({"image": anna.upload("image", picture, "a.jpg")})["edition"]
    anna.pay()
    chain.mine(3)
    anna.wait("in_review")
    assert vera.act(edition["edition_id"], "reject", reason="so early").status_code == 409, "not claimed"
    vera.act(edition["edition_id"], "claim")
    assert vera.act(edition["edition_id"], "reject", reason=" ").status_code == 400
    for _ in range(2):
        assert vera.act(edition["edition_id"], "reject", reason="the picture is blurred").status_code == 200
    turned_down = anna.edition()
    assert (turned_down["state"], turned_down["reason"]) == ("rejected", "the picture is blurred")
    again = anna.sent_in({"image": anna.upload("image", picture, "b.jpg")})["edition"]
    assert (again["state"], again["payment"]["status"]) == ("in_review", "confirmed")


def test_two_sent_in_at_once_by_one_wallet_are_one(anna: Wallet, picture: bytes) -> None:
    path = anna.upload("image", picture, "a.jpg")
    first = anna.send_in({"image": path})
    second = anna.send_in({"image": path})
    assert (first.status_code, second.status_code, second.json()["code"]) == (201, 409, "edition_on_its_way")
    profile = first.json()["profile_id"]
    assert anna.api.delete(f"/profiles/{profile}/edition").status_code == 204
    assert (anna.state(), anna.edition()["reason"]) == ("expired", "withdrawn")


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_kept(anna: Wallet, ben: Wallet, picture: bytes) -> None:
    foreign = ben.upload("image", picture, "a.jpg")
    answer = anna.send_in({"image": foreign, "video": "/profiles/uploads/nonsense"}, name="", url="javascript:alert(1)")
    assert answer.status_code == 400
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"name", "url", "image_data.image_path", "video_data.video_path"}
    assert anna.api.get("/profiles/mine").status_code == 404


def test_nobody_else_can_move_a_profile(anna: Wallet, ben: Wallet, picture: bytes) -> None:
    told = anna.sent_in({"image": anna.upload("image", picture, "a.jpg")})
    profile, edition = told["profile_id"], told["edition"]["edition_id"]
    assert ben.api.delete(f"/profiles/{profile}").status_code == 404
    assert ben.api.delete(f"/profiles/{profile}/edition").status_code == 404
    assert ben.send_in({"image": "/profiles/uploads/x"}, profile).status_code in (400, 404)
    for what in ("claim", "release", "approve"):
        assert ben.api.post(f"/moderation/editions/{edition}/{what}").status_code == 403
        assert anna.api.post(f"/moderation/editions/{edition}/{what}").status_code == 403
    assert anna.api.get("/moderation/queue").status_code == 403
    assert anna.state() == "awaiting_payment"

"""From a wallet to a published profile, on real parts: a chain, storage, the sandbox, a moderator."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
from websockets.sync.client import connect

from tests.appliance.client import heard, listening
from tests.daemons.anvil import Anvil
from tests.processors.clips import clip
from tests.profiles.conftest import AMOUNT, RECIPIENT
from tests.profiles.wallets import FORM, Moderator, Wallet
from tests.stack import Stack


def test_the_whole_way(paying: Stack, chain: Anvil, lena: Wallet, vera: Moderator, picture: bytes) -> None:
    ticket = lena.api.post("/tickets").json()["ticket"]
    with connect(f"{paying.url.replace('http', 'ws')}/users/{lena.id}/events?ticket={ticket}") as socket:
        listening(socket)
        paths = {
            "image": lena.upload("image", picture, "me on the beach.jpg"),
            "video": lena.upload("video", clip(), "hello.mp4"),
            "logo": lena.upload("logo", picture, "logo.jpg"),
        }
        draft = lena.api.get(paths["video"]).json()["preview"]
        assert draft["video"]
        assert draft["poster"]

        told = lena.sent_in(paths)
        edition, profile = told["edition"], told["profile_id"]
        assert (edition["state"], edition["hashtags"]) == ("awaiting_payment", ["gaming", "чай"])
        asked = edition["payment"]
        assert (asked["recipient"].lower(), int(asked["amount"])) == (RECIPIENT.lower(), AMOUNT)
        nobody_sees(paying, profile)

        lena.pay()
        nobody_sees(paying, profile)
        chain.mine(3)
        lena.wait("in_review")
        nobody_sees(paying, profile)
        assert edition["edition_id"] in [one["edition_id"] for one in vera.waiting()]
        vera.approve(edition["edition_id"])
        lena.wait("published")
        states = [one for one in heard(socket, lambda m: m.get("state") == "published", 30) if one["type"] == "profile"]
    passed = list(dict.fromkeys(one["state"] for one in states))
    assert passed == ["draft", "awaiting_payment", "in_review", "processing", "published"]

    seen = httpx.get(f"{paying.url}/profiles/{profile}").json()
    assert (seen["name"], seen["url"], seen["hashtags"]) == (FORM["name"], FORM["url"], ["gaming", "чай"])
    assert seen["wallet"].lower() == lena.account.lower()
    video = seen["media"]["video"]["video"]
    answer = httpx.get(video)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/webm")
    assert answer.content[:4] == b"\x1a\x45\xdf\xa3", "EBML, as WebM begins"
    assert "original" not in seen["media"]["image"]
    assert "beach" not in str(seen), "what a file was called at home is nobody's business"
    listed = httpx.get(f"{paying.url}/profiles/", params={"hashtag": "#ЧАЙ"}).json()["profiles"]
    assert [one["profile_id"] for one in listed] == [profile]


def nobody_sees(paying: Stack, profile: str) -> None:
    assert httpx.get(f"{paying.url}/profiles/{profile}").status_code == 404
    assert profile not in str(httpx.get(f"{paying.url}/profiles/").json())


def published(lena: Wallet, vera: Moderator, picture: bytes, **form: object) -> str:
    """A profile that everybody sees; its id."""
    told = lena.sent_in({"image": lena.upload("image", picture, "a.jpg")}, **form)
    lena.pay()
    lena.chain.mine(3)
    lena.wait("in_review")
    vera.approve(told["edition"]["edition_id"])
    lena.wait("published")
    return str(told["profile_id"])


def test_a_change_goes_through_the_gates_while_the_old_one_stays_up(
    paying: Stack, chain: Anvil, lena: Wallet, vera: Moderator, picture: bytes
) -> None:
    profile = published(lena, vera, picture, name="First")
    before = httpx.get(f"{paying.url}/profiles/{profile}").json()
    kept = lena.upload("image", picture, "b.jpg")
    edition = lena.sent_in({"image": kept}, profile, name="Second", hashtags="other")["edition"]
    lena.pay()
    chain.mine(3)
    lena.wait("in_review")
    assert httpx.get(f"{paying.url}/profiles/{profile}").json()["name"] == "First"
    vera.approve(edition["edition_id"])
    lena.wait("published")
    after = httpx.get(f"{paying.url}/profiles/{profile}").json()
    assert (after["name"], after["hashtags"]) == ("Second", ["other"])
    assert after["media"] != before["media"]
    image = before["media"]["image"]["thumb"]
    lena.wait_for_gone(image)
    assert profile not in str(httpx.get(f"{paying.url}/profiles/", params={"hashtag": "gaming"}).json())

    assert lena.api.delete(f"/profiles/{profile}").status_code == 204
    assert httpx.get(f"{paying.url}/profiles/{profile}").status_code == 404
    lena.wait_for_gone(after["media"]["image"]["thumb"])
    assert lena.api.get("/profiles/mine").status_code == 404


def test_incognito_shows_no_name_no_wallet_and_no_link(
    paying: Stack, lena: Wallet, vera: Moderator, picture: bytes
) -> None:
    profile = published(lena, vera, picture, is_incognito=True)
    seen = httpx.get(f"{paying.url}/profiles/{profile}")
    assert {seen.json()[field] for field in ("name", "url", "wallet")} == {None}
    assert lena.account[2:].lower() not in seen.text.lower()
    assert "example.com" not in seen.text


def test_what_is_turned_down_says_why_and_may_come_again_without_paying_twice(
    chain: Anvil, lena: Wallet, vera: Moderator, picture: bytes
) -> None:
    edition = lena.sent_in({"image": lena.upload("image", picture, "a.jpg")})["edition"]
    lena.pay()
    chain.mine(3)
    lena.wait("in_review")
    assert vera.act(edition["edition_id"], "reject", reason="so early").status_code == 409, "not claimed"
    vera.act(edition["edition_id"], "claim")
    assert vera.act(edition["edition_id"], "reject", reason=" ").status_code == 400
    for _ in range(2):
        assert vera.act(edition["edition_id"], "reject", reason="the picture is blurred").status_code == 200
    turned_down = lena.edition()
    assert (turned_down["state"], turned_down["reason"]) == ("rejected", "the picture is blurred")
    again = lena.sent_in({"image": lena.upload("image", picture, "b.jpg")})["edition"]
    assert (again["state"], again["payment"]["status"]) == ("in_review", "confirmed")


def test_two_sent_in_at_once_by_one_wallet_are_one(lena: Wallet, picture: bytes) -> None:
    path = lena.upload("image", picture, "a.jpg")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: lena.send_in({"image": path}), range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"edition_on_its_way"}
    profile = lena.mine()["profile_id"]
    assert lena.api.delete(f"/profiles/{profile}/edition").status_code == 204
    assert (lena.state(), lena.edition()["reason"]) == ("expired", "withdrawn")


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_kept(lena: Wallet, oleg: Wallet, picture: bytes) -> None:
    foreign = oleg.upload("image", picture, "a.jpg")
    answer = lena.send_in({"image": foreign, "video": "/profiles/uploads/nonsense"}, name="", url="javascript:alert(1)")
    assert answer.status_code == 400
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"name", "url", "image_data.image_path", "video_data.video_path"}
    assert lena.api.get("/profiles/mine").status_code == 404


def test_nobody_else_can_move_a_profile(lena: Wallet, oleg: Wallet, picture: bytes) -> None:
    told = lena.sent_in({"image": lena.upload("image", picture, "a.jpg")})
    profile, edition = told["profile_id"], told["edition"]["edition_id"]
    assert oleg.api.delete(f"/profiles/{profile}").status_code == 404
    assert oleg.api.delete(f"/profiles/{profile}/edition").status_code == 404
    assert oleg.send_in({"image": "/profiles/uploads/x"}, profile).status_code in (400, 404)
    for what in ("claim", "release", "approve"):
        assert oleg.api.post(f"/moderation/editions/{edition}/{what}").status_code == 403
        assert lena.api.post(f"/moderation/editions/{edition}/{what}").status_code == 403
    assert lena.api.get("/moderation/queue").status_code == 403
    assert lena.state() == "awaiting_payment"

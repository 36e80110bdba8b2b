"""Pictures at any size: made once, when they are first asked for, and for whom that is allowed."""

import io
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pillow_avif  # noqa: F401  registers its decoder
import pytest
from PIL import Image

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.test_files import PAPER, sent
from tests.appliance.test_readme import BLOCKS
from tests.stack import Stack

BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
SAFARI = "image/webp,image/png,image/*;q=0.8,*/*;q=0.5"


@pytest.fixture(scope="module")
def owner(stack: Stack) -> Project:
    return Project(stack)


@pytest.fixture(scope="module")
def photo(owner: Project) -> str:
    """A photo of 1200 x 900 pixels that is done."""
    image = owner.upload(pictures.jpeg())
    assert owner.ended(image)["state"] == "done"
    return image


def asked(client: httpx.Client, image: str, accept: str = "*/*", **wanted: Any) -> httpx.Response:
    return client.get(f"/images/{image}/render", params=wanted, headers={"Accept": accept})


def shown(answer: httpx.Response) -> Image.Image:
    """The picture that an answer leads to."""
    assert answer.status_code == 302, answer.text
    got = httpx.get(answer.headers["location"])
    assert got.status_code == 200, got.text
    image = Image.open(io.BytesIO(got.content))
    assert got.headers["content-type"] == f"image/{str(image.format).lower()}"
    assert "immutable" in got.headers["cache-control"]
    return image


def test_a_client_that_follows_brings_its_token_along(owner: Project, photo: str) -> None:
    followed = owner.api.get(f"/images/{photo}/render", params={"w": 320}, follow_redirects=True)
    assert followed.status_code == 200
    assert Image.open(io.BytesIO(followed.content)).size == (320, 240)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("fit", "size"), [("inside", (512, 384)), ("cover", (512, 512)), ("pad", (512, 512)), (None, (512, 384))]
)
def test_a_picture_is_made_at_the_size_asked_for(
    owner: Project, photo: str, fit: str | None, size: tuple[int, int]
) -> None:
    for wanted, kind in (("jpeg", "JPEG"), ("webp", "WEBP"), ("avif", "AVIF")):
        image = shown(asked(owner.api, photo, w=512, h=512, format=wanted, **({"fit": fit} if fit else {})))
        assert (image.format, image.size) == (kind, size)
    assert shown(asked(owner.api, photo, w=320)).size == (320, 240)


def test_the_same_is_answered_again_at_once_and_may_be_kept(owner: Project, photo: str) -> None:
    first = asked(owner.api, photo, w=256, h=256)
    again = asked(owner.api, photo, w=256, h=256, fit="inside", format="jpeg")
    assert again.headers["location"] == first.headers["location"]
    assert "Accept" in first.headers["vary"]
    assert "Accept" not in again.headers["vary"]  # the edge has a word of its own there
    private, seconds = first.headers["cache-control"].split(", max-age=")
    assert private == "private"
    assert 0 <= int(seconds) <= 3600


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER, "AVIF"),
        (SAFARI, "WEBP"),
        ("*/*", "JPEG"),
        ("image/*", "JPEG"),
        ("", "JPEG"),
        ("image/avif;q=0, image/webp;q=0.1", "WEBP"),
        ("IMAGE/AVIF ; q=0.5", "AVIF"),
        ("image/avif;q=0.000,image/jpeg", "JPEG"),
    ],
)
def test_the_reader_says_which_formats_it_shows(owner: Project, photo: str, accept: str, kind: str) -> None:
    assert shown(asked(owner.api, photo, accept, w=128, h=128)).format == kind


def test_what_is_transparent_stays_so_where_the_format_can(owner: Project) -> None:
    faded = Image.new("RGBA", (200, 100), (30, 30, 200, 128))
    image = owner.upload(pictures.encoded(faded, "PNG"))
    owner.ended(image)
    for accept, mode in ((BROWSER, "RGBA"), (SAFARI, "RGBA"), ("*/*", "RGB")):
        assert shown(asked(owner.api, image, accept, w=64, h=64, fit="pad")).mode == mode


def test_forty_first_requests_do_the_work_once(owner: Project, stack: Stack) -> None:
    image = owner.upload(pictures.jpeg(seed=7))
    owner.ended(image)
    with ThreadPoolExecutor(40) as many:
        answers = list(many.map(lambda _: asked(owner.api, image, w=1024, h=1024, format="webp"), range(40)))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.headers["location"] for answer in answers}) == 1

    def ended() -> list[str]:
        logs = "".join(path.read_text() for path in (stack.data / "logs").glob("worker-images-*.log"))
        return [line for line in logs.splitlines() if "order ended" in line and image in line]

    wait_for(ended)  # it is logged once it is there
    assert len(ended()) == 1, ended()


def test_it_lies_beside_the_others_and_goes_with_them(owner: Project) -> None:
    image = owner.upload(pictures.jpeg(seed=8))
    names = set(owner.ended(image)["versions"])
    location = asked(owner.api, image, w=512, h=512, fit="cover").headers["location"]
    big = owner.image(image)["versions"]["big_thumb"]["url"]
    assert location.rpartition("/")[0] == big.rpartition("/")[0]
    assert set(owner.image(image)["versions"]) == names  # a list of files has no more to read than before
    told = owner.api.get(f"/assets/{image}/timeline").json()["versions"]
    assert {one["name"] for one in told} - names == {"r_512x512_cover_jpeg_q82"}
    assert owner.api.delete(f"/images/{image}").status_code == 204
    assert asked(owner.api, image, w=512, h=512, fit="cover").status_code == 404
    wait_for(lambda: httpx.get(location).status_code == 404, 30)


def test_an_enlarged_picture_is_asked_for_in_vain(owner: Project, photo: str) -> None:
    assert shown(asked(owner.api, photo, w=2048, h=2048)).size == (1200, 900)
    assert shown(asked(owner.api, photo, w=2048, h=2048, fit="cover")).size == (900, 900)
    assert shown(asked(owner.api, photo, w=2048, h=2048, fit="pad")).size == (2048, 2048)


def test_what_is_not_listed_has_to_be_signed(owner: Project, photo: str) -> None:
    for wanted in ({"w": 500, "h": 500}, {"w": 512, "h": 512, "q": 50}, {"h": 512}):
        assert code(asked(owner.api, photo, **wanted)) == (403, "size_not_listed")
        signed = owner.server.post(f"/images/{photo}/render/sign", json=wanted)
        assert signed.status_code == 200, signed.text
        image = shown(httpx.get(signed.json()["url"]))  # without a token
        assert max(image.size) in (500, 512, 683)
    body = {"w": 500, "h": 500}
    assert owner.api.post(f"/images/{photo}/render/sign", json=body).status_code == 403


def test_a_signature_is_good_for_nothing_else(owner: Project, photo: str) -> None:
    other = owner.upload(pictures.jpeg(seed=9))
    owner.ended(other)
    url = owner.server.post(f"/images/{photo}/render/sign", json={"w": 300, "h": 200, "ttl": 600}).json()["url"]
    sig = parse_qs(urlsplit(url).query)["sig"][0]
    assert httpx.get(url).status_code == 302
    unknown = "01a1fd40-745d-775e-9958-364e9bfb0770"
    for forged in (
        url.replace("w=300", "w=301"),
        f"{url}&fit=cover",
        f"{url}&format=jpeg",
        f"{url}&q=90",
        url.replace(photo, other),
        url.replace(photo, unknown),
        url.replace(sig, f"{int(sig.split('.')[0]) + 1}.{sig.split('.')[1]}"),
        url.replace(sig, sig[:-1]),
        url.replace(sig, ""),
        url.replace(sig, "9.é"),
    ):
        answer = httpx.get(forged, headers={"Authorization": f"Bearer {owner.token}"})
        assert code(answer) == (403, "bad_signature"), forged


def test_a_signature_runs_out(owner: Project, photo: str) -> None:
    signed = owner.server.post(f"/images/{photo}/render/sign", json={"w": 301, "h": 200, "ttl": 5}).json()
    answer = httpx.get(signed["url"])
    assert answer.status_code == 302
    assert int(answer.headers["cache-control"].partition("max-age=")[2]) <= 5
    wait_for(lambda: httpx.get(signed["url"]).status_code == 403)


def test_a_server_signs_without_asking(owner: Project, stranger: Project, photo: str) -> None:
    """The recipe of the README, by a key that only servers get."""
    assert owner.api.get(f"/projects/{owner.id}/render-key").status_code == 403
    key = owner.server.get(f"/projects/{owner.id}/render-key").json()["key"]
    assert key != owner.server.get(f"/projects/{stranger.id}/render-key").json()["key"]
    recipe: dict[str, Any] = {}
    exec(BLOCKS["sign"], recipe)
    for secret, status in ((key, 302), (key[::-1], 403)):
        for wanted in ({"w": 302, "h": 200, "fit": "cover"}, {"h": 200, "w": 303, "format": "webp"}):
            path = recipe["signed"](secret, photo, 60, **wanted)
            assert httpx.get(owner.stack.url + path).status_code == status, path


def test_who_may_not_see_it_may_not_have_it_made(owner: Project, stranger: Project, photo: str) -> None:
    assert asked(stranger.api, photo, w=64, h=64).status_code == 404
    assert asked(owner.api, "01a1fd40-745d-775e-9958-364e9bfb0770", w=64, h=64).status_code == 404
    assert httpx.get(f"{owner.stack.url}/images/{photo}/render?w=64&h=64").status_code == 401


def test_what_is_no_picture_or_not_ready_says_so(owner: Project) -> None:
    file = sent(owner, "letter.pdf", PAPER)
    assert code(asked(owner.api, file, w=64, h=64)) == (409, "not_a_picture")
    waiting = owner.link()["image_id"]
    answer = asked(owner.api, waiting, w=64, h=64)
    assert code(answer) == (409, "not_ready")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "query",
    [
        *("", "w=0&h=0", "w=-1", "w=x", "w=4097", "w=64&fit=cover", "h=64&fit=pad", "w=64&h=64&fit=fill"),
        *("w=64&h=64&format=gif", "w=64&h=64&q=101", "w=64&h=64&q=x"),
    ],
)
def test_what_makes_no_sense_is_refused(owner: Project, photo: str, query: str) -> None:
    answer = owner.api.get(f"/images/{photo}/render?{query}")
    assert answer.status_code == 400, answer.text


def test_fits_and_formats_are_described(stack: Stack) -> None:
    described = httpx.get(f"{stack.url}/openapi.json").json()["paths"]["/images/{file_id}/render"]["get"]
    assert {one["name"] for one in described["parameters"]} == {"file_id", "w", "h", "fit", "format", "q", "sig"}
    for status, kind in product(("400", "403", "404", "409", "503"), ("application/problem+json",)):
        assert kind in described["responses"][status]["content"]

"""Pages of documents: each made once, when it is first asked for."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.appliance.client import Project, wait_for
from tests.appliance.test_files import ended, sent
from tests.appliance.test_videos import ended as done
from tests.processors import papers
from tests.stack import Stack

PAGES = [
    papers.words("Hello"),
    papers.words("World"),
    papers.words("again"),
    papers.filled((1, 0, 0), (10, 10, 90, 90)),
]


@pytest.fixture(scope="module")
def owner(stack: Stack) -> Project:
    return Project(stack)


@pytest.fixture(scope="module")
def document(owner: Project) -> str:
    """A document of four pages that is done; the last one has no text."""
    file = sent(owner, "letter.pdf", papers.paper(*PAGES))
    assert ended(owner, file)["facts"]["pages"] == 4
    return file


def page(owner: Project, file: str, number: int) -> dict[str, Any]:
    answer = owner.api.get(f"/files/{file}/pages/{number}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_page_is_pictures_and_text(owner: Project, document: str) -> None:
    told = page(owner, document, 2)
    assert (told["page"], told["pages"], told["file_id"]) == (2, 4, document)
    assert list(told["versions"]) == ["thumb", "big_thumb", "big_1920", "d2500", "text"]
    text = httpx.get(told["versions"]["text"]["url"]).text
    assert "World" in text
    assert "Hello" not in text
    big = told["versions"]["big_thumb"]
    picture = Image.open(io.BytesIO(httpx.get(big["url"]).content))
    assert picture.size == (big["width"], big["height"])
    assert max(picture.size) == 700
    assert page(owner, document, 2) == told
    assert page(owner, document, 4)["versions"]["text"] is None
    assert page(owner, document, 4)["versions"]["thumb"]


def test_ten_who_ask_first_have_it_made_once(owner: Project, document: str, stack: Stack) -> None:
    with ThreadPoolExecutor(10) as many:
        told = list(many.map(lambda _: page(owner, document, 3), range(10)))
    assert all(one == told[0] for one in told)

    def made() -> list[str]:
        logs = "".join(path.read_text() for path in (stack.data / "logs").glob("worker-images-*.log"))
        return [line for line in logs.splitlines() if "order=p3" in line and document in line]

    wait_for(made)  # it is logged once it is there
    assert len(made()) == 1, made()


def test_it_is_no_version_of_the_document(owner: Project, document: str) -> None:
    page(owner, document, 1)
    assert all("/p1_" not in (one or {}).get("url", "") for one in ended(owner, document)["versions"].values())
    names = {one["name"] for one in owner.api.get(f"/assets/{document}/timeline").json()["versions"]}
    assert {"p1_thumb", "p1_text", "thumb", "text"} <= names


def test_a_page_that_there_is_not_is_not_found(owner: Project, stranger: Project, document: str) -> None:
    for number, status in ((5, 404), (0, 400), (10_001, 400), ("x", 404)):
        assert owner.api.get(f"/files/{document}/pages/{number}").status_code == status, number
    assert stranger.api.get(f"/files/{document}/pages/1").status_code == 404
    assert owner.api.get("/files/01a1fd40-745d-775e-9958-364e9bfb0770/pages/1").status_code == 404


def test_what_has_no_pages_says_so(owner: Project) -> None:
    image = owner.link()["image_id"]
    answer = owner.api.get(f"/files/{image}/pages/1")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_document")


def test_what_is_no_pdf_has_the_pages_of_its_pdf(owner: Project) -> None:
    lines = "".join(f"line {number}\n" for number in range(200)).encode()
    file = sent(owner, "log.txt", lines)
    pages = done(owner, file)["facts"]["pages"]
    assert pages > 1
    first, last = (httpx.get(page(owner, file, n)["versions"]["text"]["url"]).text for n in (1, pages))
    assert "line 0" in first
    assert "line 199" in last
    assert page(owner, file, pages)["versions"]["big_thumb"]
    assert owner.api.get(f"/files/{file}/pages/{pages + 1}").status_code == 404

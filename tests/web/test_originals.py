"""Originals that are no pictures but pages: in a real browser they are saved, and never run nor fetch anything."""

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.async_api import Browser, Error, Route, expect

from tests.appliance.client import Project, wait_for
from tests.stack import Stack
from tests.web.canary import Canary, canary
from tests.web.visitor import visitor

SETTLE = 0.7  # seconds that a page has to do what it should not

_HTML = """<!doctype html><title>quiet</title><meta http-equiv="refresh" content="0;url=@/refresh">
<link rel="stylesheet" href="@/style"><img src="@/img"><iframe src="@/frame"></iframe>
<script src="@/script"></script>
<script>document.title = "ran"; fetch("@/fetch"); navigator.sendBeacon("@/beacon")</script>
<svg onload="fetch('@/onload')"></svg><form action="@/form"><input autofocus onfocus="this.form.submit()"></form>"""
_SVG = """<?xml version="1.0"?><?xml-stylesheet href="@/style" type="text/css"?>
<!DOCTYPE svg [<!ENTITY % remote SYSTEM "@/dtd"> <!ENTITY x SYSTEM "@/entity">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="fetch('@/onload')">
<script>document.title = "ran"; fetch("@/fetch")</script><image xlink:href="@/image"/><use href="@/use#a"/>
<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="@/frame"/></foreignObject></svg>"""
_XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><script>fetch("@/fetch")</script><img src="@/img"/></html>'
_SCRIPT = 'fetch("@/fetch"); document.title = "ran"'
HOSTILE = {
    "page.html": ("text/html", _HTML),
    "drawing.svg": ("image/svg+xml", _SVG),
    "page.xhtml": ("application/xhtml+xml", _XHTML),
    "code.js": ("text/javascript", _SCRIPT),
    "html-in-a.jpg": ("text/html", _HTML),
}
EMBEDDED = """<title>quiet</title><script src="$"></script><iframe src="$"></iframe><object data="$"></object>
<embed src="$"><img src="$"><link rel="stylesheet" href="$"><link rel="import" href="$">"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Canary]:
    with canary() as server:
        yield server


@pytest.fixture(scope="module")
def originals(stack: Stack, elsewhere: Canary) -> dict[str, str]:
    """Links to hostile originals, by the names they were uploaded under: storage took them, decoding refused them."""
    project, links = Project(stack), {}
    images = {name: project.upload(source(name, elsewhere).encode(), name) for name in HOSTILE}
    for name, image in images.items():
        ended = project.ended(image)
        assert ended["state"] == "error"
        links[name] = ended["versions"]["original"]["url"]
    assert elsewhere.hits == []  # nor did decoding fetch anything
    return links


def source(name: str, server: Canary) -> str:
    return HOSTILE[name][1].replace("@", server.url)


async def settled(server: Canary) -> list[str]:
    """What the canary was asked for, once the page had its time."""
    await asyncio.sleep(SETTLE)
    hits, server.hits[:] = list(server.hits), []
    return hits


async def test_the_same_bytes_do_run_where_nothing_is_done_about_it(browser: Browser, elsewhere: Canary) -> None:
    """So that the tests below try the true thing."""
    for name in ("page.html", "drawing.svg", "page.xhtml"):
        page = (await visitor(browser)).page
        elsewhere.pages["/page"] = (HOSTILE[name][0], source(name, elsewhere).encode())
        await page.goto(f"{elsewhere.url}/page", wait_until="commit")
        assert await asyncio.to_thread(wait_for, lambda: "/fetch" in elsewhere.hits)
        await page.context.close()  # what it asks for late is no hit of the next one
        await settled(elsewhere)


async def test_original_that_is_opened_is_saved(browser: Browser, originals: dict[str, str], elsewhere: Canary) -> None:
    for name, link in originals.items():
        page = (await visitor(browser)).page
        async with page.expect_download() as saving:
            with pytest.raises(Error, match=r"Download is starting|ERR_ABORTED"):
                await page.goto(link)
        saved = await saving.value
        assert saved.suggested_filename == name
        assert (await saved.path()).read_text() == source(name, elsewhere)
        assert page.url == "about:blank"
        assert await settled(elsewhere) == [], name


@pytest.mark.long
async def test_original_that_a_page_embeds_does_nothing(
    browser: Browser, originals: dict[str, str], elsewhere: Canary
) -> None:
    for name, link in originals.items():
        page = (await visitor(browser)).page
        elsewhere.pages["/embedding"] = ("text/html", EMBEDDED.replace("$", link.replace("&", "&amp;")).encode())
        await page.goto(f"{elsewhere.url}/embedding")
        assert await settled(elsewhere) == [], name
        assert await page.title() == "quiet", name


async def test_original_that_is_shown_all_the_same_runs_nothing_and_fetches_nothing(
    browser: Browser, originals: dict[str, str], elsewhere: Canary
) -> None:
    """As by a program that heeds neither `attachment` nor our type, but the sandbox."""
    for name, link in originals.items():
        page = (await visitor(browser)).page
        await page.route(lambda url, link=link: url == link, partial(_shown, HOSTILE[name][0]))
        await page.goto(link, wait_until="commit")
        # A page may send itself elsewhere, which needs no script; nothing of it has run then.
        assert set(await settled(elsewhere)) <= {"/refresh"}, name
        await expect(page).not_to_have_title("ran")  # which bears that it is just going elsewhere


async def _shown(kind: str, route: Route) -> None:
    """The answer with another type, and not as an attachment."""
    answer = await route.fetch()
    left = {name: value for name, value in answer.headers.items() if name != "content-disposition"}
    await route.fulfill(response=answer, headers={**left, "content-type": kind})

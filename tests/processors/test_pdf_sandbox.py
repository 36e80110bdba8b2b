"""Documents in the sandbox that pictures have: the same comes out, and the parent believes nothing."""

import contextlib
import os
from typing import Any

import msgspec
import pytest
from PIL import Image

from processors.limits import MAX_PAGES, MAX_TEXT_BYTES
from processors.pdf import read
from processors.processor import Processor
from processors.recipes import Recipe, VersionSpec
from processors.refusals import OtherReader, Refused
from processors.results import Developed
from processors.sandbox import messages
from processors.sandbox.errors import SandboxDied
from processors.sandbox.inbox import INBOX_BYTES
from processors.sandbox.outbox import Outbox, Writer
from processors.sandbox.reply import checked
from processors.sandbox.sandbox import Sandbox
from tests.processors.clips import clip
from tests.processors.locked import locked
from tests.processors.papers import FONT, filled, paper, stream, words
from tests.processors.pictures import encoded, scene
from tests.processors.reading import difference, opened

SMALL = Recipe("small", (VersionSpec("large", 300, 300), VersionSpec("tiny", 50, 50)), quality=80)
PAPER = paper(words("one"), words("two"), words("three"))
PHOTO = encoded(scene(400, 300), "JPEG")
VIDEO = clip(pattern="testsrc2=size=128x96:rate=25:duration=0.4")
NAMES = ["large", "tiny", "text"]


def plain(developed: Developed) -> tuple[object, list[object]]:
    return developed.source, [(v.name, v.sha256, bytes(v.data)) for v in developed.versions]


def picture(data: bytes, space: str, way: str, side: int = 64) -> bytes:
    head = f"/Type/XObject/Subtype/Image/Width {side}/Height {side}{space}/BitsPerComponent 8/Filter/{way}"
    drawn = f"/XObject<</X 100000 0 R>>{FONT}"
    return paper(f"200 0 0 200 9 9 cm /X Do {words('Hi')}", resources=drawn, more={100_000: stream(data, head)})


def documents() -> dict[str, bytes]:
    """Everything that could load something late."""
    small, gray = scene(64, 64), Image.linear_gradient("L").resize((64, 64))
    shade = "/Shading<</S<</ShadingType 3/ColorSpace/DeviceRGB/Coords[99 99 0 99 99 99]/Function<</FunctionType 2"
    shade += "/Domain[0 1]/C0[1 0 0]/C1[0 0 1]/N 1>>>>>>"
    below = (
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/S/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 6>>>>"
    )
    kanji = f"/Font<</F<</Type/Font/Subtype/Type0/BaseFont/S/Encoding/UniJIS-UCS2-H/DescendantFonts[{below}]>>>>"
    field = "<</Type/Annot/Subtype/Widget/FT/Tx/T(t)/V(filled in)/DA(/F 12 Tf 0 g)/Rect[9 9 300 99]/F 4>>"
    form = f"/AcroForm<</Fields[100000 0 R]/NeedAppearances true/DR<<{FONT}>>/DA(/F 12 Tf 0 g)>>"
    return {
        "text": PAPER,
        "another font": paper(words("Hi"), resources=FONT.replace("Helvetica", "SomethingElse")),
        "symbols": paper(words("Hi"), resources=FONT.replace("Helvetica", "ZapfDingbats")),
        "kanji": paper("BT /F 30 Tf 72 600 Td <4E2D6587> Tj ET", resources=kanji),
        "JPEG": picture(encoded(small, "JPEG"), "/ColorSpace/DeviceRGB", "DCTDecode"),
        "CMYK JPEG": picture(encoded(small.convert("CMYK"), "JPEG"), "/ColorSpace/DeviceCMYK", "DCTDecode"),
        "JPEG 2000": picture(encoded(small, "JPEG2000"), "", "JPXDecode"),
        "LAB": picture(encoded(small, "JPEG"), "/ColorSpace[/Lab<</WhitePoint[.95 1 1.09]>>]", "DCTDecode"),
        "run length": picture(b"\x80", "/ColorSpace/DeviceGray", "RunLengthDecode"),
        "fax": picture(bytes(99), "/ColorSpace/DeviceGray", "CCITTFaxDecode"),
        "JBIG2": picture(bytes(99), "/ColorSpace/DeviceGray", "JBIG2Decode"),
        "gray": picture(encoded(gray, "JPEG"), "/ColorSpace/DeviceGray", "DCTDecode"),
        "shading": paper("/S sh", resources=shade),
        "a form": paper("", page="/Annots[100000 0 R]", catalog=form, more={100_000: field}),
        "blending": paper(
            "/G gs " + filled((1, 0, 0), (0, 0, 300, 300)), resources="/ExtGState<</G<</ca .4/BM/Luminosity>>>>"
        ),
        "encrypted without a password": locked(words("Hello"), b""),
        "no table of places": PAPER[: PAPER.index(b"xref")] + b"trailer<</Root 1 0 R>>",
    }


# Their fonts are stood in for by one of PDFium's, whose shape depends a little on what it stood in for before.
STANDING_IN = ("another font", "kanji")


async def test_it_makes_what_the_process_itself_would(sandbox: Sandbox) -> None:
    pid = sandbox.pid
    for name, data in documents().items():
        made = await sandbox.develop(data, 30, SMALL, Processor.PDF)
        here = read(data, SMALL)
        if name in STANDING_IN:
            assert [v.name for v in made.versions] == [v.name for v in here.versions], name
            assert difference(opened(made.versions[0]), opened(here.versions[0])) < 2, name
        else:
            assert plain(made) == plain(here), name
    assert sandbox.pid == pid  # one child for all


async def test_documents_and_photos_share_a_child(sandbox: Sandbox) -> None:
    pid = sandbox.pid
    for _ in range(3):
        assert [v.name for v in (await sandbox.develop(PAPER, 30, SMALL, Processor.PDF)).versions] == NAMES
        assert len((await sandbox.develop(PHOTO, 30)).versions) == 4
    assert sandbox.pid == pid


async def test_by_content_when_nobody_says_what_it_is(sandbox: Sandbox) -> None:
    assert (await sandbox.develop(PAPER, 30, SMALL, None)).source.pages == 3
    assert (await sandbox.develop(PHOTO, 30, SMALL, None)).source.pages is None
    with pytest.raises(Refused) as caught:
        await sandbox.develop(b"\x1f\x8b\x08" + bytes(99), 30, SMALL, None)
    assert caught.value.code == "unsupported_kind"


async def test_a_child_says_what_a_file_is_and_leaves_videos_to_others(sandbox: Sandbox) -> None:
    assert [await sandbox.sniff(data) for data in (PAPER, PHOTO, VIDEO)] == [
        "application/pdf",
        "image/jpeg",
        "video/mp4",
    ]
    pid = sandbox.pid
    with pytest.raises(OtherReader) as caught:
        await sandbox.develop(VIDEO, 30, SMALL, None)
    assert caught.value.content_type == "video/mp4"
    with pytest.raises(Refused, match="empty"):
        await sandbox.sniff(b"")
    assert sandbox.pid == pid


async def test_a_requested_page(sandbox: Sandbox) -> None:
    made = await sandbox.develop(PAPER, 30, SMALL, Processor.PDF, page=2)
    assert plain(made) == plain(read(PAPER, SMALL, 2))
    assert bytes(made.versions[-1].data) == b"two"


async def test_what_is_refused_and_who_is_replaced(sandbox: Sandbox) -> None:
    """A child whose library has met an error is not trusted with the next file."""
    cases = (
        ("not_a_pdf", PHOTO, None, True),
        ("empty", b"", None, True),
        ("no_such_page", PAPER, 0, True),
        ("no_such_page", PAPER, MAX_PAGES + 1, True),
        ("no_such_page", PAPER, 10**30, True),
        ("no_such_page", PAPER, 4, False),
        ("encrypted", locked("", b"secret"), None, False),
        ("damaged", b"%PDF-1.7\n", None, False),
        ("page_too_large", paper("", size=(150_000, 9)), None, False),
    )
    for code, data, page, kept in cases:
        await sandbox.start()
        before = sandbox.pid
        with pytest.raises(Refused) as caught:
            await sandbox.develop(data, 30, SMALL, Processor.PDF, page)
        assert caught.value.code == code
        assert (await sandbox.develop(PAPER, 30, SMALL, Processor.PDF)).source.pages == 3
        assert (sandbox.pid == before) == kept, code
    with pytest.raises(Refused) as caught:  # who asks for a picture gets none of a document
        await sandbox.develop(PAPER, 30, SMALL)
    assert caught.value.code == "not_a_picture"


async def test_a_document_larger_than_the_inbox(sandbox: Sandbox) -> None:
    longer = paper(words("Hello"), more={100_000: stream(bytes(INBOX_BYTES))})
    assert plain(await sandbox.develop(longer, 30, SMALL, Processor.PDF)) == plain(read(longer, SMALL))


FACTS = messages.SourceHead("pdf", "application/pdf", 595, 842, 1, 3, 3)
PICTURE = messages.SourceHead("jpeg", "image/jpeg", 595, 842, 1)


def told(developed: Developed) -> messages.Done:
    heads = [
        messages.VersionHead(v.name, v.width, v.height, v.content_type, v.extension, v.sha256, len(v.data))
        for v in developed.versions[:-1]
    ]
    text = developed.versions[-1]
    return messages.Done(FACTS, heads, messages.TextHead(text.sha256, len(text.data)))


def test_a_child_that_lies_is_found_out() -> None:
    good, change = read(PAPER, SMALL), msgspec.structs.replace
    done, job = told(good), messages.Job(SMALL, 1, Processor.PDF)
    assert done.text
    lies = {
        "a picture": (change(done, source=PICTURE, text=None), job),
        "a document": (done, messages.Job(SMALL, 1)),
        "a page of markup": (
            change(done, source=change(PICTURE, content_type="text/html"), text=None),
            messages.Job(SMALL, 1, None),
        ),
        "pages of a picture": (change(done, source=change(PICTURE, pages=1), text=None), messages.Job(SMALL, 1)),
        "text in a picture": (change(done, source=PICTURE), messages.Job(SMALL, 1)),
        "text in a picture that nobody asked for": (change(done, source=PICTURE), messages.Job(SMALL, 1, None)),
        "no number of pages": (change(done, source=change(FACTS, pages=None)), job),
        "no number of pages read": (change(done, source=change(FACTS, text_pages=None)), job),
        "more pages read than there are": (change(done, source=change(FACTS, text_pages=4)), job),
        "a page that there isn't": (done, messages.Job(SMALL, 1, Processor.PDF, 4)),
        "other versions": (change(done, versions=done.versions[1:]), job),
        "text as a version": (change(done, versions=[*done.versions, change(done.versions[0], name="text")]), job),
        "text where there is none": (change(done, text=change(done.text, length=MAX_TEXT_BYTES << 8)), job),
    }
    with contextlib.closing(Outbox()) as outbox, outbox.handing_over():
        parts = [v.data for v in good.versions]
        Writer(os.dup(outbox.descriptor)).put(parts)
        assert plain(checked(done, outbox, job)) == plain(good)
        assert plain(checked(done, outbox, messages.Job(SMALL, 1, None))) == plain(good)
        for name, (lie, asked) in lies.items():
            with pytest.raises(SandboxDied):
                pytest.fail(f"{name}: {checked(lie, outbox, asked)}")
        Writer(os.dup(outbox.descriptor)).put([*parts[:-1], b"\xff" * len(parts[-1])])
        with pytest.raises(SandboxDied, match="nonsense"):
            checked(done, outbox, job)


@pytest.mark.parametrize(
    "change",
    [
        *({"text": {"length": 0}}, {"text": {"length": MAX_TEXT_BYTES + 1}}, {"text": {"sha256": "x"}}),
        *({"source": {"pages": 0}}, {"source": {"pages": MAX_PAGES + 1}}, {"source": {"text_pages": -1}}),
        *({"source": {"content_type": "application pdf"}}, {"source": {"content_type": "<b>"}}),
        *({"source": {"width": 0}}, {"versions": [{"content_type": "text/plain"}]}),
    ],
)
def test_a_lie_in_a_message_is_not_decoded(change: dict[str, Any]) -> None:
    done = msgspec.to_builtins(told(read(PAPER, SMALL)))

    def message(changed: dict[str, Any]) -> bytes:
        merged = {key: done[key] | changed.get(key, {}) for key in ("source", "text")}
        versions = [done["versions"][0] | changed.get("versions", [{}])[0]]
        return messages.encode(done | merged | {"versions": versions})

    assert isinstance(messages.decode_reply(message({})), messages.Done)
    with pytest.raises(ValueError, match=r"Expected|Invalid"):
        messages.decode_reply(message(change))

"""Documents: how many pages, how large, what they look like, what they say. In this process, behind no doors."""

import pytest

from processors.image import develop
from processors.limits import MAX_PAGE_PIXELS, MAX_PAGE_POINTS, MAX_PAGES, MAX_TEXT_BYTES
from processors.pdf import engine, read
from processors.pdf.picture import pixels_of
from processors.recipes import PHOTO, Recipe, VersionSpec
from processors.refusals import Refused
from processors.results import Developed
from tests.processors.locked import locked
from tests.processors.papers import A4, FONT, filled, packed, paper, stream, words
from tests.processors.pictures import encoded, scene
from tests.processors.reading import color_at, near, opened, version

pytestmark = pytest.mark.pure

SMALL = Recipe("small", (VersionSpec("large", 200, 200), VersionSpec("tiny", 50, 50)), quality=90)
RED, GREEN, BLUE, WHITE = (1, 0, 0), (0, 1, 0), (0, 0, 1), (255, 255, 255)


def text_of(developed: Developed) -> str:
    return bytes(version(developed, "text").data).decode()


def refusal(data: bytes, page: int | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        read(data, SMALL, page)
    assert caught.value.message[0].isupper()
    assert caught.value.message.endswith(".")
    return caught.value


def quarters(width: int, height: int) -> str:
    """Red above left, green above right, blue below left, the rest as it is."""
    half, up = width / 2, height / 2
    above = filled(RED, (0, up, half, up)) + filled(GREEN, (half, up, half, up))
    return above + filled(BLUE, (0, 0, half, up))


def corners(developed: Developed) -> list[tuple[int, ...]]:
    """Colours above left and right, below left and right."""
    image = opened(version(developed, "large"))
    return [color_at(image, across, down) for down in (0.2, 0.8) for across in (0.2, 0.8)]


def looks(developed: Developed, *colours: tuple[float, ...]) -> bool:
    wanted = [tuple(int(part * 255) for part in colour) for colour in colours]
    return all(near(one, other, 20) for one, other in zip(corners(developed), wanted, strict=True))


PAPER = (1, 1, 1)


def test_a_page_becomes_the_versions_of_a_photo() -> None:
    made = read(paper(words("Hello"), words("two"), words("three")))
    facts = made.source
    assert (facts.format, facts.content_type, facts.frames) == ("pdf", "application/pdf", 1)
    assert (facts.width, facts.height, facts.pages, facts.text_pages) == (*A4, 3, 3)
    *pictures, text = made.versions
    assert [v.name for v in pictures] == [spec.name for spec in PHOTO.versions]
    for made_one, spec in zip(pictures, PHOTO.versions, strict=True):
        width, height = opened(made_one).size
        assert (made_one.width, made_one.height) == (width, height)
        assert width == spec.width or height == spec.height  # as large as its box: a page has no pixels to run out of
        assert width / height == pytest.approx(595 / 842, abs=0.01)
    assert (text.name, text.content_type, text.extension, text.width) == ("text", "text/plain", "txt", 0)


def test_what_is_drawn_is_where_it_should_be() -> None:
    made = read(paper(quarters(*A4)), SMALL)
    assert looks(made, RED, GREEN, BLUE, PAPER)
    assert opened(version(made, "large")).mode == "RGB"


@pytest.mark.parametrize(
    ("turn", "seen"),
    [
        (90, (BLUE, RED, PAPER, GREEN)),
        (180, (PAPER, BLUE, GREEN, RED)),
        (270, (GREEN, PAPER, RED, BLUE)),
        (-90, (GREEN, PAPER, RED, BLUE)),
    ],
)
def test_a_turned_page_stands_upright(turn: int, seen: tuple[tuple[int, ...], ...]) -> None:
    made = read(paper(quarters(400, 300), size=(400, 300), page=f"/Rotate {turn}"), SMALL)
    assert (made.source.width, made.source.height) == ((300, 400) if turn % 180 else (400, 300))
    assert looks(made, *seen)


def test_what_is_cropped_is_not_shown_and_not_read_as_size() -> None:
    content = filled(RED, (100, 100, 200, 100)) + filled(BLUE, (0, 0, 100, 842))
    made = read(paper(content, page="/MediaBox[0 0 595 842]/CropBox[100 100 300 200]"), SMALL)
    assert (made.source.width, made.source.height) == (200, 100)
    assert looks(made, RED, RED, RED, RED)
    assert (version(made, "large").width, version(made, "large").height) == (200, 100)


def test_a_box_that_begins_elsewhere() -> None:
    made = read(paper(filled(RED, (-200, -100, 50, 100)), page="/MediaBox[-200 -100 -100 0]"), SMALL)
    assert looks(made, RED, PAPER, RED, PAPER)


def test_sizes_are_inherited_from_the_tree_of_pages() -> None:
    data = paper("").replace(b"/MediaBox[0 0 595 842]", b"").replace(b"/Count 1", b"/Count 1/MediaBox[0 0 70 30]")
    facts = read(data, SMALL).source
    assert (facts.width, facts.height) == (70, 30)


def test_transparency_lies_on_white() -> None:
    made = read(paper("/G gs " + filled(RED, (0, 0, 595, 842)), resources="/ExtGState<</G<</ca .5>>>>"), SMALL)
    assert looks(made, *[(1, 0.5, 0.5)] * 4)
    assert looks(read(paper(""), SMALL), *[PAPER] * 4)
    group = "/Group<</S/Transparency/CS/DeviceRGB/I true>>"
    assert looks(read(paper("", page=group), SMALL), *[PAPER] * 4)


def test_pictures_in_a_page_are_decoded() -> None:
    photo = encoded(scene(200, 200), "JPEG")
    head = "/Type/XObject/Subtype/Image/Width 200/Height 200/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
    drawn = "/XObject<</X 100000 0 R>>"
    data = paper("200 0 0 200 0 0 cm /X Do", size=(200, 200), resources=drawn, more={100_000: stream(photo, head)})
    shown, photo_itself = opened(version(read(data, SMALL), "large")), opened(develop(photo, SMALL).versions[0])
    for across, down in ((0.1, 0.1), (0.5, 0.5), (0.9, 0.3)):
        assert near(color_at(shown, across, down), color_at(photo_itself, across, down), 40)


def test_annotations_and_what_is_filled_into_forms_are_drawn() -> None:
    look = stream(filled(GREEN, (0, 0, 300, 842)).encode(), "/Type/XObject/Subtype/Form/BBox[0 0 300 842]")
    for kind, entry in (("/Stamp", ""), ("/Widget/FT/Tx/T(t)/V(x)", "/AcroForm<</Fields[100000 0 R]>>")):
        note = f"<</Type/Annot/Subtype{kind}/F 4/Rect[0 0 300 842]/AP<</N 100001 0 R>>>>"
        data = paper("", page="/Annots[100000 0 R]", catalog=entry, more={100_000: note, 100_001: look})
        assert looks(read(data, SMALL), GREEN, PAPER, GREEN, PAPER), kind


def test_a_requested_page_is_read_alone() -> None:
    sheets = [filled(colour, (0, 0, 595, 842)) + f"1 g {words(name)}" for colour, name in
              ((RED, "one"), (GREEN, "two"), (BLUE, "three"))]  # fmt: skip
    data = paper(*sheets)
    for number, (colour, name) in enumerate(((RED, "one"), (GREEN, "two"), (BLUE, "three")), start=1):
        made = read(data, SMALL, number)
        assert looks(made, *[colour] * 4)
        assert text_of(made) == name
        assert (made.source.pages, made.source.text_pages) == (3, 1)
    assert looks(read(data, SMALL), *[RED] * 4)
    assert text_of(read(data, SMALL)) == "one\ftwo\fthree"


@pytest.mark.parametrize("number", [0, -1, 4, 10**9])
def test_a_page_that_there_is_not(number: int) -> None:
    assert refusal(paper("", "", ""), number).code == "no_such_page"


def mapped_to(*texts: str) -> bytes:
    """A page whose letters A, B, … mean `texts`, a line each."""
    table = "\n".join(f"<{ord('A') + n:02x}> <{text.encode('utf-16-be').hex()}>" for n, text in enumerate(texts))
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def 1 begincodespacerange <00> <FF> "
        f"endcodespacerange {len(texts)} beginbfchar {table} endbfchar endcmap end end"
    )
    lines = "".join(f"({chr(ord('A') + n)}) Tj 0 -40 Td " for n in range(len(texts)))
    font = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 100000 0 R>>>>"
    return paper(f"BT /F 30 Tf 72 700 Td {lines} ET", resources=font, more={100_000: packed(cmap.encode())})


def test_text_of_other_scripts_and_of_all_planes() -> None:
    scripts = "Жß中あ한λก😀\U00010400"
    assert text_of(read(mapped_to(*scripts, "ﬁ"), SMALL)).replace("\n", "") == scripts + "fi"


def test_text_in_an_encoding_that_the_document_does_not_bring() -> None:
    """The tables of the large Asian ones are PDFium's own."""
    below = (
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/S/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>"
    )
    font = f"/Font<</F<</Type/Font/Subtype/Type0/BaseFont/S/Encoding/UniGB-UCS2-H/DescendantFonts[{below}]>>>>"
    assert text_of(read(paper("BT /F 30 Tf 72 600 Td <4E2D6587> Tj ET", resources=font), SMALL)) == "中文"


def test_text_has_no_control_characters_and_divided_words_are_joined() -> None:
    content = words("hyphen-", at=(72, 700)) + words("ation", at=(72, 670))
    assert text_of(read(paper(content), SMALL)) == "hyphenation"
    assert text_of(read(mapped_to("a", "\0", "b", "\x0c", "\x1b", "c"), SMALL)).replace("\n", "") == "abc"


def test_a_page_without_text_has_none_to_be_stored() -> None:
    made = read(paper(filled(RED, (0, 0, 9, 9)), ""), SMALL)
    assert [v.name for v in made.versions] == ["large", "tiny"]
    assert made.source.text_pages == 2


def test_long_text_is_cut_and_it_is_said_after_how_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.pdf.text.MAX_TEXT_BYTES", 25)
    made = read(paper(*[words("0123456789")] * 5), SMALL)
    assert text_of(made) == "0123456789\f0123456789\f012"
    assert (made.source.pages, made.source.text_pages) == (5, 2)
    monkeypatch.setattr("processors.pdf.text.MAX_TEXT_BYTES", 4)
    assert text_of(read(mapped_to("中", "文"), SMALL)) == "中"  # not in the middle of a character
    assert MAX_TEXT_BYTES >= 1 << 20


def test_slow_text_is_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.pdf.text.MAX_TEXT_SECONDS", -1.0)
    made = read(paper(*[words("page")] * 5), SMALL)
    assert (text_of(made), made.source.text_pages) == ("page", 1)


@pytest.mark.parametrize("side", [14_400, 100_000, MAX_PAGE_POINTS])
def test_a_huge_page_is_drawn_no_larger_than_another(side: int) -> None:
    made = read(paper(filled(RED, (0, 0, side, side)), size=(side, side)), SMALL)
    assert (made.source.width, made.source.height) == (side, side)
    assert (version(made, "large").width, version(made, "large").height) == (200, 200)
    assert looks(made, *[RED] * 4)


@pytest.mark.parametrize("side", ["144001", "1000000000", "9" * 30 + ".5", "9" * 50 + ".5"])
def test_a_page_beyond_all_measure_is_refused(side: str) -> None:
    assert refusal(paper("", page=f"/MediaBox[0 0 {side} 100]")).code == "page_too_large"


def test_a_page_of_no_size_is_taken_for_a_letter() -> None:
    """As other readers do."""
    for box in ("[0 0 0 0]", "[9 9 9 9]", "null", "[0 0]", "(box)", f"[0 0 {'9' * 60} 9]"):
        facts = read(paper("", page=f"/MediaBox{box}"), SMALL).source
        assert (facts.width, facts.height) == (612, 792), box


@pytest.mark.parametrize(("width", "height"), [(14_400, 1), (0.01, 100), (1, 14_400)])
def test_a_page_like_a_thread_has_a_pixel_at_least(width: float, height: float) -> None:
    made = read(paper("", size=(width, height)), SMALL)
    assert min(version(made, "large").width, version(made, "large").height) == 1
    assert max(version(made, "large").width, version(made, "large").height) == 200


def test_no_recipe_makes_a_page_larger_than_the_limit() -> None:
    width, height = pixels_of((100, 200), VersionSpec("wall", 100_000, 100_000))
    assert MAX_PAGE_PIXELS * 0.99 < width * height < MAX_PAGE_PIXELS * 1.01
    assert height == pytest.approx(2 * width, abs=2)


def test_encrypted_with_a_password() -> None:
    assert refusal(locked(words("Hello"), b"secret")).code == "encrypted"


def test_encrypted_without_a_password_is_read() -> None:
    """So are documents that are only not to be changed or printed."""
    assert text_of(read(locked(words("Hello"), b""), SMALL)) == "Hello"


def test_encrypted_by_somebody_unknown() -> None:
    data = locked(words("Hello"), b"").replace(b"/Filter/Standard", b"/Filter/Elsewhere")
    assert refusal(data).code == "encrypted"


def test_what_is_no_pdf() -> None:
    assert refusal(b"").code == "empty"
    for data in (b"text\n", encoded(scene(9, 9), "JPEG"), b"PK\3\4" + bytes(40), b"%!PS-Adobe-3.0\n", bytes(99)):
        found = refusal(data)
        assert found.code == "not_a_pdf"
        assert found.untouched


def test_a_beginning_is_damaged() -> None:
    for data in (
        b"%PDF-1.7\n",
        b"%PDF-1.7\n%%EOF\n",
        b"%PDF-1.7\ntrailer<</Root 1 0 R>>\n%%EOF",
        b"%PDF-" + bytes(9_999),
    ):
        assert refusal(data).code == "damaged"


def test_something_in_front_of_it_does_no_harm() -> None:
    for before in (b"\n", b"\xef\xbb\xbf", b"x" * 100 + b"\n"):
        assert text_of(read(before + paper(words("Hello")), SMALL)) == "Hello"


def outcome(data: bytes) -> str | int | None:
    """The code of a refusal, or the number of pages."""
    try:
        return read(data, SMALL).source.pages
    except Refused as refused:
        return refused.code


def test_cut_at_every_percent() -> None:
    """What is left of it is shown, or it is damaged: one or the other."""
    data = paper(*[words(f"page {n}") + quarters(*A4) for n in range(6)])
    assert {outcome(data[: len(data) * percent // 100]) for percent in range(1, 100)} == {"damaged"}
    assert outcome(data[:-8]) == 6
    # With the way to its first object in front, what there is of it can be found.
    data = data[:9] + b"trailer<</Root 1 0 R>>\n" + data[9 : data.index(b"xref")]
    found = [outcome(data[: len(data) * percent // 100]) for percent in range(1, 100)]
    assert set(found) == {"damaged", 6}
    assert found.index(6) < 30
    assert set(found[found.index(6) :]) == {6}


def test_a_page_that_is_damaged_costs_no_other() -> None:
    data = paper(words("one"), words("two"), words("three")).replace(b"5 0 obj\n<</Type/Page/", b"5 0 obj\n(no)<</Type")
    assert refusal(data, 2).code == "damaged"
    made = read(data, SMALL)
    assert (text_of(made), made.source.pages) == ("one\f\fthree", 3)


def test_too_many_pages() -> None:
    assert read(paper(*[""] * MAX_PAGES), SMALL, MAX_PAGES).source.pages == MAX_PAGES
    for pages in (10_000, 100_000):
        found = refusal(paper(*[""] * pages))
        assert found.code == "too_many_pages"
        assert f"{pages:,}" in found.message


def test_a_count_that_lies_is_survived() -> None:
    for count in (b"0", b"-1", b"7", b"9999", b"2147483647", b"99999999999999999999", b"(x)"):
        data = paper(words("Hello")).replace(b"/Count 1", b"/Count " + count)
        assert text_of(read(data, SMALL)).strip("\f") == "Hello", count


def test_no_fonts_of_the_system_are_used() -> None:
    """They differ from machine to machine, and behind the doors there are none: one that is installed is as unknown."""

    def drawn(name: str) -> bytes:
        font = FONT.replace("Helvetica", name).replace("Type1", "TrueType")
        return bytes(version(read(paper(words("Hello"), resources=font), SMALL), "large").data)

    drawn("Unheard")  # PDFium shapes its stand-in for unknown fonts a little differently the first time
    unknown = drawn("Unheard")
    assert unknown != bytes(version(read(paper(""), SMALL), "large").data)
    for installed in ("DejaVu", "Liberation", "Noto"):
        assert drawn(installed) == unknown, installed


def test_the_library_runs_no_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    engine.check()
    monkeypatch.setattr("processors.pdf.engine.PDFIUM_INFO", type("Info", (), {"flags": ["V8"]}))
    with pytest.raises(ValueError, match="scripts"):
        engine.check()

"""The form: what is taken and in which shape, and everything that is wrong with one at once."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import BadRequest
from appliance.profiles import hashtags, links
from appliance.profiles.form import MOST_NAME, MOST_TEXT, Form, RawForm, checked

pytestmark = pytest.mark.pure


def made(**fields: object) -> Form:
    return checked(RawForm(**{"name": "Zoë", **fields}))  # type: ignore[arg-type]


def wrong(**fields: object) -> dict[str, str]:
    with pytest.raises(BadRequest) as refused:
        made(**fields)
    return refused.value.fields


def test_a_form_is_given_back_in_its_normal_form() -> None:
    assert made(
        name="  Анна-Мария   Ли ",
        url="Пример.РФ/путь?q=1",
        activity_hobbies=" горы \r\n\r\n\r\n\r\n шахматы\tи чай 👨‍👩‍👧 ",
        hashtags="#Gaming, traveling #Ёлка елка #a1#bb",
        is_incognito=True,
    ) == Form(
        "Анна-Мария Ли",
        "https://пример.рф/путь?q=1",
        "горы\n\nшахматы и чай 👨‍👩‍👧",
        ["gaming", "traveling", "елка", "a1", "bb"],
        True,
    )
    assert made() == Form("Zoë", None, "", [], False)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    fields = wrong(name=" ", url="javascript:alert(1)", activity_hobbies="a\u202eb", hashtags="#x #ok #no-good")
    assert set(fields) == {"name", "url", "activity_hobbies", "hashtags"}
    assert "#x" in fields["hashtags"]
    assert "#no-good" in fields["hashtags"]
    assert "U+202E" in fields["activity_hobbies"]
    assert set(wrong(name="x" * 10_000, url="u" * 10_000, activity_hobbies="y" * 10_000, hashtags="z" * 10_000)) == {
        *("name", "url", "activity_hobbies", "hashtags")
    }


@pytest.mark.parametrize(
    "name",
    ["José García-Núñez O’Neil", "नेहा शर्मा", "王小明", "Ђорђе", "محمد", "می‌خواهم", "Anna Иванова", "R2 D2", "J. R."],
)
def test_names_of_any_script_are_taken(name: str) -> None:
    assert made(name=name).name == name


@pytest.mark.parametrize(
    "name",
    [
        *("Aннa", "Раypal", "Αnna"),  # letters of two alphabets
        *("An\u200bna", "An\u202ena", "An\u200dna", "An\x00na", "\u3164", "a" + "\u0301" * 7, "\u0301a", "An\ud800"),
        *("😀", "<b>", "a@b", "1234", "x" * (MOST_NAME + 1), "\U000e0041nna", "A\ue000"),
    ],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    assert set(wrong(name=name)) == {"name"}


def test_letters_of_other_forms_are_the_usual_ones() -> None:
    assert made(name="𝓐𝓷𝓷𝓪 Ｌｉ").name == "Anna Li"
    assert made(name="Zoe\u0308").name == "Zoë"
    assert made(hashtags="ＧＡＭＩＮＧ Straße STRASSE").hashtags == ["gaming", "strasse"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("example.com", "https://example.com"),
        ("HTTP://EXAMPLE.com:80/A?b#c", "http://example.com/A?b#c"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("example.com:443", "https://example.com"),
        ("//example.com/x", "https://example.com/x"),
        ("https://bücher.example", "https://bücher.example"),
        ("https://xn--bcher-kva.example", "https://bücher.example"),
        ("https://аррӏе.com", "https://xn--80ak6aa92e.com"),  # to the eye another one: shown as it is
        ("https://example.com/путь/😀", "https://example.com/путь/😀"),
        ("", None),
        ("  ", None),
    ],
)
def test_an_address_is_shown_in_its_own_letters(written: str, shown: str | None) -> None:
    assert made(url=written).url == shown
    if shown is not None:
        host = shown.split("/")[2].partition(":")[0]
        assert links.ascii_host(host).isascii()
        assert made(url=shown).url == shown


@pytest.mark.parametrize(
    "written",
    [
        *("javascript:alert(1)", "JaVaScRiPt://example.com/%0aalert(1)", "data:text/html,x", "mailto:a@b.example"),
        *("ftp://example.com", "file:///etc/passwd", "http:example.com", "https:/example.com", "http://", "https:///x"),
        *(
            "https://user:secret@example.com",
            "https://example.com@evil.example",
            "https://a\\b.example",
            "https://a b.example",
        ),
        *(
            "https://exa\tmple.com",
            "https://example.com/\u202egpj",
            "https://example.com/\x00",
            "https://example.com/<x>",
        ),
        *(
            "http://127.0.0.1",
            "http://10.0.0.1/x",
            "http://2130706433",
            "http://0x7f.1",
            "http://[::1]/",
            "http://１２７.0.0.1",
        ),
        *("localhost", "http://localhost:8080", "http://printer.local", "http://db.internal", "https://example"),
        *(
            "https://раypal.com",
            "https://-a.example",
            "https://a..example",
            "https://example.com:99999",
            "https://a_b.example",
        ),
        "https://" + "a" * 64 + ".example",
        "https://example.com/" + "a" * 2000,
    ],
)
def test_what_is_no_safe_address_is_refused(written: str) -> None:
    assert set(wrong(url=written)) == {"url"}


def test_hashtags_are_counted_once_each_and_up_to_the_setting() -> None:
    assert made(hashtags="#Горы горы #ГОРЫ,горы").hashtags == ["горы"]
    assert made(hashtags=["#a_b", "c1"]).hashtags == ["a_b", "c1"]
    many = " ".join(f"#tag{n}" for n in range(31))
    assert "30 at most" in wrong(hashtags=many)["hashtags"]
    assert len(checked(RawForm(name="a", hashtags=many), 31).hashtags) == 31
    assert "hashtags" in wrong(hashtags="#" + "я" * (hashtags.MOST + 1))
    for bad in ("#горы-", "#2024", "#😀😀", "#гoры", "#a.b"):
        assert "hashtags" in wrong(hashtags=bad), bad


def test_longer_texts_are_refused_and_the_longest_taken() -> None:
    assert len(made(activity_hobbies="я" * MOST_TEXT).activity_hobbies) == MOST_TEXT
    assert "activity_hobbies" in wrong(activity_hobbies="я" * (MOST_TEXT + 1))
    assert "activity_hobbies" in wrong(activity_hobbies="a\nb\n" * 30)


TEXT = st.text(max_size=60) | st.text(
    st.sampled_from("aаёЁйЙ\u0306\u0301İßﬁ #＃,_.-@:/\\%\u200d\u200b\u202e\n\r1१😀\ufe0f")
)
ADDRESS = TEXT | st.builds("{}{}.{}{}".format, st.sampled_from(("", "http://", "HTTPS://")), TEXT, TEXT, TEXT)


@settings(max_examples=400, deadline=None)
@given(name=TEXT, url=ADDRESS | st.none(), text=TEXT, tags=TEXT | st.lists(TEXT, max_size=5), hidden=st.booleans())
def test_normalising_twice_changes_nothing(
    name: str, url: str | None, text: str, tags: str | list[str], hidden: bool
) -> None:
    for raw in (RawForm(name, url, text, tags, hidden), RawForm("Anna", None, text), RawForm("Anna", url, "", tags)):
        with suppress(BadRequest):  # and nothing else is raised
            form = checked(raw)
            assert checked(form.raw()) == form

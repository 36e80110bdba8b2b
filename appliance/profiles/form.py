"""The form of a profile: checked and normalised, with everything that is wrong at once.

A name is of letters of any script with their marks, digits and a few signs, no emoji: it is what others know one by.
What is said of activities and hobbies may have anything that can be seen, emoji too, in lines.
"""

import unicodedata
from collections.abc import Sequence

import msgspec

from appliance.errors import BadRequest
from appliance.profiles import hashtags, links, writing

MOST_NAME = 64  # characters
MOST_NAME_BYTES = 200
MOST_TEXT = 2000  # characters
MOST_TEXT_BYTES = 8000
MOST_LINES = 50
_SIGNS = frozenset(" .,-'’ʼ‘·&()_‐–")


class RawForm(msgspec.Struct, forbid_unknown_fields=True):
    """A form as somebody filled it in. `hashtags`: with # or without, separated by spaces or commas, or a list."""

    name: str = ""
    url: str | None = None
    activity_hobbies: str = ""
    hashtags: str | list[str] = ""
    is_incognito: bool = False


class Form(msgspec.Struct):
    """The same normalised: reading it again gives the same."""

    name: str
    url: str | None
    activity_hobbies: str
    hashtags: list[str]
    is_incognito: bool

    def raw(self) -> RawForm:
        return RawForm(self.name, self.url, self.activity_hobbies, list(self.hashtags), self.is_incognito)


def checked(raw: RawForm, most_hashtags: int = hashtags.MANY) -> Form:
    """The form normalised. Raises BadRequest, which names every field that is wrong."""
    form, errors = looked_at(raw, most_hashtags)
    if errors:
        raise unfit(errors)
    return form


def unfit(errors: dict[str, str]) -> BadRequest:
    """What to say of a form, by what is wrong with each field."""
    return BadRequest("The form can't be taken as it is", **errors)


def looked_at(raw: RawForm, most_hashtags: int = hashtags.MANY) -> tuple[Form, dict[str, str]]:
    """What of the form can be taken, the rest left empty, and what is wrong with that, by the field's name."""
    errors: dict[str, str] = {}
    name, errors["name"] = _name(raw.name)
    url, errors["url"] = _url(raw.url or "")
    text, errors["activity_hobbies"] = _text(raw.activity_hobbies)
    tags, errors["hashtags"] = _hashtags(raw.hashtags, most_hashtags)
    form = Form(name, url, text, tags, raw.is_incognito)
    return form, {field: why for field, why in errors.items() if why}


def _name(raw: str) -> tuple[str, str]:
    if len(raw) > 4 * MOST_NAME:  # spaces are yet to be taken away
        return "", f"{MOST_NAME} characters at most"
    name = writing.one_line(unicodedata.normalize("NFKC", raw))
    why = _name_is_wrong(name)
    return ("", why) if why else (name, "")


def _name_is_wrong(name: str) -> str:
    if not name:
        return "a name is needed"
    if len(name) > MOST_NAME or len(name.encode(errors="replace")) > MOST_NAME_BYTES:
        return f"{MOST_NAME} characters and {MOST_NAME_BYTES} bytes at most"
    if hidden := writing.unseen(name):
        return hidden
    for one in name:
        if not (unicodedata.category(one)[0] in "LM" or one.isdecimal() or one in _SIGNS or one in writing.JOINERS):
            return f"{one!r} can't be in a name"
    if not any(one.isalpha() for one in name):
        return "a name has a letter at least"
    if word := writing.mixed(name):
        return f"{word!r} has letters of two alphabets that look alike"
    return ""


def _url(raw: str) -> tuple[str | None, str]:
    try:
        return links.normal(raw), ""
    except links.Unfit as why:
        return None, str(why)


def _text(raw: str) -> tuple[str, str]:
    if len(raw) > 4 * MOST_TEXT:
        return "", f"{MOST_TEXT} characters at most"
    text = writing.paragraphs(unicodedata.normalize("NFC", raw))
    if len(text) > MOST_TEXT or len(text.encode(errors="replace")) > MOST_TEXT_BYTES:
        return "", f"{MOST_TEXT} characters and {MOST_TEXT_BYTES} bytes at most"
    if text.count("\n") >= MOST_LINES:
        return "", f"{MOST_LINES} lines at most"
    hidden = writing.unseen(text)
    return ("", hidden) if hidden else (text, "")


def _hashtags(raw: str | Sequence[str], most: int) -> tuple[list[str], str]:
    found, why = hashtags.read(raw, most)
    return found, why or ""

"""Hashtags as people write them, and their one normal form, by which they are stored and searched.

With # or without, separated by spaces, commas or the next #. Case does not count, nor does the form of letters (NFKC),
and ё is е.
"""

import re
import unicodedata
from collections.abc import Sequence

from appliance.profiles import writing

LEAST, MOST = 2, 50  # characters of one
MOST_CHARACTERS = 3000  # of all as they are written
MANY = 30  # of a profile, unless a setting says otherwise

_BETWEEN = re.compile(r"[\s,;#\u060c\u3001\uff0c\uff03]+")
_ROUNDS = 5  # that folding may need until nothing changes any more; two were never too few


def normal(hashtag: str) -> str:
    """The form that counts of one, without #. Of what is none: something."""
    text = hashtag.lstrip("#＃").strip()
    for _ in range(_ROUNDS):
        folded = unicodedata.normalize("NFKC", text.casefold()).replace("ё", "е")
        if folded == text:
            break
        text = folded
    return text


def wrong(hashtag: str) -> str | None:
    """Why this normal form is no hashtag; None where it is one."""
    if not LEAST <= len(hashtag) <= MOST:
        return f"{LEAST} to {MOST} characters each"
    if hidden := writing.unseen(hashtag):
        return hidden
    if not all(unicodedata.category(one)[0] in "LM" or one == "_" or one.isdecimal() for one in hashtag):
        return "letters, digits and _ alone"
    if not any(one.isalpha() for one in hashtag):
        return "a letter at least"
    if writing.mixed(hashtag):
        return "letters of two alphabets that look alike in one word"
    return None


def read(written: str | Sequence[str], most: int = MANY) -> tuple[list[str], str | None]:
    """The hashtags in the order in which they were written, each once, and what is wrong, if something is."""
    text = written if isinstance(written, str) else " ".join(written)
    if len(text) > MOST_CHARACTERS:
        return [], f"{MOST_CHARACTERS} characters at most"
    found = list(dict.fromkeys(name for one in _BETWEEN.split(text) if (name := normal(one))))
    if len(found) > most:
        return [], f"{most} at most, not {len(found)}"
    bad = [f"#{one[:MOST]}: {why}" for one in found if (why := wrong(one))]
    return ([], "; ".join(bad)) if bad else (found, None)

"""What text is made of: which script a letter is of, and what can't be seen of it, or is not what it seems."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

ALIKE = ("LATIN", "CYRILLIC", "GREEK")
"""Scripts that have letters which look the same."""

MOST_MARKS = 4  # on one letter: more than any language writes
JOINERS = "\u200c\u200d"
_EMOJI_PRESENTATION = "\ufe0f"
_LINES = re.compile(r"\r\n?|[\u2028\u2029\x85]")
_SPACES = re.compile(r"[^\S\n]+")
_MANY_LINES = re.compile(r"\n{3,}")
# Cyrillic and Greek letters that are Latin ones to the eye: who writes a whole word of them means to be taken for it.
SEEM_LATIN = frozenset("асеһіјорԛѕԝхуӏԁ" + "οαρυνι")


@lru_cache(maxsize=4096)
def script(letter: str) -> str:
    """One of ALIKE, or empty."""
    word = unicodedata.name(letter, "").partition(" ")[0]
    return word if word in ALIKE else ""


def words(text: str) -> Iterable[str]:
    """The runs of letters, with their marks."""
    return re.findall(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*", text)


def mixed(text: str) -> str | None:
    """The first word that is of letters of several scripts which look the same, if there is one."""
    for word in words(text):
        if len({script(letter) for letter in word} & set(ALIKE)) > 1:
            return word
    return None


def one_line(text: str) -> str:
    """Without spaces at its ends, and one where there were several."""
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """The same for lines, of which one at most is left empty."""
    lines = (_SPACES.sub(" ", line).strip() for line in _LINES.sub("\n", text).split("\n"))
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()


def unseen(text: str) -> str | None:
    """Why this text is not what one sees of it; None where it is."""
    marks = 0
    for at, character in enumerate(text):
        kind = unicodedata.category(character)
        marks = marks + 1 if kind.startswith("M") and character != _EMOJI_PRESENTATION else 0
        if marks > MOST_MARKS or (marks and at == 0):
            return "there are more marks on a letter than any language writes"
        if kind in ("Cs", "Co", "Cn"):
            return f"U+{ord(character):04X} is no character"
        if (kind in ("Cc", "Cf") and character != "\n" and not _joins(text, at)) or character in _BLANK:
            return f"U+{ord(character):04X} can't be seen"
    return None


_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and signs that show nothing


def _joins(text: str, at: int) -> bool:
    """Whether a joiner does what it is for: between letters of a script that needs it, or in one emoji of several."""
    if text[at] not in JOINERS or at == 0:
        return False
    before, after = text[at - 1], text[at + 1 : at + 2]
    return bool(after) and all(_joined(side) for side in (before, after))


def _joined(side: str) -> bool:
    kind = unicodedata.category(side)
    return side == _EMOJI_PRESENTATION or kind in ("So", "Sk") or (kind[0] in "LM" and ord(side) >= 0x0590)

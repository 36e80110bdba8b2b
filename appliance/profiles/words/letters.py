"""What single characters are: the plain form of each, and the letters that it may be meant for."""

import re
import unicodedata
from functools import lru_cache

SIGNS = frozenset("@$!|€£¢+")
"""Signs that are written for letters."""
INSIDE = frozenset("!|+")
"""Those that are so within a word alone."""
MASKS = frozenset("*#@%•●■×")
"""Signs that are written in a letter's place, whichever that is."""
WEAK_MASKS = frozenset("-_")
"""The same of signs that are more often something else."""

_NAMED = re.compile(r"LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL )?([A-Z])(?: WITH .*)?")
# What Unicode gives no other form: white letters on black, and the letters that flags are made of.
_BLOCKS = ((0x1F150, "a"), (0x1F170, "a"), (0x1F1E6, "a"))
_KEPT = {"й": "й", "Й": "й", "ё": "е", "Ё": "е", "ї": "і", "Ї": "і"}

# Letters of Cyrillic, Greek and others, digits and signs → the Latin letters that they are written for, in a word that
# has Latin ones too: so they may be read by sound as well.
TO_LATIN = {
    "а": "a",
    "б": "b",
    "в": "bv",
    "г": "rg",
    "д": "d",
    "е": "e",
    "з": "ze",
    "и": "ui",
    "й": "iy",
    "к": "kc",
    "л": "l",
    "м": "m",
    "н": "hn",
    "о": "o",
    "п": "np",
    "р": "pr",
    "с": "cs",
    "т": "t",
    "у": "yu",
    "ф": "f",
    "х": "xh",
    "ь": "b",
    "я": "r",
    "і": "i",
    "ѕ": "s",
    "ј": "j",
    "ԁ": "d",
    "ԛ": "q",
    "ԝ": "w",
    "һ": "h",
    "ӏ": "l",
    **dict(zip("αβγδεζικμορτχωςσπθλξφ", "abydezikmoptxwosntaef", strict=True)),
    "υ": "uy",
    "η": "nh",
    "ν": "vn",
    "ɑ": "a",
    "ı": "i",
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "gb",
    "7": "t",
    "8": "b",
    "9": "gq",
    "@": "a",
    "$": "s",
    "!": "i",
    "|": "li",
    "€": "e",
    "£": "l",
    "¢": "c",
    "+": "t",
}
# The same for Cyrillic, in a word that has Cyrillic letters too.
TO_CYRILLIC = {
    "a": "а",
    "b": "вбь",
    "c": "сц",
    "d": "д",
    "e": "е",
    "f": "ф",
    "g": "гд",
    "h": "нх",
    "i": "и",
    "j": "й",
    "k": "к",
    "l": "л",
    "m": "мт",
    "n": "пн",
    "o": "о",
    "p": "рп",
    "q": "к",
    "r": "гр",
    "s": "с",
    "t": "т",
    "u": "иу",
    "v": "в",
    "w": "шв",
    "x": "х",
    "y": "уйы",
    "z": "з",
    **dict(zip("αβγδεζικλμορστχωςπθφ", "авгдезиклморстхшспоф", strict=True)),
    "υ": "ую",
    "η": "ни",
    "ν": "нв",
    "і": "и",
    "ѕ": "с",
    "ј": "й",
    "ӏ": "л",
    "һ": "н",
    "є": "е",
    "ґ": "г",
    "ў": "у",
    "қ": "к",
    "ү": "у",
    "ұ": "у",
    "ө": "о",
    "ғ": "г",
    "ң": "н",
    "ә": "а",
    "0": "о",
    "1": "ил",
    "3": "зе",
    "4": "ча",
    "5": "с",
    "6": "б",
    "8": "в",
    "9": "я",
    "@": "а",
    "$": "с",
    "!": "и",
    "|": "л",
    "€": "е",
    "+": "т",
}
# And in a word that has none of the other alphabet: what looks the same, nothing else.
SEEN_AS_LATIN = {
    one: options[0] if one.isalpha() else options for one, options in TO_LATIN.items() if one not in "бдзийлфгп" + "λξδ"
} | dict(zip("внрсух", "bhpcyx", strict=True))

SEEN_AS_CYRILLIC = {
    **{one: options for one, options in TO_CYRILLIC.items() if "α" <= one <= "ω"},
    **dict(zip("acekmoptxybh", "асекмортхувн", strict=True)),
    "0": "о",
    "3": "з",
    "4": "ч",
    "6": "б",
    "@": "а",
}

_TWICE_SELDOM = frozenset("aiuyhjkqvwxаеиоуыэюяхцчшщйьъг")
"""Letters that hardly any word has twice in a row: two of them are one that was repeated."""


@lru_cache(maxsize=8192)
def plain(character: str) -> str:
    """The character in its plain form: small, without marks; empty for what can't be seen, a space for any space.

    Of letters with ё, й and the like it is й alone that counts as one of its own.
    """
    if character.isspace():
        return " "
    if (kept := _KEPT.get(character)) is not None:
        return kept
    code = ord(character)
    for first, letter in _BLOCKS:
        if first <= code < first + 26:
            return chr(ord(letter) + code - first)
    folded = unicodedata.normalize("NFKD", character.casefold()).casefold()
    return "".join(_named(one) for one in folded if unicodedata.category(one) not in ("Mn", "Me", "Cf", "Cc", "Mc"))


def _named(character: str) -> str:
    if character.isascii():
        return character
    named = _NAMED.fullmatch(unicodedata.name(character, ""))
    return named[1].lower() if named else character


def folded(text: str) -> str:
    """A text of plain characters."""
    return "".join(map(plain, unicodedata.normalize("NFC", text)))


def stretched(letter: str, times: int) -> bool:
    """Whether so many of one letter in a row are more than a word has."""
    return times > 2 or (times == 2 and letter in _TWICE_SELDOM)


_SOUNDS = (
    *(("shch", "ш"), ("sch", "ш"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("tz", "ц")),
    *(("yo", "е"), ("jo", "е"), ("ye", "е"), ("je", "е"), ("ph", "ф")),
    *zip("abcdefghijklmnopqrstuvwxyz", "абцдефгхииклмнопкрстуввхиз", strict=True),
    ("4", "ч"),
    ("6", "ш"),
    ("0", "о"),
    ("3", "з"),
    ("1", "и"),
)
_SOUND = re.compile("|".join(re.escape(latin) for latin, _ in _SOUNDS))
_SOUND_OF = dict(_SOUNDS)
_BY_EAR = str.maketrans({"э": "е", "ы": "и", "й": "и", "ь": "", "ъ": "", "щ": "ш", "я": "иа", "ю": "иу"})


def sound(cyrillic: str) -> str:
    """A Cyrillic word as far as Latin letters can say it."""
    return cyrillic.translate(_BY_EAR)


def spoken(latin: str) -> str:
    """What a word in Latin letters would sound like if it were Russian, in the form of `sound`."""
    return _SOUND.sub(lambda found: _SOUND_OF[found[0]], latin)

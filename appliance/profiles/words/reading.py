"""A text cut into words, and how each may be read: as it stands, and with the tricks undone by which it may be written.

Letters that stand apart (f u c k, f.u.c.k) are one word too, and so are the parts of one that signs part (fu-ck).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from appliance.profiles.words import letters
from appliance.profiles.words.index import ANY, Letter


class Trick(StrEnum):
    """What was undone so that a word was found."""

    UNSEEN = "characters that can't be seen"
    FORMS = "letters of another form"
    ALIKE = "letters of another alphabet"
    SIGNS = "digits or signs for letters"
    REPEATED = "repeated letters"
    APART = "letters set apart"
    MASKED = "a sign in a letter's place"
    LATIN = "Russian in Latin letters"


class Word(NamedTuple):
    """A word of a text: in plain characters, from where to where in these; masked: with ANY-signs as they stand."""

    text: str
    start: int
    end: int
    chunk: int
    apart: bool = False
    masks: tuple[int, ...] = ()


class Plain(NamedTuple):
    """A text in plain characters, and where in the text as written each comes from."""

    written: str
    text: str
    at: list[int]

    def span(self, word: Word) -> str:
        """The word as it was written."""
        return self.written[self.at[word.start] : self.at[word.end - 1] + 1]


_CHUNK = re.compile(r"[^ ]+")
_LETTER = rf"(?:[^\W_]|[{re.escape(''.join(sorted(letters.SIGNS - letters.INSIDE)))}])"
_WORD = re.compile(rf"{_LETTER}(?:(?:{_LETTER}|[{re.escape(''.join(sorted(letters.INSIDE)))}])*{_LETTER})?")

MOST_PIECES = 8  # that a word is parted into by signs, but for single letters
MOST_JOINED = 60  # letters of a word that was put together
_MASK = re.compile(f"[{re.escape(''.join(sorted(letters.MASKS | letters.WEAK_MASKS)))}]")
_STARS = re.compile(r"\**")
_PART = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"[^\W\d_]+\d+|\d+[^\W\d_]+")
_DIGITS = "0123456789"
_JOINING = frozenset("/='’`´")
"""Signs between two words, and those with which words are shortened."""
_FAR = 4  # characters that single letters may be apart


def plain(text: str) -> Plain:
    written = unicodedata.normalize("NFC", text)
    made: list[str] = []
    at: list[int] = []
    for place, character in enumerate(written):
        for one in letters.plain(character):
            made.append(one)
            at.append(place)
    return Plain(written, "".join(made), at)


def words(text: str) -> list[Word]:
    """The runs of letters, digits and signs that may be letters, of a plain text."""
    return [
        Word(one[0], chunk.start() + one.start(), chunk.start() + one.end(), number)
        for number, chunk in enumerate(_CHUNK.finditer(text))
        for one in _WORD.finditer(chunk[0])
    ]


def put_together(found: Sequence[Word], text: str) -> Iterator[Word]:
    """Words whose letters or parts were set apart, each as one."""
    yield from _letters_apart(found)
    for _, group in groupby(found, key=lambda word: word.chunk):
        pieces = list(group)
        if 1 < len(pieces) <= MOST_PIECES and _JOINING.isdisjoint(text[pieces[0].start : pieces[-1].end]):
            yield from _parted(pieces, text)


def _letters_apart(found: Sequence[Word]) -> Iterator[Word]:
    run: list[Word] = []
    for word in [*found, Word("  ", 1 << 60, 1 << 60, -1)]:
        if len(word.text) == 1 and (not run or word.start - run[-1].end <= _FAR):
            run.append(word)
            continue
        # One before or after may be a word of one letter.
        for some in dict.fromkeys((tuple(run), tuple(run[1:]), tuple(run[:-1]))):
            if 3 <= len(some) <= MOST_JOINED:
                yield Word("".join(one.text for one in some), some[0].start, some[-1].end, some[0].chunk, True)
        run = [word] if len(word.text) == 1 else []


def _parted(pieces: Sequence[Word], text: str) -> Iterator[Word]:
    start, end = pieces[0].start, pieces[-1].end
    joined = "".join(one.text for one in pieces)
    if len(joined) > MOST_JOINED:
        return
    yield Word(joined, start, end, pieces[0].chunk, True)
    yield from _with_masks(Word(text[start:end], start, end, pieces[0].chunk))


def masked(word: Word) -> Iterator[Word]:
    """The word with the signs in it that may stand in the place of any letter, if there are such."""
    if len(word.text) <= MOST_JOINED:
        yield from _with_masks(word)


def cut_short(found: Sequence[Word], text: str) -> Iterator[Word]:
    """Words of which the last letter or two are asterisks; not what stands between such, which is emphasis."""
    for word in found:
        stars = len(_STARS.match(text, word.end)[0])  # type: ignore[index]
        emphasis = word.start and text[word.start - 1] == "*"
        if 1 <= stars <= 2 <= len(word.text) <= MOST_JOINED and word.text.isalpha() and not emphasis:
            end = word.end + stars
            if end == len(text) or not text[end].isalnum():
                yield Word(
                    text[word.start : end],
                    word.start,
                    end,
                    word.chunk,
                    masks=tuple(range(len(word.text), len(word.text) + stars)),
                )


def _with_masks(word: Word) -> Iterator[Word]:
    """Strong signs alone, fewer than letters; or one weak one. Not at the ends."""
    text = word.text
    found = tuple(one.start() for one in _MASK.finditer(text))
    weak = any(text[at] in letters.WEAK_MASKS for at in found)
    if not found or found[0] == 0 or found[-1] == len(text) - 1 or (weak and (len(found) > 1 or len(text) < 4)):
        return
    if max(2, len(found)) <= sum(one.isalpha() for one in text):
        yield word._replace(masks=found)


def cores(word: str) -> list[str]:
    """The word without what is no letter at its ends, and, where signs part it, each part of it."""
    if word.isalpha():
        return [word]
    parts = _PART.findall(word)
    return [*parts, *(core for part in parts if (core := part.strip(_DIGITS)) not in ("", part))]


def may_be_written_so(word: str) -> bool:
    """Whether signs may stand for letters in it: of a number like E600 or 24h it is the figures that count."""
    if not any(map(str.isalpha, word)):
        return len(word) > 2 and letters.SIGNS.issuperset(word)  # @$$
    return _NUMBERED.fullmatch(word) is None or 2 * sum(map(str.isalpha, word)) >= len(word)


_letter = lru_cache(maxsize=1024)(Letter)


class _Alphabet(NamedTuple):
    """How a word is read in the letters of one alphabet: what others are written for in a word that has some of its
    own, and in one that has none.
    """

    own: re.Pattern[str]
    all: re.Pattern[str]
    mixed: dict[str, str]
    alone: dict[str, str]
    can_be_mixed: re.Pattern[str]
    can_be_alone: re.Pattern[str]

    def all_own(self, word: str) -> bool:
        return self.all.fullmatch(word) is not None

    def has_others(self, word: str) -> bool:
        """Whether letters of another alphabet are in it."""
        return any(one.isalpha() and not self.own.match(one) for one in word)

    def read(self, word: str) -> list[Letter] | None:
        """None for a word that can't be one of these letters."""
        mixed = self.own.search(word) is not None
        if not (self.can_be_mixed if mixed else self.can_be_alone).fullmatch(word):
            return None
        table = self.mixed if mixed else self.alone
        found: list[Letter] = []
        for run in _RUN.finditer(word):
            one, times = run[1], len(run[0])
            options = table.get(one, one)
            if one == "3" and not run.start():
                options = options[:1]  # 3-битный is a number with its word
            if times > 1 and letters.stretched(options[0], times):
                found += [_letter(options), Letter(options, True)]
            else:
                found += [_letter(options)] * times
        return found


def _alphabet(span: str, mixed: dict[str, str], alone: dict[str, str]) -> _Alphabet:
    some, seen = (f"[{span}{re.escape(''.join(table))}]+" for table in (mixed, alone))
    return _Alphabet(
        re.compile(f"[{span}]"), re.compile(f"[{span}]+"), mixed, alone, re.compile(some), re.compile(seen)
    )


_RUN = re.compile(r"(.)\1*")
_REPEATED = re.compile(r"(.)\1+")
LATIN = _alphabet("a-z", letters.TO_LATIN, letters.SEEN_AS_LATIN)
CYRILLIC = _alphabet("а-я", letters.TO_CYRILLIC, letters.SEEN_AS_CYRILLIC)


def with_masks(word: Word) -> list[Letter] | None:
    """A masked word in the letters that the rest of it is of, if it can be one."""
    alphabet = CYRILLIC if CYRILLIC.own.search(word.text) else LATIN
    made = []
    for at, one in enumerate(word.text):
        options = one if alphabet.own.match(one) else alphabet.mixed.get(one, "")
        if at not in word.masks and not options:
            return None
        made.append(Letter(ANY if at in word.masks else options))
    return made


def once(word: str) -> str:
    """The word without letters that are repeated."""
    return _REPEATED.sub(lambda run: run[1] if letters.stretched(run[1], len(run[0])) else run[0], word)


def tricks(plain: Plain, word: Word) -> frozenset[Trick]:
    """What can be seen of a word without knowing what it was read as."""
    start, end = plain.at[word.start], plain.at[word.end - 1] + 1
    written = plain.written[start:end]
    found = {Trick.APART} if word.apart else {Trick.MASKED} if word.masks else set()
    if any(not letters.plain(one) for one in written):
        found.add(Trick.UNSEEN)
    if any(
        one.isalpha() and letters.plain(one) != unicodedata.normalize("NFC", one.lower())
        for one in written
        if one not in "ёЁ"
    ):
        found.add(Trick.FORMS)
    return frozenset(found)

"""A text cut into words, and how each may be read: as it stands, and with the tricks undone by which it may be written.

Letters that stand apart (f u c k, f.u.c.k) are one word too, and so are the parts of one that signs part (fu-ck).
"""

import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
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


MOST_PIECES = 8  # that a word is parted into by signs, but for single letters
MOST_JOINED = 60  # letters of a word that was put together
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
    found: list[Word] = []
    chunk = start = 0
    inside = False
    for place, one in enumerate(text + " "):
        if one.isalnum() or one in letters.SIGNS:
            if not inside:
                start, inside = place, True
            continue
        if inside:
            found.append(Word(text[start:place], start, place, chunk))
            inside = False
        if one == " ":
            chunk += 1
    return found


def put_together(found: Sequence[Word], text: str) -> Iterator[Word]:
    """Words whose letters or parts were set apart, each as one."""
    yield from _letters_apart(found)
    for _, group in groupby(found, key=lambda word: word.chunk):
        pieces = list(group)
        if 1 < len(pieces) <= MOST_PIECES and "/" not in text[pieces[0].start : pieces[-1].end]:
            yield from _parted(pieces, text)


def _letters_apart(found: Sequence[Word]) -> Iterator[Word]:
    run: list[Word] = []
    for word in [*found, Word("  ", 1 << 60, 1 << 60, -1)]:
        if len(word.text) == 1 and (not run or word.start - run[-1].end <= _FAR):
            run.append(word)
            continue
        # One before or after may be a word of one letter.
        for some in {tuple(run), tuple(run[1:]), tuple(run[:-1])}:
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


def _with_masks(word: Word) -> Iterator[Word]:
    text = word.text
    strong = tuple(at for at, one in enumerate(text) if one in letters.MASKS)
    weak = tuple(at for at, one in enumerate(text) if one in letters.WEAK_MASKS)
    places = strong or weak
    count = sum(one.isalpha() for one in text)
    fits = strong if strong and not weak else weak if len(weak) == 1 and not strong and len(text) >= 4 else ()
    if fits and fits == places and fits[0] > 0 and fits[-1] < len(text) - 1 and count >= 2 and len(fits) <= count:
        yield word._replace(masks=places)


def cores(word: str) -> list[str]:
    """The word without what is no letter at its ends, and, where signs part it, each part of it."""
    if word.isalpha():
        return [word]
    trimmed = word.strip("!|+@$€£¢")
    parts = "".join(one if one.isalnum() else " " for one in trimmed).split()
    return list(dict.fromkeys([*parts, *(part.strip("0123456789") for part in parts)] if trimmed else []))


def as_latin(word: str) -> list[Letter] | None:
    """The word as one in Latin letters, if it can be one and is none already."""
    return _letters(word, letters.TO_LATIN, "a", "z")


def as_cyrillic(word: str) -> list[Letter] | None:
    """The word as one in Cyrillic letters; one in Latin letters alone as it looks."""
    mixed = any("а" <= one <= "я" for one in word)
    return _letters(word, letters.TO_CYRILLIC if mixed else letters.SEEN_AS_CYRILLIC, "а", "я")


def _letters(word: str, table: dict[str, str], first: str, last: str) -> list[Letter] | None:
    found: list[Letter] = []
    for one, run in groupby(word.strip("!|+")):
        options = one if first <= one <= last else table.get(one, "")
        if not options:
            return None
        times = sum(1 for _ in run)
        if letters.stretched(options[0], times):
            found += [Letter(options), Letter(options, True)]
        else:
            found += [Letter(options)] * times
    return found


def with_masks(word: Word) -> list[list[Letter]]:
    """A masked word in Latin and in Cyrillic letters."""
    found = []
    for table, first, last in ((letters.TO_LATIN, "a", "z"), (letters.TO_CYRILLIC, "а", "я")):
        made = []
        for at, one in enumerate(word.text):
            options = one if first <= one <= last else table.get(one, "")
            if at in word.masks:
                made.append(Letter(ANY))
            elif options:
                made.append(Letter(options))
            else:
                break
        else:
            found.append(made)
    return found


def once(word: str) -> str:
    """The word without letters that are repeated."""
    return "".join(
        one * (1 if letters.stretched(one, len(run)) else len(run))
        for one, run in ((one, list(run)) for one, run in groupby(word))
    )


def repeats(word: str) -> bool:
    return once(word) != word


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

"""How a word is looked for, as an operator writes it: `сук(а|и|у), suk(a|i), !сукно*`.

    word        the whole word, whatever tricks it is written with
    stem*       a word that begins so; *stem, that ends so; *stem*, that has it inside
    (a|b|)      one of these, in a word, or in the place of one: `(at home|online)`
    two words   one after the other; `one .. two`: with up to three words between
    one & two   both, whichever is first, with up to eight words between
    +word       parted in two by a space, with two letters or more on each side
    ~слово      also as it is written in Latin letters
    =word       only just as it is written, but for case, ё and marks
    !word       an innocent word: what is found in one does not count

Several are separated by commas. There is nothing else to it: no pattern takes longer than others.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from appliance.profiles.words import letters
from appliance.profiles.words.index import MOST, Kind

MOST_PATTERN = 8000  # characters
MOST_FORMS = 10_000  # words that one pattern may come to
MOST_PARTS = 6  # words of a phrase
GAP = ".."
GAP_WORDS = 3  # that it may stand for
NEAR = " & "
NEAR_WORDS = 8  # that may be between two that are near
_LEAST = {Kind.WHOLE: 1, Kind.BEGINS: 2, Kind.ENDS: 2, Kind.INSIDE: 3}  # letters
_GROUP = re.compile(r"\(([^()]*)\)")
_PART = re.compile(r"\*?[^*]+\*?")


class BadPattern(ValueError):
    """Says what is wrong with a pattern."""


class Part(NamedTuple):
    """One word of a phrase: any of these forms. gap: how many words may stand before it."""

    forms: tuple[tuple[Kind, str], ...]
    gap: int


class Alternative(NamedTuple):
    """One thing that is looked for."""

    parts: tuple[Part, ...]
    innocent: bool = False
    exact: bool = False
    latin: bool = False


def parsed(word: str, pattern: str) -> list[Alternative]:
    """What is looked for; with an empty pattern the word alone. Raises BadPattern."""
    text = pattern.strip() or word
    if len(text) > MOST_PATTERN:
        raise BadPattern(f"{MOST_PATTERN} characters at most")
    found = [one for written in _split(text) if written.strip() for one in _alternatives(written.strip())]
    if not any(not one.innocent for one in found):
        raise BadPattern("there is nothing to look for in it")
    if sum(len(part.forms) for one in found for part in one.parts) > MOST_FORMS:
        raise BadPattern(f"it comes to more than {MOST_FORMS} words")
    return found


def _split(text: str) -> Iterator[str]:
    return iter(re.split(r",(?![^(]*\))", text))


def _phrases(text: str) -> list[str]:
    """The same once for each option of several words, and once for all of one."""
    found = [text]
    for group in dict.fromkeys(_GROUP.findall(text)):
        short = "|".join(one for one in group.split("|") if " " not in one.strip())
        options = [f"({short})"] * bool(short) + [one for one in group.split("|") if " " in one.strip()]
        if len(options) > 1 or " " in group:
            found = [phrase.replace(f"({group})", option) for phrase in found for option in options]
        if len(found) > MOST_FORMS:
            raise BadPattern(f"it comes to more than {MOST_FORMS} words")
    return found


def _alternatives(text: str) -> Iterator[Alternative]:
    marks = ""
    while text[:1] and text[0] in "!=~+" and text[0] not in marks:
        marks, text = marks + text[0], text[1:].lstrip()
    found = _halves(text) if "+" in marks else (parts for phrase in _phrases(text) for parts in _orders(phrase))
    for parts in found:
        yield Alternative(parts, "!" in marks, "=" in marks, "~" in marks)


def _orders(phrase: str) -> Iterator[tuple[Part, ...]]:
    """The parts of a phrase; of two that are near each other, in both orders."""
    one, near, two = phrase.partition(NEAR)
    if not near:
        yield _parts(phrase)
        return
    for first, second in ((one, two), (two, one)):
        before, after = _parts(first), _parts(second)
        yield _few((*before, after[0]._replace(gap=NEAR_WORDS), *after[1:]), phrase)


def _halves(word: str) -> Iterator[tuple[Part, ...]]:
    for form in _expanded(word):
        for at in range(2, len(form.strip("*")) - 1):
            yield _parts(f"{form[:at]} {form[at:]}")


def _parts(phrase: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    gap = 0
    for one in phrase.split():
        if one == GAP:
            gap = GAP_WORDS
            continue
        parts.append(Part(_forms(one), gap))
        gap = 0
    if gap or (parts and parts[0].gap):
        raise BadPattern(f"words before and after {GAP}: {phrase!r}")
    return _few(tuple(parts), phrase)


def _few(parts: tuple[Part, ...], phrase: str) -> tuple[Part, ...]:
    if not 1 <= len(parts) <= MOST_PARTS:
        raise BadPattern(f"1 to {MOST_PARTS} words in {phrase!r}")
    return parts


@lru_cache(maxsize=1024)  # one is often in many phrases
def _forms(text: str) -> tuple[tuple[Kind, str], ...]:
    return tuple(_form(form) for form in _expanded(text))


def _expanded(text: str) -> list[str]:
    """Every word that the groups make of it."""
    found = [""]
    at = 0
    for group in _GROUP.finditer(text):
        before = text[at : group.start()]
        found = [one + before + option for one in found for option in group[1].split("|")]
        if len(found) > MOST_FORMS:
            raise BadPattern(f"it comes to more than {MOST_FORMS} words")
        at = group.end()
    return list(dict.fromkeys(one + text[at:] for one in found))


def _form(text: str) -> tuple[Kind, str]:
    if not _PART.fullmatch(text):
        raise BadPattern(f"{text!r}: * is for the beginning and the end of a word")
    literal = letters.folded(text.strip("*"))
    if not literal or not all(one.isalnum() for one in literal):
        raise BadPattern(f"{text!r}: letters and digits alone, in a word")
    kinds = {(True, True): Kind.INSIDE, (True, False): Kind.ENDS, (False, True): Kind.BEGINS}
    kind = kinds.get((text.startswith("*"), text.endswith("*")), Kind.WHOLE)
    if not _LEAST[kind] <= len(literal) <= MOST:
        raise BadPattern(f"{text!r}: {_LEAST[kind]} to {MOST} letters")
    return kind, literal

"""All patterns at once, for one word: letters lead from node to node, so its length is what a look costs.

`whole` patterns are the word, `begins` its beginning, `inside` any part of it, and `ends` its end.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

ANY = ""
"""Stands for every letter there is."""


class Kind(StrEnum):
    WHOLE = "whole"
    BEGINS = "begins"
    INSIDE = "inside"
    ENDS = "ends"


class Letter(NamedTuple):
    """One place of a word: the letters that it may be, and whether it may be left out."""

    options: str
    optional: bool = False


class _Node:
    __slots__ = ("begins", "next", "whole")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.whole: tuple[int, ...] = ()
        self.begins: tuple[int, ...] = ()


class Index:
    """Patterns by number."""

    def __init__(self) -> None:
        self._front, self._back, self._inside = _Node(), _Node(), _Node()

    def add(self, kind: Kind, literal: str, number: int) -> None:
        root = {Kind.INSIDE: self._inside, Kind.ENDS: self._back}.get(kind, self._front)
        node = root
        for letter in reversed(literal) if kind is Kind.ENDS else literal:
            node = node.next.setdefault(letter, _Node())
        if kind is Kind.WHOLE:
            node.whole += (number,)
        else:
            node.begins += (number,)

    def find(self, word: str) -> set[int]:
        """The patterns that a word has, just as it is."""
        found: set[int] = set()
        node = _walk(self._front, word, found)
        if node is not None:
            found.update(node.whole)
        _walk(self._back, reversed(word), found)
        if firsts := self._inside.next:
            for at, letter in enumerate(word):
                if letter in firsts:
                    _walk(self._inside, word[at : at + MOST], found)
        return found

    def find_among(self, letters: Sequence[Letter]) -> set[int]:
        """The patterns of all the words that these letters may be."""
        found: set[int] = set()
        _among(self._front, letters, 0, found)
        if self._back.next:
            _among(self._back, letters[::-1], 0, found)
        firsts = self._inside.next
        for at, letter in enumerate(letters):
            if not firsts.keys().isdisjoint(letter.options):
                _among(self._inside, letters, at, found)
        return found

    def find_masked(self, letters: Sequence[Letter], last: int) -> set[int]:
        """The same where some are ANY; `last`: the place of the last of these, up to which a pattern has to reach."""
        found: set[int] = set()
        _masked(self._front, letters, 0, last, found)
        # One that is anywhere begins where letters are, and has all the others.
        for at in range(next(place for place, one in enumerate(letters) if not one.options)):
            _masked(self._inside, letters, at, last, found)
        return found


MOST = 40  # letters of a pattern


def _walk(node: _Node, letters: Iterable[str], found: set[int]) -> _Node | None:
    """The node that all the letters lead to, if they do; what is passed on the way is found."""
    for letter in letters:
        following = node.next.get(letter)
        if following is None:
            return None
        node = following
        if node.begins:
            found.update(node.begins)
    return node


def _among(node: _Node, letters: Sequence[Letter], at: int, found: set[int]) -> None:
    if at == len(letters):
        found.update(node.whole)
        return
    options, optional = letters[at]
    if optional:
        _among(node, letters, at + 1, found)
    for option in options:
        following = node.next.get(option)
        if following is not None:
            found.update(following.begins)
            _among(following, letters, at + 1, found)


def _masked(node: _Node, letters: Sequence[Letter], at: int, last: int, found: set[int]) -> None:
    if at > last:
        found.update(node.begins)
    if at == len(letters):
        found.update(node.whole)
        return
    options = letters[at].options or node.next
    for option in options:
        following = node.next.get(option)
        if following is not None:
            _masked(following, letters, at + 1, last, found)

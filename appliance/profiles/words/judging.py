"""What of a list of words is in a text."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from appliance.profiles.words import letters, patterns, reading
from appliance.profiles.words.index import Index, Kind
from appliance.profiles.words.patterns import Alternative, BadPattern
from appliance.profiles.words.reading import Plain, Trick, Word

MOST_FOUND = 20  # in one text, of each severity
_MOST_KNOWN = 20_000  # words that are remembered


class Listed(NamedTuple):
    """A row of the list."""

    id: int
    word: str
    pattern: str
    severity: str
    language: str


class Hit(NamedTuple):
    """A word that was found: as it was written, what it is by the list, and what was undone to find it."""

    found: str
    listed: Listed
    tricks: tuple[Trick, ...]


class _Rule(NamedTuple):
    row: int
    parts: tuple[tuple[frozenset[int], int], ...]


Seen = dict[int, frozenset[Trick]]
"""Pattern → the tricks that it takes to find it."""


class Judge:
    """A list made ready to be looked for. Rows whose pattern is none are left out, and named in `broken`."""

    def __init__(self, rows: Iterable[Listed]) -> None:
        self.broken: list[Listed] = []
        self._rows: list[Listed] = []
        self._exact, self._tricky, self._spoken = Index(), Index(), Index()
        self._numbers: dict[tuple[str, Kind, str], int] = {}
        self._sets: dict[tuple[bool, bool, tuple[tuple[Kind, str], ...]], frozenset[int]] = {}
        self._alone: defaultdict[int, list[int]] = defaultdict(list)
        self._phrases: defaultdict[int, list[_Rule]] = defaultdict(list)
        self._innocent: defaultdict[int, set[int]] = defaultdict(set)
        self._innocent_phrases: defaultdict[int, list[_Rule]] = defaultdict(list)
        self._known: dict[str, Seen] = {}
        for row in rows:
            self._add(row)

    def _add(self, row: Listed) -> None:
        try:
            found = patterns.parsed(row.word, row.pattern)
        except BadPattern:
            self.broken.append(row)
            return
        self._rows.append(row)
        for alternative in found:
            self._note(len(self._rows) - 1, alternative)

    def _note(self, row: int, alternative: Alternative) -> None:
        parts = tuple(
            (self._any_of(alternative.exact, alternative.latin, part.forms), part.gap) for part in alternative.parts
        )
        first, _ = parts[0]
        phrases = self._innocent_phrases if alternative.innocent else self._phrases
        for number in first:
            if len(parts) > 1:
                phrases[number].append(_Rule(row, parts))
            elif alternative.innocent:
                self._innocent[row].add(number)
            else:
                self._alone[number].append(row)

    def _any_of(self, exact: bool, latin: bool, forms: tuple[tuple[Kind, str], ...]) -> frozenset[int]:
        """The patterns of these forms, the same object for the same forms."""
        found = self._sets.get((exact, latin, forms))
        if found is None:
            found = frozenset(number for form in forms for number in self._patterns(exact, latin, *form))
            self._sets[exact, latin, forms] = found
        return found

    def _patterns(self, exact: bool, latin: bool, kind: Kind, literal: str) -> Iterator[int]:
        if exact:
            yield self._pattern("exact", self._exact, kind, literal)
            return
        yield self._pattern("tricky", self._tricky, kind, literal)
        if latin:
            yield self._pattern("spoken", self._spoken, kind, letters.sound(literal))

    def _pattern(self, mode: str, index: Index, kind: Kind, literal: str) -> int:
        known = len(self._numbers)
        number = self._numbers.setdefault((mode, kind, literal), known)
        if number == known:
            index.add(kind, literal, number)
        return number

    def found(self, text: str) -> list[Hit]:
        """What of the list is in the text, in its order; at most MOST_FOUND."""
        plain = reading.plain(text)
        words = reading.words(plain.text)
        seen = [self._seen(word) for word in words]
        hits = _Hits(plain, self._rows)
        hits.innocent = [
            (rule.row, words[at].start, words[end].end) for rule, at, end in _there(self._innocent_phrases, seen)
        ]
        for word, sight in zip(words, seen, strict=True):
            self._judge(word, sight, hits)
        places = {word.start: at for at, word in enumerate(words)}
        ends = {word.end: at for at, word in enumerate(words)}
        signs = [one for word in words for one in reading.masked(word)]
        for word in (*reading.put_together(words, plain.text), *signs, *reading.cut_short(words, plain.text)):
            sight = self._masked(word) if word.masks else self._seen(word)
            self._judge(word, sight, hits)
            if word.apart:  # it may be part of a phrase, as its first and as its last letter
                for at in {at for at in (places.get(word.start), ends.get(word.end)) if at is not None}:
                    seen[at] = {**sight, **seen[at]}
        for rule, at, end in _there(self._phrases, seen):
            if not self._excused(rule.row, *seen[at : end + 1]):
                hits.add(rule.row, Word("", words[at].start, words[end].end, 0), frozenset())
        return hits.sorted()

    def _judge(self, word: Word, sight: Seen, hits: "_Hits") -> None:
        for number, tricks in sight.items():
            for row in self._alone.get(number, ()):
                if not self._excused(row, sight):
                    hits.add(row, word, tricks)

    def _excused(self, row: int, *sights: Seen) -> bool:
        innocent = self._innocent.get(row)
        return innocent is not None and any(not innocent.isdisjoint(sight) for sight in sights)

    def _seen(self, word: Word) -> Seen:
        if len(word.text) > reading.MOST_JOINED:
            return self._look(word.text)
        known = self._known.get(word.text)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[word.text] = self._look(word.text)
        return known

    def _look(self, word: str) -> Seen:
        seen: Seen = {}

        def note(numbers: Iterable[int], *tricks: Trick) -> None:
            for number in numbers:
                seen.setdefault(number, frozenset(tricks))

        cores = reading.cores(word)
        for core in cores:
            note(self._exact.find(core) | self._tricky.find(core))
        if len(cores) > 2 and all(len(core) == 1 for core in cores):  # f|u|c|k
            note(self._tricky.find("".join(cores)), Trick.APART)
        for one in dict.fromkeys((word, word.strip("0123456789"))):
            if reading.may_be_written_so(one):
                self._look_closer(one, note)
        return seen

    def _look_closer(self, word: str, note: Callable[..., None]) -> None:
        """Reads a word as it may be meant; as it stands it is known."""
        plain, short = word.isalpha(), reading.once(word)
        undone: tuple[Trick, ...] = () if plain else (Trick.SIGNS,)
        if short != word:
            undone += (Trick.REPEATED,)
        for alphabet in (reading.LATIN, reading.CYRILLIC):
            if not undone and alphabet.all_own(word):
                continue
            if read := alphabet.read(word):
                note(self._tricky.find_among(read), *undone, *((Trick.ALIKE,) if alphabet.has_others(word) else ()))
        if word.isascii() and word.isalnum():
            heard = (Trick.LATIN, Trick.REPEATED) if short != word else (Trick.LATIN,)
            note(self._spoken.find(letters.sound(letters.spoken(short))), *heard)

    def _masked(self, word: Word) -> Seen:
        read = reading.with_masks(word)
        weak = word.text[word.masks[-1]] in letters.WEAK_MASKS  # there it is to be the whole word
        found = self._tricky.find_masked(read, len(read) - 1 if weak else word.masks[-1]) if read else ()
        return dict.fromkeys(found, frozenset[Trick]())


class _Hits:
    """What was found in one text, the same in the same place once."""

    def __init__(self, plain: Plain, rows: Sequence[Listed]) -> None:
        self._plain, self._rows = plain, rows
        self._found: dict[tuple[int, int, int], Hit] = {}
        self._counts = Counter[str]()
        self.innocent: list[tuple[int, int, int]] = []
        """Row, and from where to where nothing of it counts."""

    def add(self, row: int, word: Word, tricks: frozenset[Trick]) -> None:
        severity = self._rows[row].severity
        if self._counts[severity] >= MOST_FOUND or self._known(row, word.start, word.end):
            return
        self._counts[severity] += 1
        told = tuple(sorted(tricks | reading.tricks(self._plain, word)))
        self._found[word.start, word.end, row] = Hit(self._plain.span(word), self._rows[row], told)

    def _known(self, row: int, start: int, end: int) -> bool:
        found = [(other, since, until) for since, until, other in self._found]
        return any(other == row and start < until and since < end for other, since, until in (*found, *self.innocent))

    def sorted(self) -> list[Hit]:
        return [self._found[key] for key in sorted(self._found)]


def _there(phrases: Mapping[int, Sequence[_Rule]], seen: Sequence[Seen]) -> Iterator[tuple[_Rule, int, int]]:
    """The phrases that are in a text, and the places of their first and last words."""
    all_seen = set().union(*seen)
    # Of most phrases a word is nowhere in the text; many have the same words.
    known: dict[int, bool] = {}

    def nowhere(part: frozenset[int]) -> bool:
        found = known.get(id(part))
        if found is None:
            found = known[id(part)] = part.isdisjoint(all_seen)
        return found

    possible = {
        number: rules
        for number in all_seen & phrases.keys()
        if (rules := [one for one in phrases[number] if not any(nowhere(part) for part, _ in one.parts[1:])])
    }
    for at, sight in enumerate(seen):
        for number in sight.keys() & possible.keys():
            for rule in possible[number]:
                if (end := _end(rule, seen, at)) is not None:
                    yield rule, at, end


def _end(rule: _Rule, seen: Sequence[Seen], at: int) -> int | None:
    """The place of the phrase's last word, if all of it is there."""
    for numbers, gap in rule.parts[1:]:
        for following in range(at + 1, min(at + 2 + gap, len(seen))):
            if not numbers.isdisjoint(seen[following]):
                at = following
                break
        else:
            return None
    return at

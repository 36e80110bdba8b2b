"""What of a form is forbidden, by the list as it is at this moment.

A process keeps the list ready to be looked for, and asks each time which list is in force: that is one row. So a change
holds in all processes from the next form on.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import unquote

import msgspec

from appliance.logs import log
from appliance.profiles.form import Form
from appliance.profiles.words import rows
from appliance.profiles.words.judging import Hit, Judge


class Finding(msgspec.Struct):
    """A word of the list in a field. `found`: as it was written; `tricks`: what was undone to find it. How the word is
    looked for is the operator's to know.
    """

    field: str
    found: str
    word: str
    language: str
    severity: str
    tricks: list[str]
    why: str


class Findings(msgspec.Struct):
    """What may not be published, and what a moderator is to look at."""

    blocked: list[Finding]
    flags: list[Finding]

    @property
    def fields(self) -> dict[str, str]:
        """What is blocked, by the field."""
        told: defaultdict[str, list[str]] = defaultdict(list)
        for one in self.blocked:
            told[one.field].append(one.why)
        return {field: "; ".join(dict.fromkeys(why)) for field, why in told.items()}


class Words:
    """The list as this process has it."""

    def __init__(self) -> None:
        self._version = -1
        self._judge = Judge(())
        self._lock = asyncio.Lock()

    async def judge(self) -> Judge:
        """The list that is in force, ready. Raises Unavailable."""
        if await rows.version() == self._version:
            return self._judge
        async with self._lock:
            if await rows.version() != self._version:
                version, listed = await rows.everything()
                self._judge = await asyncio.to_thread(Judge, listed)
                self._version = version
                for row in self._judge.broken:
                    log.warning("a forbidden word's pattern is none, and is not looked for", word=row.word)
        return self._judge


_WORDS = Words()


async def judged(form: Form) -> Findings:
    """What of a form is forbidden. Raises Unavailable."""
    judge = await _WORDS.judge()
    return findings(judge, form)


def findings(judge: Judge, form: Form) -> Findings:
    """The same by a list that is ready."""
    found = [_finding(field, hit) for field, text in _texts(form) for hit in judge.found(text)]
    told = [one for at, one in enumerate(found) if one not in found[:at]]
    return Findings([one for one in told if one.severity == "block"], [one for one in told if one.severity != "block"])


def _texts(form: Form) -> Iterator[tuple[str, str]]:
    yield "name", form.name
    if form.url:
        yield "url", unquote(form.url.partition("://")[2])
    yield "activity_hobbies", form.activity_hobbies
    for one in form.hashtags:
        yield "hashtags", one


def _finding(field: str, hit: Hit) -> Finding:
    listed = hit.listed
    told = [trick.value for trick in hit.tricks]
    undone = f" ({', '.join(told)})" if told else ""
    may = "is not allowed here" if listed.severity == "block" else "is looked at by a moderator"
    why = f"“{hit.found}” {may}: “{listed.word}”{undone}"
    return Finding(field, hit.found, listed.word, listed.language, listed.severity, told, why)

"""The list of forbidden words as the database keeps it, and every change of it with who made it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from appliance.errors import BadRequest, Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.profiles.words import patterns
from appliance.profiles.words.judging import Listed
from appliance.settings.layers import Author

MOST_WORD = 100  # characters
MOST_ROWS = 20_000
SEVERITIES = ("block", "review")

_COLUMNS = "id, word, pattern, severity, language, changed_by, changed_at"
_PAGE = f"""
SELECT {_COLUMNS} FROM forbidden_words
WHERE ($1::text IS NULL OR language = $1) AND id > $2 ORDER BY id LIMIT $3
"""
_FIND = f"SELECT {_COLUMNS} FROM forbidden_words WHERE language = $1 AND word = $2"
# Beside what was done with settings; in a layer of its own, since to take back a change is for those alone.
_NOTED = """
INSERT INTO settings_history (who, via, action, layer, key, old, new)
SELECT $1, $2, {action}, 'words', language || ' ' || word, {old}, {new} FROM done
"""
_ADD = f"""
WITH done AS (
    INSERT INTO forbidden_words (word, pattern, severity, language, changed_by)
    SELECT $3, $4, $5, $6, $1 WHERE (SELECT count(*) FROM forbidden_words) < {MOST_ROWS} RETURNING *
), noted AS ({_NOTED.format(action="'set'", old="NULL", new="severity || ' ' || pattern")})
SELECT {_COLUMNS} FROM done
"""
_CHANGE = f"""
WITH done AS (
    UPDATE forbidden_words w
    SET word = $3, pattern = $4, severity = $5, language = $6, changed_by = $1, changed_at = now() WHERE w.id = $7
    RETURNING new.*, old.severity || ' ' || old.pattern AS was
), noted AS ({_NOTED.format(action="'set'", old="was", new="severity || ' ' || pattern")})
SELECT {_COLUMNS} FROM done
"""
_REMOVE = f"""
WITH done AS (DELETE FROM forbidden_words w WHERE w.id = $3 RETURNING *),
noted AS ({_NOTED.format(action="'unset'", old="severity || ' ' || pattern", new="NULL")})
SELECT id FROM done
"""
_ALL = """
SELECT v.version, w.id, w.word, w.pattern, w.severity, w.language
FROM forbidden_words_version v LEFT JOIN forbidden_words w ON true ORDER BY w.id
"""


class ForbiddenWord(msgspec.Struct):
    """A word of the list, by whom it was changed, and when."""

    id: int
    word: str
    pattern: str
    severity: str
    language: str
    changed_by: str
    changed_at: datetime


class NewWord(msgspec.Struct, forbid_unknown_fields=True):
    """`pattern`: how it is looked for; empty: as it stands, as a whole word. `language`: ru, en, …"""

    word: str
    pattern: str = ""
    severity: str = "block"
    language: str = "en"

    def must_be_good(self) -> "NewWord":
        """The same without spaces at the ends. Raises BadRequest, which names every field that is wrong."""
        told = NewWord(self.word.strip(), self.pattern.strip(), self.severity, _code(self.language))
        errors = {}
        if not 1 <= len(told.word) <= MOST_WORD:
            errors["word"] = f"1 to {MOST_WORD} characters"
        if told.severity not in SEVERITIES:
            errors["severity"] = "block or review"
        if not (told.language.isascii() and told.language.isalpha() and 2 <= len(told.language) <= 8):
            errors["language"] = "the code of a language, as en or ru"
        try:
            patterns.parsed(told.word, told.pattern)
        except patterns.BadPattern as error:
            errors["pattern" if told.pattern else "word"] = str(error)
        if errors:
            raise BadRequest("This can't be a word of the list", **errors)
        return told

    def values(self) -> tuple[str, str, str, str]:
        return self.word, self.pattern, self.severity, self.language


async def page(language: str | None, after: int, limit: int) -> list[ForbiddenWord]:
    """At most `limit` of a language, None: of all, in the order in which they came, after the id `after`."""
    return [ForbiddenWord(*row) for row in await fetch(_PAGE, language and _code(language), after, limit)]


async def find(language: str, word: str) -> ForbiddenWord | None:
    """A word, if it is in the list, however its language is written."""
    row = await fetch_one(_FIND, _code(language), word.strip())
    return None if row is None else ForbiddenWord(*row)


def _code(language: str) -> str:
    return language.strip().lower()


async def add(word: NewWord, by: Author) -> ForbiddenWord:
    """Raises BadRequest, and Conflict for a word that is in the list, or a list that is full."""
    row = await _one(_ADD, *by, *word.must_be_good().values())
    if row is None:
        raise Conflict(f"The list has {MOST_ROWS} words, as many as it may")
    return ForbiddenWord(*row)


async def change(word_id: int, word: NewWord, by: Author) -> ForbiddenWord:
    """Raises BadRequest, NotFound, and Conflict for a word that is in the list already."""
    row = await _one(_CHANGE, *by, *word.must_be_good().values(), word_id)
    if row is None:
        raise NotFound("There is no such word")
    return ForbiddenWord(*row)


async def remove(word_id: int, by: Author) -> None:
    """Raises NotFound."""
    if await _one(_REMOVE, *by, word_id) is None:
        raise NotFound("There is no such word")


async def _one(statement: str, *args: Any) -> Sequence[Any] | None:
    try:
        return await fetch_one(statement, *args)
    except asyncpg.UniqueViolationError:
        raise Conflict("This word is in the list of its language already") from None


async def version() -> int:
    """Which list it is: another number after every change. Raises Unavailable."""
    [row] = await fetch("SELECT version FROM forbidden_words_version")
    return int(row["version"])


async def everything() -> tuple[int, list[Listed]]:
    """The whole list, and which it is. Raises Unavailable."""
    rows = await fetch(_ALL)
    return rows[0]["version"], [Listed(*told) for _, *told in rows if told[0] is not None]

"""The list that an appliance begins with: start.tsv, of which each line is a word, pattern, severity and language."""

from pathlib import Path

from appliance.ledger.database import fetch
from appliance.profiles.words.judging import Listed

FILE = Path(__file__).parent / "start.tsv"
WHO = "the appliance"

_FILL = """
INSERT INTO forbidden_words (word, pattern, severity, language, changed_by)
SELECT w, p, s, l, $5 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS of_file (w, p, s, l)
WHERE NOT EXISTS (SELECT FROM forbidden_words)
"""


def listed() -> list[Listed]:
    """What the file says."""
    lines = FILE.read_text(encoding="utf-8").splitlines()[1:]
    return [Listed(at, *line.split("\t")) for at, line in enumerate(lines, 1) if line]


async def fill() -> None:
    """Puts it into an empty table; a list that was edited stays as it is. Raises Unavailable."""
    rows = listed()
    columns = ([getattr(row, name) for row in rows] for name in ("word", "pattern", "severity", "language"))
    await fetch(_FILL, *columns, WHO)

"""`./ops/words list|add|remove|test`: what nobody may publish in a profile."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ops.commands import options, serving
from ops.commands.tenancy import action
from ops.folder import DataFolder

if TYPE_CHECKING:
    from appliance.profiles.words.judging import Hit
    from appliance.profiles.words.rows import ForbiddenWord

EPILOG = """\
A pattern says how a word is looked for; without one it is the whole word, whatever tricks it is written with:
  stem*, *stem, *stem*   a word that begins so, ends so, has it inside
  (a|b|)                 one of these, in a word or in its place
  two words, one .. two  one after the other; with up to three words between
  one & two              both, whichever is first, with up to eight words between
  +word                  parted in two by a space
  ~слово                 also as it is written in Latin letters
  =word                  only just as it is written
  !word                  an innocent word, or words: what is found there does not count
Several are separated by commas. A change holds from the next form on; ./ops/settings history tells who made it.

Exit codes: 0 done, or nothing was found; 1 not done, and said why; 2 wrong usage; 3 something was found (of test).
"""

FOUND = 3


def main() -> int:
    given = parse(sys.argv[1:])
    return _DO[given.action](options.folder(given), given)


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("words", "The list of words that nobody may publish in a profile.", EPILOG)
    actions = made.add_subparsers(dest="action", required=True, metavar="|".join(_DO))
    listing = action(actions, "list", "show the words, and how each is looked for")
    listing.add_argument("--language", metavar="CODE", help="of one language, as ru or en")
    add = action(actions, "add", "forbid a word; of one that is forbidden already what is named is changed")
    add.add_argument("word", metavar="WORD")
    add.add_argument("--pattern", metavar="PATTERN", help="how it is looked for (default: as it stands)")
    add.add_argument("--severity", choices=("block", "review"), help="(default: block)")
    add.add_argument("--language", required=True, metavar="CODE", help="as ru or en")
    remove = action(actions, "remove", "allow a word again")
    remove.add_argument("word", metavar="WORD")
    remove.add_argument("--language", required=True, metavar="CODE", help="as ru or en")
    test = action(actions, "test", "say what of the list is in a text")
    test.add_argument("text", metavar="TEXT")
    for one in (listing, add, remove, test):
        one.add_argument("--json", action="store_true", help="the same for a script")
    return made.parse_args(arguments)


def _list(folder: DataFolder, given: argparse.Namespace) -> int:
    async def words() -> "list[ForbiddenWord]":
        from appliance.profiles.words import rows

        return await rows.page(given.language, 0, rows.MOST_ROWS)

    found = serving.ask(folder, words)
    print(_json(found) if given.json else "\n".join(map(_row, found)))
    return 0


def _add(folder: DataFolder, given: argparse.Namespace) -> int:
    async def put() -> "ForbiddenWord":
        from appliance.profiles.words import rows
        from appliance.settings.layers import Author

        by, there = Author(serving.who(), "command"), await rows.find(given.language, given.word)
        pattern = given.pattern if given.pattern is not None else there.pattern if there else ""
        severity = given.severity or (there.severity if there else "block")
        word = rows.NewWord(given.word, pattern, severity, given.language)
        return await (rows.add(word, by) if there is None else rows.change(there.id, word, by))

    made = serving.ask(folder, put)
    print(_json(made) if given.json else _row(made))
    return 0


def _remove(folder: DataFolder, given: argparse.Namespace) -> int:
    async def remove() -> int:
        from appliance.profiles.words import rows
        from appliance.settings.layers import Author

        there = await rows.find(given.language, given.word)
        gone = there.id if there else 0
        await rows.remove(gone, Author(serving.who(), "command"))
        return gone

    gone = serving.ask(folder, remove)
    print(_json({"id": gone}) if given.json else f"{given.word} is allowed again.")
    return 0


def _test(folder: DataFolder, given: argparse.Namespace) -> int:
    async def hits() -> "list[Hit]":
        from appliance.profiles.words import service

        return (await service.Words().judge()).found(given.text)

    found = serving.ask(folder, hits)
    if given.json:
        print(_json([_told(hit) for hit in found]))
    else:
        print("\n".join(map(_line, found)) or "nothing found")
    return FOUND if found else 0


def _told(hit: "Hit") -> dict[str, Any]:
    listed = hit.listed
    told = {"word": listed.word, "pattern": listed.pattern, "severity": listed.severity, "language": listed.language}
    return {"found": hit.found, **told, "tricks": [trick.value for trick in hit.tricks]}


def _line(hit: "Hit") -> str:
    undone = f" ({', '.join(trick.value for trick in hit.tricks)})" if hit.tricks else ""
    return f"{hit.listed.severity:6}  {hit.found}: {hit.listed.word}, {hit.listed.language}{undone}"


def _row(row: "ForbiddenWord") -> str:
    return f"{row.id:6}  {row.severity:6}  {row.language:2}  {row.word}" + (f": {row.pattern}" if row.pattern else "")


def _json(value: Any) -> str:
    import msgspec

    return json.dumps(msgspec.to_builtins(value), indent=1, ensure_ascii=False)


_DO: dict[str, Callable[[DataFolder, argparse.Namespace], int]] = {
    "list": _list,
    "add": _add,
    "remove": _remove,
    "test": _test,
}


if __name__ == "__main__":
    options.run(main)

"""Folders: rows below each root and each owner, made with their owner or by a look after them."""

import pytest

from appliance.accounts import owners
from appliance.errors import NotFound
from appliance.folders import service as folders
from appliance.ledger.database import fetch
from storage import layout
from tests.ledger.book import PROJECT, Book

OF_PEOPLE = ["bundles", "documents", "images", "temporary", "videos"]


async def paths() -> set[str]:
    rows = await fetch("SELECT root, owner, name FROM folders")
    return {"/".join(part for part in row if part) for row in rows}


async def test_every_root_is_made_with_its_owners_and_what_is_declared_below_them(book: Book) -> None:
    await fetch("DELETE FROM folders")
    made = await folders.make_missing()
    of_project = [f"projects/{PROJECT}", *(f"projects/{PROJECT}/{name}" for name in OF_PEOPLE)]
    of_system = ["system/darkroom", "system/darkroom/bundles", "system/darkroom/temporary"]
    assert made == sorted(["chats", "projects", "system", "users", *of_project, *of_system])
    assert await paths() == set(made)
    assert [folder.path for folder in await folders.roots()] == ["chats", "projects", "system", "users"]
    assert [folder.path for folder in await folders.owners("system", 10, "")] == ["system/darkroom"]


async def test_twice_is_harmless_and_only_what_is_missing_is_made(book: Book) -> None:
    await folders.make_missing()
    before = await paths()
    assert await folders.make_missing() == []
    await fetch("DELETE FROM folders WHERE root = 'projects' AND name IN ('videos', 'bundles')")
    assert await folders.make_missing() == [f"projects/{PROJECT}/bundles", f"projects/{PROJECT}/videos"]
    assert await paths() == before


@pytest.mark.parametrize("kind", owners.EVERY.values(), ids=owners.EVERY)
async def test_a_new_owner_has_its_folders_at_once(book: Book, kind: owners.Owners) -> None:
    await kind.create("Tom", "tom")
    found = await folders.below(kind.root, "tom")
    assert [folder.path for folder in found] == [f"{kind.root}/tom/{name}" for name in OF_PEOPLE]
    assert "tom" in [folder.owner for folder in await folders.owners(kind.root, 10, "")]
    await kind.delete("tom")
    with pytest.raises(NotFound):
        await folders.below(kind.root, "tom")
    assert "tom" not in [folder.owner for folder in await folders.owners(kind.root, 10, "")]
    assert await kind.forget() == ["tom"]
    with pytest.raises(NotFound):
        await folders.below(kind.root, "tom")


async def test_owners_come_by_pages(book: Book) -> None:
    for name in ("a", "b", "c"):
        await owners.USERS.create(name, name)
    first = await folders.owners("users", 2, "")
    rest = await folders.owners("users", 2, first[-1].owner)
    assert [folder.path for folder in (*first, *rest)] == ["users/a", "users/b", "users/c"]


async def test_what_is_not_declared_is_refused(book: Book) -> None:
    for root, name in (("nowhere", None), ("users", "secrets"), ("system", "videos")):
        with pytest.raises(NotFound):
            folders.known(root, name)
    with pytest.raises(NotFound):
        await folders.owners("nowhere", 10, "")
    with pytest.raises(NotFound):
        await folders.below("users", "nobody")


async def test_a_folder_that_is_declared_later_is_made_for_those_that_there_are(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await folders.make_missing()
    monkeypatch.setitem(layout.FOLDERS, "projects", (*layout.FOLDERS["projects"], "drafts"))  # type: ignore[arg-type]
    assert await folders.make_missing() == [f"projects/{PROJECT}/drafts"]

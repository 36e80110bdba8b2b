"""A client that sends a large file: in parts, as its browsers and scripts would, or as one body."""

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpx

from storage.layout import ORIGINALS
from storage.multiparts import Multiparts, Unfinished
from storage.objects import Stat
from tests.appliance import pictures
from tests.appliance.client import Project
from tests.appliance.storage import key_of
from tests.stack import Stack

LARGE = 33 << 20  # five parts, where less than 32 MiB is sent by a form


def large(size: int = LARGE, seed: int = 0) -> bytes:
    """A photo of `size` bytes, and another one for each seed: what follows its end is nobody's."""
    photo = pictures.jpeg(300, 200)
    return photo + seed.to_bytes(1) * (size - len(photo))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@cache
def multiparts_of(stack: Stack) -> Multiparts:
    """What storage has of uploads that have not ended."""
    return Multiparts(f"http://{stack.parts()['storage']['address']}", *key_of(stack))


class Sending:
    """One file of a project. Nothing is remembered here but the file's id: everything else is asked for."""

    def __init__(self, project: Project, data: bytes, filename: str = "large.jpg", **said: Any) -> None:
        self.project, self.data, self.api = project, data, project.api
        body = {"filename": filename, "project_id": project.id, "size": len(data), **said}
        answer = self.api.post("/files/", json=body)
        assert answer.status_code == 201, answer.text
        self.opened: dict[str, Any] = answer.json()
        self.id = str(self.opened["file_id"])

    def asked(self) -> dict[str, Any]:
        answer = self.api.get(f"/files/{self.id}/upload")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def piece(self, number: int) -> bytes:
        part_size = self.opened["upload"]["part_size"]
        return self.data[(number - 1) * part_size : number * part_size]

    def wanted(self, number: int, **changed: Any) -> dict[str, Any]:
        piece = self.piece(number)
        return {"part": number, "size": len(piece), "sha256": sha256(piece), **changed}

    def links(self, wanted: Iterable[dict[str, Any]]) -> httpx.Response:
        return self.api.post(f"/files/{self.id}/upload/parts", json={"parts": list(wanted)})

    def link(self, number: int) -> str:
        answer = self.links([self.wanted(number)])
        assert answer.status_code == 200, answer.text
        return str(answer.json()["parts"][0]["upload_link"])

    def send(self, *numbers: int) -> None:
        answer = self.links(map(self.wanted, numbers))
        assert answer.status_code == 200, answer.text
        for one in answer.json()["parts"]:
            sent = self.project.plain.put(one["upload_link"], content=self.piece(one["part"]))
            assert sent.status_code == 200, sent.text

    def rest(self) -> None:
        """Sends what is missing, and says that it is complete."""
        self.send(*self.asked()["missing"])
        assert self.post("complete").status_code == 200

    def put(self, content: Any, **headers: str) -> httpx.Response:
        return self.api.put(f"/files/{self.id}/content", content=content, headers=headers)

    def post(self, what: str) -> httpx.Response:
        return self.api.post(f"/files/{self.id}/{what}")

    def file(self) -> dict[str, Any]:
        told: dict[str, Any] = self.api.get(f"/files/{self.id}").json()
        return told

    def unfinished(self) -> list[Unfinished]:
        """What storage has of it that is no object."""
        return [one for one in multiparts_of(self.project.stack).unfinished(ORIGINALS) if self.id in one.key]

    def stored(self) -> list[Stat]:
        """Every object version of its project."""
        prefix = f"projects/{self.project.id}/"
        return list(multiparts_of(self.project.stack).list(ORIGINALS, prefix, versions=True))

    def slots(self) -> int:
        """How many uploads its project has open."""
        return int(self.api.get(f"/projects/{self.project.id}/usage").json()["slots"])

    def ended(self) -> dict[str, Any]:
        return self.project.ended(self.id)

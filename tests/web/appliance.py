"""The running appliance, as the tests of the page use it: its verbs and its API."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx

REPO = Path(__file__).parents[2]


async def verb(name: str, *arguments: str, data: Path) -> str:
    """What a verb of ops/ prints on standard output, without the newline. Fails if the verb does."""
    process = await asyncio.create_subprocess_exec(
        *(str(REPO / "ops" / name), *arguments, "--data", str(data)),
        stdout=asyncio.subprocess.PIPE,
        stderr=sys.stderr,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode().strip()


class Project:
    """One project by its API, with a token of its own: what another client does while the page looks on."""

    def __init__(self, url: str, project_id: str, token: str) -> None:
        self.id = project_id
        self._client = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    async def __aenter__(self) -> "Project":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def call(self, method: str, path: str, **arguments: Any) -> Any:
        response = await self._client.request(method, path, **arguments)
        response.raise_for_status()
        return response.json() if response.content else None

    async def slot(self, filename: str) -> dict[str, Any]:
        body = {"filename": filename, "project_id": self.id}
        made: dict[str, Any] = await self.call("POST", "/images/", json=body)
        return made

    async def upload(self, photo: Path) -> str:
        """Sends a photo as any client would; gives its image id."""
        slot = await self.slot(photo.name)
        content = await asyncio.to_thread(photo.read_bytes)
        async with httpx.AsyncClient(timeout=30) as client:
            sent = await client.post(slot["upload_link"], data=slot["params"], files={"file": content})
        sent.raise_for_status()
        return str(slot["image_id"])

    async def images(self) -> list[dict[str, Any]]:
        page = await self.call("GET", f"/projects/{self.id}/images", params={"limit": 200, "links": "full"})
        images: list[dict[str, Any]] = page["images"]
        return images

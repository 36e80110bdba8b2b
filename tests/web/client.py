"""What another client of the appliance does, over the API, while the page looks on."""

import asyncio
from pathlib import Path
from typing import Any

import httpx


class Project:
    """One project, by a server key or a token."""

    def __init__(self, url: str, project_id: str, credential: str) -> None:
        self.id = project_id
        self._client = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {credential}"}, timeout=30)

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
        made: dict[str, Any] = await self.call("POST", "/files/", json=body)
        return made

    async def upload(self, photo: Path) -> str:
        """Sends a photo as any client would; gives its id."""
        slot = await self.slot(photo.name)
        content = await asyncio.to_thread(photo.read_bytes)
        async with httpx.AsyncClient(timeout=30) as client:
            sent = await client.post(slot["upload_link"], data=slot["params"], files={"file": content})
        sent.raise_for_status()
        return str(slot["file_id"])

    async def files(self) -> list[dict[str, Any]]:
        page = await self.call("GET", f"/projects/{self.id}/files", params={"limit": 200, "links": "full"})
        files: list[dict[str, Any]] = page["files"]
        return files

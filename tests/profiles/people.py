"""People who have something uploaded for a profile, each with a token of their own."""

import hashlib
import json
from typing import Any

import httpx

from appliance.accounts.callers import Callers
from appliance.accounts.whose import Whose
from storage import layout
from tests.appliance.client import wait_for
from tests.chats.people import Person

PATH = "/profiles/uploads"


class Author(Person):
    """A user of the application: new for each test."""

    def link(self, role: str, filename: str = "a.jpg", **said: Any) -> dict[str, Any]:  # type: ignore[override]
        answer = self.api.post(PATH, json={"role": role, "filename": filename, **said})
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def upload(self, role: str, data: bytes, filename: str = "a.jpg") -> str:  # type: ignore[override]
        """The path of what is sent."""
        link = self.link(role, filename)
        assert self.fill(link, data).status_code == 201
        return str(link["path"])

    def fill(self, link: dict[str, Any], data: bytes) -> httpx.Response:
        """Sends the form of a link."""
        return httpx.post(link["upload_link"], data=link["params"], files={"file": ("any", data)}, timeout=60)

    def send_parts(self, link: dict[str, Any], data: bytes) -> None:
        """Sends the parts of a link, and has them put together."""
        file = f"/files/{link['file_id']}"
        wanted = {one["part"]: data[one["offset"] : one["offset"] + one["size"]] for one in link["upload"]["parts"]}
        asked = [{"part": n, "size": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in wanted.items()]
        links = self.api.post(f"{file}/upload/parts", json={"parts": asked}).json()["parts"]
        for one in links:
            assert httpx.put(one["upload_link"], content=wanted[one["part"]], timeout=60).status_code == 200
        assert self.api.post(f"{file}/complete", timeout=60).status_code == 200

    def by_wallet(self) -> None:
        """From now on with a token as who signs in by a wallet gets."""
        secret = json.loads((self.stack.data / "secrets.json").read_text())["token"]
        token, _ = Callers(secret).token(Whose(layout.USERS, self.id), 600, limited=True)
        self.api.headers["Authorization"] = f"Bearer {token}"

    def see(self, path: str) -> dict[str, Any]:
        answer = self.api.get(path)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def ended(self, path: str, seconds: float = 30) -> dict[str, Any]:
        """The upload once it is done or failed."""
        return wait_for(lambda: (seen := self.see(path))["state"] in ("done", "error") and seen, seconds)

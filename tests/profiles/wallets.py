"""People with wallets, who want to be seen; and who moderates them."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.appliance.client import wait_for
from tests.daemons.anvil import Anvil
from tests.stack import Stack

FORM = {"name": "Анна Ли", "url": "https://example.com/anna", "activity_hobbies": "Go, Tee", "hashtags": "#gaming #Чай"}
ON_ITS_WAY = ("draft", "awaiting_payment", "in_review", "processing")


class Wallet:
    """Somebody with an account on the chain, signed in by it."""

    def __init__(self, stack: Stack, chain: Anvil, account: str) -> None:
        self.stack, self.chain, self.account = stack, chain, account
        self.api = httpx.Client(base_url=stack.url, timeout=30)
        asked = self.api.post("/wallet/challenge", json={"address": account})
        assert asked.status_code in (200, 201), asked.text
        message = asked.json()["message"]
        let_in = self.api.post("/wallet/login", json={"message": message, "signature": chain.sign(account, message)})
        assert let_in.status_code in (200, 201), let_in.text
        self.id = str(let_in.json()["user_id"])
        self.api.headers["Authorization"] = f"Bearer {let_in.json()['token']}"

    def upload(self, role: str, data: bytes, filename: str) -> str:
        """The path of an upload whose preview is there."""
        link = self.api.post("/profiles/uploads", json={"role": role, "filename": filename, "size": len(data)})
        assert link.status_code == 201, link.text
        told = link.json()
        sent = httpx.post(told["upload_link"], data=told["params"], files={"file": ("any", data)}, timeout=60)
        assert sent.status_code == 201, sent.text
        path = str(told["path"])
        wait_for(lambda: self.api.get(path).json()["state"] in ("done", "error"), 60)
        assert self.api.get(path).json()["state"] == "done", self.api.get(path).text
        return path

    def send_in(self, paths: Mapping[str, str], profile: str | None = None, **form: Any) -> httpx.Response:
        body = {
            "profile_data": {**FORM, **form},
            **{f"{role}_data": {f"{role}_path": path} for role, path in paths.items()},
        }
        return self.api.put(f"/profiles/{profile}", json=body) if profile else self.api.post("/profiles/", json=body)

    def sent_in(self, paths: Mapping[str, str], profile: str | None = None, **form: Any) -> dict[str, Any]:
        """The view of one that is taken."""
        answer = self.send_in(paths, profile, **form)
        assert answer.status_code in (200, 201), answer.text
        told: dict[str, Any] = answer.json()
        return told

    def mine(self) -> dict[str, Any]:
        answer = self.api.get("/profiles/mine")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def edition(self) -> dict[str, Any]:
        """The newest that this one sent in."""
        edition: dict[str, Any] = self.mine()["edition"]
        return edition

    def state(self) -> str:
        return str(self.edition()["state"])

    def wait(self, state: str, seconds: float = 60) -> None:
        wait_for(lambda: self.state() == state, seconds)

    def wait_for_gone(self, link: str) -> None:
        """Until what a link of ours leads to is no more."""
        wait_for(lambda: httpx.get(link).status_code == 404, 60)

    def pay(self) -> str:
        """Pays what is asked for, and tells the hash."""
        mine = self.mine()
        asked = mine["edition"]["payment"]
        paid = self.chain.pay(self.account, asked["recipient"], int(asked["amount"]))
        told = self.api.post(f"/profiles/{mine['profile_id']}/payment", json={"tx_hash": paid})
        assert told.status_code in (200, 201), told.text
        return paid


class Moderator:
    """Who decides, by a server's key."""

    def __init__(self, stack: Stack) -> None:
        self.api = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=30)

    def waiting(self) -> list[dict[str, Any]]:
        answer = self.api.get("/moderation/queue")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["waiting"]
        return found

    def act(self, edition: str, what: str, **body: Any) -> httpx.Response:
        return self.api.post(f"/moderation/editions/{edition}/{what}", **({"json": body} if body else {}))

    def approve(self, edition: str) -> None:
        for what in ("claim", "approve"):
            answer = self.act(edition, what)
            assert answer.status_code == 200, answer.text

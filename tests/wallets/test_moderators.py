"""A moderator's login: let in by name, good for what is for moderators alone, and for no files of anybody."""

import os
import subprocess
import sys
from uuid import uuid4

import httpx
import pytest

from appliance.accounts.callers import MODERATORS, Caller, Callers
from appliance.accounts.whose import Whose
from appliance.errors import NotAllowed, NotFound
from tests.stack import CHECKOUT, Stack

SECRET = "a-secret-of-tests-that-is-long-enough"


def code(stack: Stack, name: str) -> str:
    """Made as a verb of the operator makes it."""
    ask = (
        "from pathlib import Path; from ops.commands import serving; from ops.folder import DataFolder\n"
        "from appliance.accounts import service\n"
        f"print(serving.ask(DataFolder(Path({str(stack.data)!r})), lambda: service.create_moderator_code({name!r})))"
    )
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    made = subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_a_moderators_login_is_good_once_and_for_nobodys_files(stack: Stack) -> None:
    login = code(stack, "rita")
    answer = httpx.post(f"{stack.url}/login", json={"code": login})
    assert answer.status_code == 201, answer.text
    assert httpx.post(f"{stack.url}/login", json={"code": login}).status_code == 401
    api = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {answer.json()['token']}"})
    for path in ("/projects/", "/users/", "/settings", "/cluster", "/chats/", f"/files/{uuid4()}", "/notifications"):
        assert api.get(path).status_code == 403, path
    assert api.post("/tickets").status_code == 403
    assert api.post("/tickets", json={"user_id": "rita"}).status_code == 403


@pytest.mark.pure
async def test_who_may_moderate_and_by_which_name() -> None:
    callers = Callers(SECRET)

    async def known(owner: Whose | None, limited: bool = False) -> Caller:
        return await callers.recognise(f"Bearer {callers.token(owner, 60, limited=limited)[0]}")

    rita, operator = await known(Whose(MODERATORS, "rita")), await known(None)
    assert (rita.moderator, operator.moderator, Caller("key", server=True).moderator) == ("rita", "operator", "key key")
    for one in (rita, operator, Caller("key", server=True)):
        one.must_be_moderator()
    for other in (await known(Whose("users", "rita"), limited=True), await known(Whose("projects", "moderators"))):
        assert other.moderator is None
        with pytest.raises(NotAllowed):
            other.must_be_moderator()
    with pytest.raises(NotFound):
        rita.may_see(Whose("users", "rita"), "file")
    with pytest.raises(NotAllowed):
        rita.must_be_server()
    assert rita.person is None
    assert not rita.limited

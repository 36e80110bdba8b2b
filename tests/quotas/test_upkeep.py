"""Usage and abandoned uploads of a running appliance: verified, mended, cleaned away and told."""

import json

import pytest

from tests.appliance.client import Project, wait_for
from tests.appliance.storage import objects_of
from tests.faults.behind import behind
from tests.quotas.conftest import FORM_SECONDS, Connect, ask

_AGE = "UPDATE ledger.assets SET changed_at = changed_at - interval '49 hours' WHERE id = $1 RETURNING id"
_FORGET = "DELETE FROM ledger.cleanings"
_MISCOUNT = "UPDATE ledger.usage SET slots = slots + 7 WHERE scope = 'project' AND id = $1 RETURNING slots"


@pytest.mark.long
def test_verify_finds_miscounted_usage_and_counts_it_anew(project: Project, connect: Connect) -> None:
    ask(connect(project), project)
    assert behind(project.stack).sql(_MISCOUNT, project.id)[0]["slots"] == 8
    found = project.stack.verb("verify", "--json")
    assert (found.returncode, json.loads(found.stdout)["miscounted"]) == (1, 1), found.stdout + found.stderr
    assert project.stack.verb("verify", "--repair").returncode == 1
    said = project.stack.verb("verify")
    assert (said.returncode, "whose usage is miscounted 1" in said.stdout) == (1, True)
    assert project.stack.verb("verify", "--repair", "--yes").returncode == 0
    assert project.stack.verb("verify").returncode == 0


@pytest.mark.long
def test_an_upload_that_never_came_is_removed_told_and_said_in_the_log(project: Project, connect: Connect) -> None:
    stack, client = project.stack, connect(project)
    image = ask(client, project).json()["image_id"]
    wait_for(lambda: project.image(image)["state"] == "error", FORM_SECONDS + 20)
    assert behind(stack).sql(_AGE, image)
    behind(stack).sql(_FORGET)
    wait_for(lambda: client.get(f"/images/{image}").status_code == 404, 40)
    log = (stack.data / "logs" / "intake.log").read_text()
    assert [line for line in log.splitlines() if "abandoned upload removed" in line and image in line]
    assert wait_for(lambda: [e for e in project.events() if e["type"] == "deleted" and e["image_id"] == image], 10)
    prefix = f"projects/{project.id}/"
    wait_for(lambda: not list(objects_of(stack).list("originals", prefix, versions=True)), 20)
    assert stack.verb("verify").returncode == 0

"""The three keys of the appliance on the storage server, and those that were its keys before."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from minio import MinioAdmin

from storage import policies


class Key(NamedTuple):
    """An access key and its secret."""

    access: str
    secret: str


ROLES = {"uploader": policies.UPLOADER, "reader": policies.READER, "worker": policies.WORKER}
PUBLIC = ("uploader", "reader")
"""Their signatures are in links and forms that are out; the worker's never leaves the host."""

_RETIRED = re.compile(r".+-until-(\d{8}T\d{6}Z)")
_STAMP = "%Y%m%dT%H%M%SZ"


def ensure(
    admin: MinioAdmin,
    keys: Mapping[str, Key],
    replaced: Collection[str],
    overlap: timedelta,
    now: datetime | None = None,
) -> None:
    """Makes `keys`, by role, users of the server with what each may do; sees to `replaced`, access keys of before.

    Those begin with their role and a hyphen. The public ones stay good for `overlap` from the first time that this
    finds them replaced: after it the server itself refuses them, whether this runs again or not, and the next run
    removes them.
    """
    now = now or datetime.now(UTC)
    for role, key in keys.items():
        admin.policy_add(policy_name=role, policy=ROLES[role])
        admin.user_add(access_key=key.access, secret_key=key.secret)
        admin.policy_set(policy_name=role, user=key.access)
    users = json.loads(admin.user_list())
    for access in replaced:
        if access in users:
            _retire(admin, access, users[access].get("policyName", ""), now, overlap)


def _retire(admin: MinioAdmin, access: str, policy: str, now: datetime, overlap: timedelta) -> None:
    role, known = access.partition("-")[0], _RETIRED.fullmatch(policy)
    if known and datetime.strptime(known[1], _STAMP).replace(tzinfo=UTC) > now:
        return
    if known or role not in PUBLIC:
        admin.user_remove(access)
        if known:
            admin.policy_remove(policy)
        return
    end = now + overlap
    name = f"{access}-until-{end.strftime(_STAMP)}"
    admin.policy_add(policy_name=name, policy=policies.until(ROLES[role], end))
    admin.policy_set(policy_name=name, user=access)

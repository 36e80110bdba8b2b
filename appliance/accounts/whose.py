"""Whose something is."""

from typing import Any, NamedTuple

import msgspec
from litestar.connection import ASGIConnection

from appliance.errors import BadRequest
from storage import layout


class Whose(NamedTuple):
    """Whom something belongs to: `root` is one of layout.ROOTS, `id` that of the owner below it."""

    root: str
    id: str

    @property
    def noun(self) -> str:
        """What the owner is called in the API: project, user."""
        return self.root.removesuffix("s")

    def told(self) -> dict[str, str]:
        """As the API tells it: {"project_id": …} or {"user_id": …}."""
        return {f"{self.noun}_id": self.id}


def whose(connection: ASGIConnection[Any, Any, Any, Any], owner_id: str) -> Whose:
    """The owner that a path below a root names."""
    return Whose(connection.scope["path"].split("/")[1], owner_id)


class Named(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A request's body that names whom it is about: a project or a user."""

    project_id: int | str | None = None
    user_id: int | str | None = None

    def whose(self) -> Whose | None:
        """None where it names nobody. Raises BadRequest where it names two."""
        if self.project_id is not None and self.user_id is not None:
            raise BadRequest("It can't be a project's and a user's", user_id="either this or project_id")
        if self.project_id is not None:
            return Whose(layout.PROJECTS, str(self.project_id))
        return None if self.user_id is None else Whose(layout.USERS, str(self.user_id))

    def must_name(self) -> Whose:
        """Raises BadRequest also where it names nobody."""
        if (named := self.whose()) is None:
            raise BadRequest("Say whose it is", project_id="this, or user_id, is needed")
        return named

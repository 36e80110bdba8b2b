"""What a file is for a profile, and what it must be."""

from dataclasses import dataclass
from pathlib import PurePath

from appliance.config import Config
from appliance.errors import NotTaken
from appliance.files.service import DRAFT, PHOTO
from processors import profiles
from processors.profile import Profile

SETS = 5
"""Of all that a profile may have, so many a user may have in storage: what is seen, what is on its way, what is
uploaded for the next, and what goes after a while.
"""


@dataclass(frozen=True)
class Role:
    """profile, recipe: what is made of it. required: no profile is without."""

    name: str
    profile: Profile
    recipe: str
    required: bool = False

    @property
    def field(self) -> str:
        """Where a profile that is sent in names it."""
        return f"{self.name}_data.{self.name}_path"

    def most_bytes(self, config: Config) -> int:
        return config.profile_video_bytes if self.profile == profiles.VIDEO else config.profile_image_bytes

    def filename(self, hint: str) -> str:
        """What a file goes by whose client calls it `hint`: of that nothing is kept, so that nobody can be told it.

        Raises NotTaken for the name of another kind. One that says nothing is taken: the content decides.
        """
        named = profiles.suggested(hint)
        if named not in (None, self.profile):
            raise NotTaken(filename=f"for this role: {', '.join(self.profile.extensions)}")
        return self.name + (PurePath(hint).suffix.lower() if named else "")


ROLES = {
    role.name: role
    for role in (
        Role("image", profiles.IMAGE, PHOTO, required=True),
        Role("logo", profiles.IMAGE, PHOTO),
        Role("video", profiles.VIDEO, DRAFT),
    )
}


def most_bytes(config: Config) -> int:
    """Of all that one user has uploaded for a profile."""
    return SETS * sum(role.most_bytes(config) for role in ROLES.values())

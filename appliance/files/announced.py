"""What a client says of a file before it sends it."""

import re

from appliance.config import Config
from appliance.errors import BadRequest
from processors.profiles import IMAGE, Profile


def sha256(text: str, field: str) -> str:
    """A SHA-256 as we write it: 64 hex digits, small letters. Raises BadRequest."""
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        raise BadRequest("This is no SHA-256", **{field: "64 hex digits"})
    return text.lower()


def most_bytes(profile: Profile, config: Config) -> int:
    """The largest file of a profile that is taken, however it is sent."""
    most = config.max_image_bytes if profile == IMAGE else config.max_file_bytes
    return min(profile.most_bytes, most)


def most_in_form(profile: Profile, config: Config) -> int:
    """The largest that is taken by a form: the edge lets no larger one through."""
    return min(most_bytes(profile, config), config.max_image_bytes)

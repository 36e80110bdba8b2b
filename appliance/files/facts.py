"""What is kept of an original in the ledger."""

from typing import Any

from processors import profiles
from processors.results import Facts

NAMES = ("format", "content_type", "width", "height", "frames", "pages", "text_pages", "previews")


def told(facts: Facts) -> dict[str, Any]:
    """Its kind is by its content, whatever its name made of it. What was not drawn has no sides."""
    sides = () if facts.width else ("width", "height")
    found = {name: value for name in NAMES if name not in sides and (value := getattr(facts, name)) is not None}
    return {"kind": profiles.of_content(facts.content_type).name, **found}

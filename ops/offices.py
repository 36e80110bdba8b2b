"""Whether documents get previews on this machine, and what to do where they don't."""

from typing import Any

from processors.office import libreoffice


def state() -> dict[str, Any]:
    """`program`: what converts documents here, None where nothing does; `missing`: what to do then."""
    found = libreoffice.find()
    return {"program": found.program if found else None, "missing": libreoffice.missing()}


def told(documents: dict[str, Any]) -> str:
    """A line for people."""
    if documents["program"]:
        return f"documents: previews by {documents['program']}"
    return f"documents: previews unavailable: {documents['missing']}"

"""What is made of a document or a spreadsheet: PDF, the first page as pictures, first rows of tables, text."""

from typing import Any, BinaryIO

from appliance.config import Config
from appliance.files.facts import told
from appliance.files.work import Work
from processors.office.develop import develop
from processors.recipes import PHOTO
from processors.sandbox.sandbox import Sandbox

MADE = 60.0  # of a hundred percent: once all is made, and before it is stored


async def make(work: Work, source: BinaryIO, sandbox: Sandbox, config: Config) -> tuple[dict[str, Any], str]:
    """What is known of the document, and the hash of what it was made by. Raises Refused, LeaseLost."""
    work.tell("convert", 10.0)
    developed = await develop(source.fileno(), sandbox, work.claim.filename, draw_seconds=config.develop_seconds)
    work.tell("store", MADE)
    for version in sorted(developed.versions, key=lambda version: len(version.data)):
        row = await work.store_version(version)
        if version.name == "thumb":
            await work.show([row], PHOTO.hash)
    return told(developed.source), PHOTO.hash

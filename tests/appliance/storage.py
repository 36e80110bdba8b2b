"""Looking into storage from behind, with the appliance's own keys."""

import json

from storage.objects import Objects
from tests.stack import Stack


def objects_of(stack: Stack, key: str = "worker") -> Objects:
    """The objects of a running appliance, as the holder of one of its keys sees them."""
    access, _, secret = json.loads((stack.data / "secrets.json").read_text())[key].partition(":")
    return Objects(f"http://{stack.parts()['storage']['address']}", access, secret)

"""Looking into storage from behind, with the appliance's own keys."""

import json

from storage.objects import Objects
from tests.stack import Stack


def key_of(stack: Stack, key: str = "worker") -> tuple[str, str]:
    """One of the appliance's storage keys, with its secret."""
    access, _, secret = json.loads((stack.data / "secrets.json").read_text())[key].partition(":")
    return access, secret


def objects_of(stack: Stack, key: str = "worker") -> Objects:
    """The objects of a running appliance, as the holder of one of its keys sees them."""
    return Objects(f"http://{stack.parts()['storage']['address']}", *key_of(stack, key))

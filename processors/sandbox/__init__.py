"""Developing untrusted files in a long-lived child process that can reach nothing."""

from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.sandbox import Sandbox

__all__ = ["Sandbox", "SandboxDied", "SandboxTimeout"]

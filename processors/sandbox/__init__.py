"""Developing untrusted files in a long-lived child process that can reach nothing."""

from processors.sandbox.errors import SandboxDied, SandboxTimeout, SandboxWeak
from processors.sandbox.layers import Protection
from processors.sandbox.sandbox import Sandbox

__all__ = ["Protection", "Sandbox", "SandboxDied", "SandboxTimeout", "SandboxWeak"]

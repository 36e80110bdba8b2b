"""What goes wrong with the sandbox itself; what a file is guilty of is `processors.refusals.Refused`."""


class SandboxError(Exception):
    """The child gave no answer. It has been replaced; the file may be tried again."""


class SandboxDied(SandboxError):
    """The child ended in the middle of the work, or could not be started."""


class SandboxTimeout(SandboxError):
    """The child took longer than it was given, and was killed."""


class SandboxWeak(SandboxError):
    """Too few layers hold on this machine, and nobody has said that this is good enough."""

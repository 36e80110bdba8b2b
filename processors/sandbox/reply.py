"""The parent's look at what a child says it has made: whether it is what it was asked for."""

from processors.plugin import installed
from processors.processor import Processor
from processors.profile import Profile
from processors.recipes import Format, VersionSpec
from processors.refusals import OtherReader, Refused
from processors.results import Developed, Facts, Version, text_version
from processors.sandbox import messages
from processors.sandbox.errors import SandboxDied
from processors.sandbox.outbox import Outbox

DOCUMENT = "application/pdf"


def checked(reply: messages.Reply, outbox: Outbox, job: messages.Job) -> Developed:
    """The child's reply to `job`. Raises Refused, OtherReader, or SandboxDied for what is not an answer to it."""
    match reply:
        case messages.Sniffed(content_type) if job.processor is None:
            raise OtherReader(content_type)
        case messages.Done() if not job.sniff:
            if job.processor is None and (plugin := _plugin(reply.source.content_type)):
                return Developed(_seen(reply), _of_plugin(reply, outbox, plugin))
            return Developed(_facts(reply, job), _versions(reply, outbox, job))
    raise _unanswered(reply)


def sniffed(reply: messages.Reply) -> str:
    """The content type that the child told. Raises Refused or SandboxDied."""
    if isinstance(reply, messages.Sniffed):
        return reply.content_type
    raise _unanswered(reply)


def _unanswered(reply: messages.Reply) -> Exception:
    match reply:
        case messages.Refusal(code, message, untouched):
            return Refused(code, message, untouched)
        case messages.Failure(text):
            return SandboxDied(f"the child failed: {text}")
    return SandboxDied("the child answered out of turn")


def _facts(done: messages.Done, job: messages.Job) -> Facts:
    source = done.source
    document = source.content_type == DOCUMENT
    if job.processor is not None and (job.processor is Processor.PDF) != document:
        raise SandboxDied("the child read something else than it was asked for")
    if document:
        if source.pages is None or source.text_pages is None or source.text_pages > source.pages:
            raise SandboxDied("the child says nothing sensible of the pages")
        if (job.page or 1) > source.pages:
            raise SandboxDied("the child shows a page that there isn't")
    elif not (source.pages is source.text_pages is done.text is None):
        raise SandboxDied("the child found pages or text in a picture")
    elif not source.content_type.startswith("image/"):
        raise SandboxDied("the child read something that it does not read")
    return _seen(done)


def _seen(done: messages.Done) -> Facts:
    source = done.source
    picture = (source.format, source.content_type, source.width, source.height, source.frames)
    return Facts(*picture, source.pages, source.text_pages)


def _plugin(content_type: str) -> Profile | None:
    """The profile of a plug-in that files of this type are of."""
    profiles = (plugin.profile for plugin in installed().values())
    return next((profile for profile in profiles if content_type in profile.content_types), None)


def _of_plugin(done: messages.Done, outbox: Outbox, profile: Profile) -> list[Version]:
    if not {head.name for head in done.versions} <= set(profile.versions):
        raise SandboxDied("the plug-in made other versions than its profile names")
    return _taken(done, outbox)


def _versions(done: messages.Done, outbox: Outbox, job: messages.Job) -> list[Version]:
    heads = done.versions
    if [head.name for head in heads] != [spec.name for spec in job.recipe.versions]:
        raise SandboxDied("the child made other versions than it was asked for")
    if any(head.content_type not in _formats(spec) for head, spec in zip(heads, job.recipe.versions, strict=True)):
        raise SandboxDied("the child made versions of another format than it was asked for")
    return _taken(done, outbox)


def _taken(done: messages.Done, outbox: Outbox) -> list[Version]:
    heads, text = done.versions, done.text
    try:
        parts = outbox.take([head.length for head in heads] + ([text.length] if text else []))
        versions = [
            Version(head.name, head.width, head.height, head.content_type, head.extension, head.sha256, part)
            for head, part in zip(heads, parts, strict=False)
        ]
        if text:
            parts[-1].decode()
            versions.append(text_version(parts[-1], text.sha256))
    except ValueError as error:
        raise SandboxDied(f"the child talks nonsense: {error}") from error
    return versions


def _formats(spec: VersionSpec) -> set[str]:
    return {format.content_type for format in ((spec.format,) if spec.format else (Format.JPEG, Format.WEBP))}

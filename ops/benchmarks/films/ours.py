"""The steps of a library, as its worker takes them, with as many files under way; the ledger alone is left out."""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from appliance.ledger.service import Claim
from appliance.library.deciding import decide, unopened
from appliance.library.finding import find
from appliance.library.folders import FolderKeeping
from appliance.library.jobs import Job
from appliance.library.making import Kept, Making, NotNow
from appliance.library.outcomes import Found, Looked, Skip, Transcode, Unreadable
from appliance.library.probing import look
from appliance.library.workflow import Limits, Replacement, Source, Target, Workflow
from ops.benchmarks.films.steps import Steps
from processors.refusals import Refused
from processors.sandbox.errors import SandboxError
from processors.sandbox.layers import Protection
from processors.video.codec import Codec

DECIDED = 0.2  # seconds for which it is decided again and again


@dataclass(frozen=True)
class Run:
    """wall: seconds of all steps. outcomes: by the name of each file what came of it, for people. looked: what files
    say of themselves.
    """

    wall: float
    steps: Steps
    outcomes: dict[str, str]
    looked: list[Looked]


def workflow(folder: Path, codec: Codec, threads: int, at_once: int) -> Workflow:
    """One that may replace all that is in `folder`, at once, and steps back behind nobody. threads: of all files that
    are under way together, `at_once`.
    """
    return Workflow(
        name="bench",
        source=Source(folder=str(folder), settled="0s"),
        target=Target(codec=codec),
        replace=Replacement(allowed=True),
        limits=Limits(at_once=threads, cores=max(1, threads // at_once), nice=0, least_free="1M"),
    )


async def run(flow: Workflow, at_once: int, protection: Protection) -> Run:
    """All of them with the files of a folder, `at_once` of which are made anew at the same time.

    Raises OSError where it can't be read.
    """
    steps, outcomes = Steps(), dict[str, str]()
    began = time.perf_counter()
    found = [one for one in find(flow.source) if isinstance(one, Found)]
    looked = await _probed(found, flow, protection, steps)
    wanted = list[tuple[Transcode, Found, Looked]]()
    for one, seen in zip(found, looked, strict=True):
        outcome = decide(seen, flow) if isinstance(seen, Looked) else seen
        if isinstance(outcome, Transcode) and isinstance(seen, Looked):
            wanted.append((outcome, one, seen))
        else:
            outcomes[os.path.basename(one.path)] = f"left: {outcome.reason}"
    ahead = iter(sorted(wanted, key=lambda each: -each[0].saving_per_cpu_hour))

    async def place() -> None:
        for _, one, seen in ahead:
            seconds = seen.facts.seconds or 0.0
            outcomes[os.path.basename(one.path)] = await _made(_job(one, flow), protection, steps, seconds)

    await asyncio.gather(*(place() for _ in range(at_once)))
    wall = time.perf_counter() - began
    return Run(wall, steps, outcomes, [one for one in looked if isinstance(one, Looked)])


async def _probed(
    files: Sequence[Found], flow: Workflow, protection: Protection, steps: Steps
) -> list[Looked | Skip | Unreadable]:
    """What each says of itself, or why nothing is asked of it."""
    slots = asyncio.Semaphore(flow.limits.at_once)

    async def one(found: Found) -> Looked | Skip | Unreadable:
        skip = unopened(found, flow.source, flow.rules, time.time())
        if skip is not None:
            return skip
        async with slots:
            return await look(found, protection)

    with steps.timed("probed", len(files)):
        return await asyncio.gather(*map(one, files))


async def _made(job: Job, protection: Protection, steps: Steps, seconds: float) -> str:
    """What came of it, for people."""
    with ExitStack() as stack:
        making = Making(job, FolderKeeping(job.workflow), protection, lambda far: None, stack)
        try:
            with steps.timed("read again"):
                opened, looked = await making.look()
            order = await making.order(looked)
            scratch = await making.room(looked.facts.size)
            with steps.timed("encoded", 1, seconds):
                await making.make(opened, looked, order, scratch)
            with steps.timed("verified", 1, seconds):
                verdict = await making.verify(opened, looked, order, scratch)
            with steps.timed("replaced"):
                await making.replace(opened, order, scratch)
        except Kept as kept:
            return f"kept: {kept.why}: {kept.reason}"
        except (Refused, SandboxError, NotNow) as error:
            return f"kept: {error}"
    return f"replaced, VMAF {verdict.vmaf:.1f}"


def deciding(looked: Sequence[Looked], flow: Workflow, steps: Steps) -> None:
    """Decides about all that was looked at, again and again for a while."""
    until = time.perf_counter() + DECIDED
    while looked and time.perf_counter() < until:
        with steps.timed("decided", len(looked)):
            for one in looked:
                decide(one, flow)


def _job(found: Found, flow: Workflow) -> Job:
    path = os.path.relpath(os.fsencode(found.path), os.fsencode(flow.source.folder))
    return Job(_claim(uuid4(), found), 0, flow, path, found.size, found.version, {})


def _claim(asset: UUID, found: Found) -> Claim:
    """As the ledger would give it: of a file that is in no bucket."""
    blank = dict.fromkeys(("root", "owner", "folder", "kind", "recipe", "bucket", "key", "version_id", "etag"), "")
    return Claim(
        id=asset, filename=os.path.basename(found.path), attempts=1, lease=uuid4(), size=found.size, sha256=None,
        home=0, announced_size=None, announced_sha256=None, waited=0.0, **blank,
    )  # fmt: skip

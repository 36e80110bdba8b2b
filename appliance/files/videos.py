"""What is made of a video: poster, screenshots and storyboard first, then a preview, then the video itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import msgspec

from appliance.config import Config
from appliance.files.work import Row, Work
from processors.processor import Processor
from processors.recipes import PHOTO, Recipe
from processors.sandbox.sandbox import Sandbox
from processors.video.codec import Codec
from processors.video.facts import VideoFacts
from processors.video.files import File
from processors.video.make import Made, make
from processors.video.orders import Show
from processors.video.progress import Progress
from processors.video.settings import Settings

POSTER = "poster.jpg"
OF_THE_POSTER = Recipe("poster", PHOTO.versions[-2:], PHOTO.quality)
"""So that a list of files shows a video as it shows a photo."""
FETCHED, LAST = 5.0, 99.0  # of a hundred percent: before anything is made, and before the last results are stored


DRAFT_LINES, DRAFT_BIT_RATE = 360, 400_000


class Videos:
    """Makes all that the settings of an appliance ask for. draft: or no more than is needed to judge the video by."""

    def __init__(self, sandbox: Sandbox, config: Config, draft: bool = False) -> None:
        self._sandbox = sandbox
        self._config = config
        self._settings = drafted(config) if draft else settings(config)

    async def make(self, work: Work, source: BinaryIO) -> tuple[dict[str, Any], str]:
        """What is known of the video behind `source`, and the hash of the settings. Raises Refused, LeaseLost."""
        assert self._sandbox.protection is not None
        recipe = self._settings.hash

        async def ready(files: Sequence[File]) -> None:
            await work.show([row for file in files for row in await self._stored(work, file)], recipe)

        def tell(progress: Progress) -> None:
            work.tell(progress.step, FETCHED + (LAST - FETCHED) * progress.percent / 100, progress.left)

        made = await make(source.fileno(), work.folder, self._settings, self._sandbox.protection, tell, ready)
        work.tell("store", LAST)
        for file in made.files:
            if file.name.rpartition(".")[0] not in work.stored:
                await self._stored(work, file)
        return _facts(made), recipe

    async def _stored(self, work: Work, file: File) -> list[Row]:
        rows = []
        if file.name == POSTER:
            poster = (work.folder / file.name).read_bytes()
            made = await self._sandbox.develop(poster, self._config.develop_seconds, OF_THE_POSTER, Processor.IMAGE)
            rows = [await work.store_version(version) for version in made.versions]
        return [*rows, await work.store(file.name, file.content_type, file.width, file.height)]


def settings(config: Config) -> Settings:
    """What an operator has decided about videos."""
    return Settings(
        codec=config.video_codec,
        threads=config.video_threads,
        show=Show(shots=config.video_screenshots, preview=config.video_preview_seconds),
        ladder=config.video_ladder,
        seconds=config.media_seconds,
    )


def drafted(config: Config) -> Settings:
    """The same of a draft: its pictures are those of the whole, its video is small and has no ladder."""
    small = ((DRAFT_LINES, DRAFT_BIT_RATE),)
    longest = config.profile_video_seconds
    return replace(settings(config), max_lines=DRAFT_LINES, bit_rates=small, ladder=(), longest=longest)


def results(config: Config) -> int:
    """Of how many files that are as large as the original at most there has to be room beside it: the video, in an MP4
    also what its index is put before, and each rung.
    """
    return (1 if config.video_codec in (Codec.VP9, Codec.AV1) else 2) + len(config.video_ladder)


def _facts(made: Made) -> dict[str, Any]:
    """Of the original, with what became of it; `before` and `after` say how much room each takes."""
    before = made.before
    shown = {"width": before.shown_width, "height": before.shown_height}
    told = {
        "format": before.container,
        **shown,
        "seconds": before.seconds,
        "before": _measures(before),
        "after": _measures(made.after),
        "decided": list(made.plan.reasons),
    }
    return {name: value for name, value in told.items() if value is not None}


def _measures(facts: VideoFacts) -> dict[str, Any]:
    names = ("size", "codec", "bit_rate", "fps", "rotation", "transfer")
    kept = {name: getattr(facts, name) for name in names}
    return kept | {"sound": msgspec.to_builtins(facts.sound)}

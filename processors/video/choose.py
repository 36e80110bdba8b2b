"""Choosing a plan that can be carried out in the time that a video may take: pure, with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from processors.video.decide import Plan, decide
from processors.video.effort import effort
from processors.video.facts import VideoFacts
from processors.video.hls import Rung, rungs
from processors.video.settings import Settings

# Lines that a video is made smaller to, one after the other, where it would take too long; fewer are of use to nobody.
FEWER = (1080, 720, 540, 360)
# Of the time, for the video and its ladder: fetching, pictures and storing take the rest.
SHARE = 0.9


@dataclass(frozen=True)
class Choice:
    """The plan, and the rungs of its ladder."""

    plan: Plan
    ladder: tuple[Rung, ...]

    def efforts(self, facts: VideoFacts) -> list[float]:
        """Seconds that each is thought to take, the video first."""
        return [effort(facts, plan) for plan in (self.plan, *(rung.plan for rung in self.ladder))]


def choose(facts: VideoFacts, settings: Settings) -> Choice:
    """As decided, or with fewer lines, ladder and all. Its plan does not fit where even the least takes too long."""
    whole = choice = _choice(facts, settings)
    for choice in (whole, *_lesser(facts, settings, whole)):
        if sum(choice.efforts(facts)) <= settings.seconds * SHARE:
            return choice if choice is whole else _because(choice, whole, settings)
    return replace(choice, plan=replace(choice.plan, fits=False))


def _choice(facts: VideoFacts, settings: Settings) -> Choice:
    plan = decide(facts, settings)
    return Choice(plan, tuple(rungs(facts, plan, settings.ladder)) if settings.ladder else ())


def _lesser(facts: VideoFacts, settings: Settings, whole: Choice) -> Iterator[Choice]:
    """What takes less time, one after the other: fewer lines (of the ladder alone where the video is only copied), and
    at last no ladder.
    """
    least = whole
    for lines in FEWER:
        if whole.plan.copy:
            least = replace(
                whole, ladder=tuple(rung for rung in whole.ladder if min(rung.plan.width, rung.plan.height) <= lines)
            )
        elif lines < min(whole.plan.width, whole.plan.height):
            least = _choice(facts, replace(settings, max_lines=lines))
        yield least
    yield replace(least, ladder=())


def _because(choice: Choice, whole: Choice, settings: Settings) -> Choice:
    smaller = choice.plan.height < whole.plan.height
    what = "larger, it" if smaller else "a ladder of more rungs"
    reason = f"{what} would take more than the {hours(settings.seconds)} that a video may take"
    return replace(choice, plan=replace(choice.plan, reasons=(*choice.plan.reasons, reason)))


def hours(seconds: float) -> str:
    """So many, for people."""
    return f"{seconds / 3600:g} hours" if seconds >= 3600 else f"{seconds / 60:.3g} minutes"

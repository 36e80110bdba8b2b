"""Deciding what becomes of a file: pure functions of what is known of it and the workflow, each with its reason."""

import math
from collections.abc import Callable
from dataclasses import replace

from msgspec import structs

from appliance.library.deciders import asked
from appliance.library.estimates import estimate
from appliance.library.outcomes import Found, Looked, Skip, Transcode, Why
from appliance.library.plugins import cut
from appliance.library.quantities import bits
from appliance.library.workflow import Rules, Source, Target, Workflow
from appliance.settings import casts
from processors.brought import BadPlugin
from processors.calls import Stuck
from processors.named import BadSettings, NoSuchPlugin
from processors.video.decide import LEAST_BIT_RATE, NAMES
from processors.video.facts import VideoFacts
from processors.video.keeping.effort import too_long
from processors.video.keeping.order import Order, Refusal
from processors.video.keeping.ordering import ordered
from processors.video.keeping.plugin import Misspoken, dictated

# People write h265, ffmpeg says hevc.
_SAME = {codec.value: name for codec, name in NAMES.items()}


def unopened(found: Found, source: Source, rules: Rules, now: float) -> Skip | None:
    """Why a file is left as it is without being opened; None where it has to be. now: seconds since 1970."""
    age = now - found.mtime_ns / 1e9
    if found.size == 0:
        return Skip(Why.EMPTY, "it has no bytes")
    if age < 0:
        return Skip(Why.UNSETTLED, "it was written to in the future, by its time")
    if age < casts.seconds(source.settled):
        return Skip(Why.UNSETTLED, f"it was written to less than {source.settled} ago")
    if age < casts.seconds(rules.least_age):
        return Skip(Why.AGE, f"it is younger than {rules.least_age}")
    if found.size < casts.size(rules.least_size):
        return Skip(Why.SIZE, f"it is smaller than {rules.least_size}")
    if found.links > 1:
        return Skip(Why.HARD_LINKS, f"it has {found.links} names: its bytes stay as long as one of them is left")
    return None


def decide(looked: Looked, workflow: Workflow, within: float = math.inf) -> Transcode | Skip:
    """What becomes of a video: the first rule that is not true of it keeps it as it is; so does what would get lost.

    within: seconds by the clock, after which the work on it is ended: days of it would come to nothing. Plug-ins
    are waited for, so not in an event loop.
    """
    facts, rules = looked.facts, workflow.rules
    for rule in _RULES:
        if (skip := rule(facts, rules, workflow.target)) is not None:
            return skip
    order = ordered_by(looked, workflow)
    if isinstance(order, Skip):
        return order
    size, cpu_seconds = estimate(facts, order)
    share = 100 * (1 - size / facts.size)
    if size >= facts.size or share < rules.least_saving:
        return Skip(Why.SAVING, _too_little(share, rules))
    if (refusal := too_long(cpu_seconds / order.threads, within)) is not None:
        return Skip(Why.TOO_LONG, refusal.reason, cpu_seconds)
    reason = "; ".join((f"it is {facts.codec}", *order.reasons))
    return Transcode(order.codec, order.extension, order.width, order.height, facts.size, size, cpu_seconds, reason)


def ordered_by(looked: Looked, workflow: Workflow) -> Order | Skip:
    """How it would be made anew. Of pictures that have less than is asked for, no more than the file has is asked."""
    facts = looked.facts
    wished = asked(looked, workflow.wish(min(facts.shown_width, facts.shown_height)), workflow.rules.deciders)
    if isinstance(wished, Skip):
        return wished
    wish, target = wished.wish, workflow.target
    if wish.codec is not target.codec and (
        skip := _codec(facts, workflow.rules, structs.replace(target, codec=wish.codec))
    ):
        return skip
    rate = wish.bit_rate if facts.bit_rate is None else min(wish.bit_rate, max(LEAST_BIT_RATE, facts.bit_rate))
    order = ordered(looked.inventory, facts, replace(wish, bit_rate=rate))
    if isinstance(order, Refusal):
        return Skip(Why.LOSS, order.reason)
    return _encoded(replace(order, reasons=(*order.reasons, *wished.reasons)), target)


def _encoded(order: Order, target: Target) -> Order | Skip:
    """By the words of a plug-in, where one is named."""
    if target.encoder is None:
        return order
    try:
        return dictated(order, target.encoder.name, target.encoder.settings)
    except Stuck as error:
        return Skip(Why.STUCK, str(error))
    except (Misspoken, NoSuchPlugin, BadSettings, BadPlugin) as error:
        return Skip(Why.PLUGIN, cut(str(error)))


def _too_little(share: float, rules: Rules) -> str:
    if share <= 0:
        return "it would become no smaller"
    return f"{share:.1f} % would be saved, less than {rules.least_saving:g} %"


def _length(facts: VideoFacts, _: Rules, __: Target) -> Skip | None:
    if facts.seconds and facts.bit_rate is not None:
        return None
    return Skip(Why.LENGTH, "nothing says how long it is, so what it would save is not known")


def _codec(facts: VideoFacts, rules: Rules, target: Target) -> Skip | None:
    if rules.codecs:
        named = facts.codec in {_SAME.get(name, name) for name in rules.codecs}
        return None if named else Skip(Why.CODEC, f"it is {facts.codec}, which is not among the codecs")
    return Skip(Why.CODEC, f"it is {facts.codec} already") if facts.codec == NAMES[target.codec] else None


def _container(facts: VideoFacts, rules: Rules, _: Target) -> Skip | None:
    # ffmpeg reads some by one name for all: mov,mp4,m4a,…
    if not rules.containers or set(facts.container.split(",")) & set(rules.containers):
        return None
    return Skip(Why.CONTAINER, f"its container is {facts.container}, which is not among the containers")


def _lines(facts: VideoFacts, rules: Rules, _: Target) -> Skip | None:
    lines = min(facts.shown_width, facts.shown_height)
    if lines < rules.least_lines:
        return Skip(Why.LINES, f"it has {lines} lines, fewer than {rules.least_lines}")
    if rules.most_lines is not None and lines > rules.most_lines:
        return Skip(Why.LINES, f"it has {lines} lines, more than {rules.most_lines}")
    return None


def _bit_rate(facts: VideoFacts, rules: Rules, _: Target) -> Skip | None:
    if facts.bit_rate is None or facts.bit_rate >= bits(rules.least_bit_rate):
        return None
    return Skip(Why.BIT_RATE, f"it has {facts.bit_rate // 1000} kbit/s, less than {rules.least_bit_rate}")


_RULES: tuple[Callable[[VideoFacts, Rules, Target], Skip | None], ...] = (
    _length,
    _codec,
    _container,
    _lines,
    _bit_rate,
)

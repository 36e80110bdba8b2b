"""Verifying that nothing of a file was harmed when it was made anew: each thing that was promised is a check."""

import asyncio
import math
import os

from processors.refusals import Refused
from processors.sandbox.errors import SandboxDied
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Protection
from processors.video.keeping.comparing import compare, streams_of
from processors.video.keeping.inventory import Inventory
from processors.video.keeping.looking import Packets, take_inventory, walk
from processors.video.keeping.order import How, Order
from processors.video.keeping.packets import compare_packets
from processors.video.keeping.verdict import Bars, Check, Verdict, check
from processors.video.keeping.watching import Watched, Watching, Worst, watch
from processors.video.progress import Meter, Share, Tell

# Of the work: walking through the packets of both is quick, watching them is not.
WALKED, WALKED_BOTH = 0.05, 0.1
# The likeness of the worst second and of the worst few pictures, of that of all.
NO_WORSE, NO_WORSE_FEW = 0.8, 0.6
# Pictures that VMAF is taken of, where there are as many.
LEAST_SAMPLES = 20
# So many dB sound may become louder or less so.
LOUDER = 2.0
# Sound so soft in the mean, in dB of the loudest that can be told, may be nothing but what rounding leaves.
SOFT = -60.0


async def verify(
    source: int,
    target: int,
    before: Inventory,
    order: Order,
    protection: Protection,
    bars: Bars,
    tell: Tell,
    share: Share = Share(0.0, 1.0, step="verify"),  # noqa: B008  frozen
) -> Verdict:
    """What is to be said of the file behind `target`, which `remake` made of the one behind `source`.

    Raises Refused where the source itself can't be read to its end, and as `execute` does.
    """
    size = _size(source, target)
    # Next to each other: a viewer takes longer to start than most packets to be walked through.
    walking = asyncio.create_task(_walk(source, before, order, protection, tell, share.part(0.0, WALKED)))
    try:
        after = await take_inventory(target, protection)
        new = await _walk(target, after, order, protection, tell, share.part(WALKED, WALKED_BOTH))
    except (Refused, SandboxDied) as error:
        return Verdict((size, Check("readable", False, f"the result can't be read: {error}")))
    else:
        old = await walking
    finally:
        walking.cancel()
        await asyncio.gather(walking, return_exceptions=True)
    checks = [size, *compare(before, after, order), *compare_packets((before, old), (after, new), order, bars)]
    every = max(1, min(bars.every, (len(new.times) // LEAST_SAMPLES - 1) | 1))
    run = Watching(before, after, order, protection, every, tell, share.part(WALKED_BOTH, 1.0))
    seen = await watch(source, target, run)
    checks += [
        _decoding(seen, new),
        _pictures(seen),
        _sound(seen, after, order, bars),
        _vmaf(seen, bars),
        _alike("worst second", seen.worst, bars.least_second, NO_WORSE),
        _alike("worst pictures", seen.few, bars.least_few, NO_WORSE_FEW),
        _colours(seen, bars),
        _converted(seen, bars),
    ]
    damaged = bool(seen.before.errors or old.said.hurt)
    return Verdict(tuple(checks), damaged, seen.vmaf, seen.worst.ssim if seen.worst else None)


async def _walk(
    file: int, inventory: Inventory, order: Order, protection: Protection, tell: Tell, share: Share
) -> Packets:
    with Hearing(Meter(1.0, tell, share).hear) as hearing:
        return await walk(file, inventory.pictures.index, protection, order.nice, hearing)


def _size(source: int, target: int) -> Check:
    was, now = os.fstat(source).st_size, os.fstat(target).st_size
    return Check("size", 0 < now < was, f"{now} bytes, {was} before")


def _decoding(seen: Watched, new: Packets) -> Check:
    errors = seen.after.errors + new.said.hurt
    if not seen.ended:
        return Check("decoding", False, "it could not be decoded to its end")
    return Check("decoding", not errors, f"{errors} errors in all of its pictures and sound")


def _pictures(seen: Watched) -> Check:
    was, now = seen.before.frames, seen.after.frames
    return Check("pictures", 0 < was == now, f"{now} decoded, of the source {was}")


def _vmaf(seen: Watched, bars: Bars) -> Check:
    if seen.vmaf is None:
        return Check("vmaf", False, "none could be taken")
    return Check("vmaf", seen.vmaf >= bars.least_vmaf, f"{seen.vmaf:.1f}, at least {bars.least_vmaf:g} is asked")


def _alike(name: str, worst: Worst | None, least: float, share: float) -> Check:
    """What is all noise is less alike by this measure all the time: then none of it may be much less so."""
    if worst is None:
        return Check(name, False, "no picture could be compared")
    asked = min(least, share * worst.mean)
    detail = f"SSIM {worst.ssim:.3f} from second {worst.begins:.1f} on, at least {asked:.3f} is asked"
    return Check(name, worst.ssim >= asked, detail)


def _colours(seen: Watched, bars: Bars) -> Check:
    """VMAF looks at nothing but how bright a sample is."""
    if seen.colours is None:
        return Check("colours", False, "none could be compared")
    detail = f"SSIM {seen.colours:.3f}, at least {bars.least_colours:g} is asked"
    return Check("colours", seen.colours >= bars.least_colours, detail)


def _converted(seen: Watched, bars: Bars) -> Check:
    """Flat pictures that are darker by one step, as rounding makes them, may be just what a conversion gives."""
    found = seen.converted
    if found is None:
        return Check("converted", False, "none could be compared")
    converted = found.left < bars.surely_like and found.nearer > bars.most_converted
    detail = f"PSNR {found.left:.1f} dB, and {found.nearer:+.1f} dB as if converted {found.name}"
    return Check("converted", not converted, f"{detail}, at most {bars.most_converted:+g} dB is allowed")


def _sound(seen: Watched, after: Inventory, order: Order, bars: Bars) -> Check:
    """Sound that was encoded is as loud as it was, and the same sound, where there is any to speak of."""
    wrong = []
    for kept, one in zip(order.kept, streams_of(after, order), strict=False):
        if kept.how is How.SOUND:
            was, now = seen.before.loud.get(kept.stream.index), seen.after.loud.get(one.index)
            if was is None or now is None or (was != now and abs(was - now) > LOUDER):
                wrong.append(f"stream {kept.stream.index} has {now} dB, not {was} dB")
            like = seen.alike.get(kept.stream.index, -math.inf)
            if was is not None and was > SOFT and like < bars.least_alike:
                wrong.append(f"stream {kept.stream.index} is another sound: {like:.1f} dB above what it differs by")
    return check("sound", wrong, "as loud as it was, and the same")

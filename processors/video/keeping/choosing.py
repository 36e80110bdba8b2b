"""Choosing which streams stay, and what becomes of sound: pure, each choice said."""

from processors.video.keeping.inventory import Inventory, Kind, Stream
from processors.video.keeping.wishes import SoundWish, Wish

# Lossless, or as large: what is worth being encoded.
BULKY = {"flac", "alac", "truehd", "mlp", "wavpack", "tta", "ape", "dts"}
LOSSLESS_DTS = "DTS-HD MA"
# Of what Opus and AAC tell apart by themselves.
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def staying(inventory: Inventory, wish: Wish) -> tuple[list[Stream], list[str]]:
    """The streams that are kept, in their order, and what is said of the others."""
    dropped: dict[int, str] = {}
    sounds = inventory.of(Kind.AUDIO)
    wanted = [one for one in sounds if _spoken(one, wish.sound.languages)]
    if wanted:
        dropped |= {one.index: f"sound in {one.language} is left out" for one in sounds if one not in wanted}
    for one in inventory.of(Kind.SUBTITLE):
        if not _spoken(one, wish.subtitles):
            dropped[one.index] = f"subtitles in {one.language} are left out"
    for one in inventory.of(Kind.DATA):
        if _of_chapters(one, inventory):
            dropped[one.index] = "the track of chapters is written anew from the chapters"
        elif wish.drop_data:
            dropped[one.index] = f"a stream of data ({one.codec}) is left out"
    return [one for one in inventory.streams if one.index not in dropped], list(dropped.values())


def _spoken(one: Stream, languages: tuple[str, ...]) -> bool:
    return not languages or not one.language or one.language in languages


def _of_chapters(one: Stream, inventory: Inventory) -> bool:
    """MP4 tells of chapters by a track of text, which ffmpeg shows as data; it writes one for those it is given."""
    return inventory.container == "mov" and one.codec == "bin_data" and bool(inventory.chapters)


def sound(one: Stream, wish: SoundWish) -> tuple[str, int]:
    """The codec that a stream of sound will have, and the bits a second it is encoded with, 0 where it is copied."""
    if not wish.codec or not bulky(one) or one.channels not in LAYOUTS or one.codec == wish.codec:
        return one.codec, 0
    return wish.codec, wish.channel_rate * one.channels


def bulky(one: Stream) -> bool:
    """Whether a stream of sound is lossless, or as large."""
    if one.codec == "dts":
        return one.profile.startswith(LOSSLESS_DTS)
    return one.codec.startswith("pcm_") or one.codec in BULKY

"""Choosing which streams stay, and what becomes of sound: pure, each choice said."""

from processors.video.keeping.inventory import Inventory, Kind, Stream
from processors.video.keeping.languages import language
from processors.video.keeping.wishes import SoundWish, Wish

# Lossless, or as large: what is worth being encoded.
BULKY = {"flac", "alac", "truehd", "mlp", "wavpack", "tta", "ape", "dts"}
LOSSLESS_DTS = "DTS-HD MA"
# Of what Opus and AAC tell apart by themselves.
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def staying(inventory: Inventory, wish: Wish) -> tuple[list[Stream], list[str]]:
    """The streams that are kept, in their order, and what is said of the others."""
    dropped: dict[int, str] = {}
    for one in _others(inventory.of(Kind.AUDIO), wish.sound.languages):
        dropped[one.index] = f"sound in {one.language} is left out"
    for one in _others(inventory.of(Kind.SUBTITLE), wish.subtitles):
        dropped[one.index] = f"subtitles in {one.language} are left out"
    for one in inventory.of(Kind.DATA):
        if one.of_chapters and inventory.chapters:
            dropped[one.index] = "the track of chapters is written anew from the chapters"
        elif wish.drop_data:
            dropped[one.index] = f"a stream of data ({one.codec}) is left out"
    return [one for one in inventory.streams if one.index not in dropped], list(dropped.values())


def _others(streams: list[Stream], languages: tuple[str, ...]) -> list[Stream]:
    """Those in other languages than these; none where that were all, for it may be the tags that are wrong."""
    wanted = {language(one) for one in languages}
    others = [one for one in streams if wanted and language(one.tag or one.language) not in {*wanted, ""}]
    return others if len(others) < len(streams) else []


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

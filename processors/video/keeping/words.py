"""ffmpeg's words for an order: every stream is named, so that nothing is left out and nothing added by a default."""

from processors.video.keeping.choosing import LAYOUTS
from processors.video.keeping.encoders import encoder
from processors.video.keeping.inventory import Inventory, Kind
from processors.video.keeping.order import How, Kept, Order

# Of the pictures that were; mkvmerge writes them into the file.
STALE = ("BPS", "NUMBER_OF_BYTES", "_STATISTICS_WRITING_APP", "_STATISTICS_WRITING_DATE_UTC", "_STATISTICS_TAGS")
RANGES = {False: "tv", True: "pc"}
# Streams that Matroska's index tells nothing of where there are pictures, and what it may take for a second of these.
NOT_IN_INDEX = (Kind.AUDIO, Kind.ATTACHMENT, Kind.PICTURE)
INDEX_BYTES = 64
# Of pictures that say nothing of their colours players guess by their lines: up to 576 they would take them for BT.601.
BT709_FROM, BT601_TO = 720, 576
BT709 = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"
ENCODERS = {"opus": "libopus", "aac": "aac"}


def output(order: Order, inventory: Inventory) -> list[str]:
    """What comes behind the inputs: the source, and the covers where there are any. The muxer's own follow."""
    words = ["-map_metadata", "0", "-map_chapters", "0", "-c", "copy"]
    covers = order.covers
    for number, one in enumerate(order.kept):
        words += ["-map", f"1:{covers.index(one)}" if one.how is How.ATTACHED else f"0:{one.stream.index}"]
        words += _stream(number, one)
    pictures = next(number for number, one in enumerate(order.kept) if one.how is How.PICTURES)
    return [*words, *_pictures(pictures, order, inventory)]


def _stream(number: int, one: Kept) -> list[str]:
    """What becomes of stream `number` of the result."""
    flags = "+".join(flag for flag in one.stream.dispositions if one.how is not How.ATTACHED)
    words = [f"-disposition:{number}", flags or "0"]
    if one.how is How.SOUND:
        layout = LAYOUTS[one.stream.channels]
        words += [f"-c:{number}", ENCODERS[one.codec], f"-b:{number}", str(one.bit_rate)]
        words += [f"-filter:{number}", f"aresample=48000,aformat=channel_layouts={layout}"]
    elif one.how is How.TEXT:
        words += [f"-c:{number}", "subrip"]
    elif one.how is How.ATTACHED:
        name = one.stream.name or f"cover.{'png' if one.codec == 'png' else 'jpg'}"
        mime = one.stream.mime or ("image/png" if one.codec == "png" else "image/jpeg")
        words += [f"-metadata:s:{number}", f"filename={name}", f"-metadata:s:{number}", f"mimetype={mime}"]
    return words


def _pictures(number: int, order: Order, inventory: Inventory) -> list[str]:
    """The encoder of stream `number`; times stay what they are: none is made up, none rounded to a rate."""
    words = [f"-filter:{number}", chain(order, inventory), f"-fps_mode:{number}", "passthrough"]
    words += [f"-enc_time_base:{number}", "demux"]
    for name in STALE:
        words += [f"-metadata:s:{number}", f"{name}="]
    return [*words, *(_of(number, word) for word in encoder(order)), *_light(number, order, inventory)]


def _of(number: int, word: str) -> str:
    """The same word for one stream only."""
    return f"{word.removesuffix(':v')}:{number}" if word.startswith("-") and word[1].isalpha() else word


def chain(order: Order, inventory: Inventory) -> str:
    """The filters between decoder and encoder: as few as there can be."""
    aspect = inventory.pictures.sample
    steps = [BT709] if _is_bt709(order, inventory) else []
    steps += ["bwdif=mode=send_frame"] if order.deinterlace else []
    span = RANGES[order.full]
    if order.scaled:
        steps.append(f"scale={order.width}:{order.height}:flags=lanczos:in_range={span}:out_range={span}")
        steps.append(f"setsar={aspect.numerator}/{aspect.denominator}")
    elif order.full or not inventory.pictures.format.startswith("yuv420p"):
        steps.append(f"scale=in_range={span}:out_range={span}:flags=lanczos")
    return ",".join([*steps, f"format={order.pixels}"])


def _is_bt709(order: Order, inventory: Inventory) -> bool:
    """Whether only its size told how its colours are meant, and does not any more."""
    light, lines = inventory.pictures.light, min(inventory.pictures.width, inventory.pictures.height)
    unsaid = all(point in (0, 2) for point in (light.primaries, light.transfer, light.matrix))
    return unsaid and lines >= BT709_FROM and min(order.width, order.height) <= BT601_TO


def _light(number: int, order: Order, inventory: Inventory) -> list[str]:
    """What is said of the samples, as it was: ffmpeg hands mastering display and content light on by itself."""
    light = inventory.pictures.light
    words = [f"-color_range:{number}", RANGES[order.full]]
    for name, point in (
        ("color_primaries", light.primaries),
        ("color_trc", light.transfer),
        ("colorspace", light.matrix),
    ):
        words += [f"-{name}:{number}", str(point)] if point not in (0, 2) else []
    return words


def container(order: Order) -> list[str]:
    """The muxer's words."""
    # What tells of a sphere is no part of MP4 to ffmpeg, though players read it.
    loose = ("-strict", "unofficial")
    if order.container == "mp4":
        return ["-f", "mp4", *loose, *(("-movflags", "use_metadata_tags") if order.all_tags else ())]
    words = ["-f", order.container, "-default_mode", "passthrough"]
    if all(one.how is How.PICTURES or one.stream.kind in NOT_IN_INDEX for one in order.kept):
        # Before the pictures a player finds it without asking for the end of the file; there is a keyframe or two a
        # second at most. With each line of subtitles in it nobody knows how long it becomes.
        words += ["-reserve_index_space", str(1024 + INDEX_BYTES * round(order.seconds))]
    return words

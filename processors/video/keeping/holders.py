"""What each container can hold, as ffmpeg writes it."""

from processors.video.keeping.inventory import Inventory, Kind, Stream

MP4_SOUND = {"aac", "ac3", "eac3", "mp3", "alac", "opus", "flac"}
MP4_VIDEO = {"h264", "hevc", "av1", "vp9", "mpeg4"}
MP4_PICTURES = {"mjpeg", "png"}
# PCM is in here by its beginning.
MKV_SOUND = {
    "aac", "ac3", "eac3", "mp1", "mp2", "mp3", "alac", "opus", "vorbis", "flac", "dts", "truehd", "mlp", "tta",
    "wavpack", "wmav1", "wmav2", "wmapro", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
    "pcm_u8", "pcm_f32le", "pcm_f64le",
}  # fmt: skip
MKV_TEXTS = {"subrip", "ass", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"}
MKV_VIDEO = {"h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "prores", "vc1", "ffv1"}
# What becomes SubRip with the same words.
TO_SUBRIP = {"mov_text"}
FLAGS = {
    "mp4": {"default", "forced", "hearing_impaired", "visual_impaired", "comment", "dub", "original", "captions"},
    "matroska": {"default", "forced", "hearing_impaired", "visual_impaired", "comment", "original"},
    "webm": {"default", "forced", "hearing_impaired", "visual_impaired", "comment", "original"},
}
# Names of tags that MP4 has a place of its own for (ffmpeg's movenc.c).
MP4_TAGS = {
    "title", "artist", "album_artist", "composer", "album", "date", "comment", "genre", "copyright", "grouping",
    "lyrics", "description", "synopsis", "show", "episode_id", "network", "keywords", "episode_sort", "season_number",
    "media_type", "creation_time", "location", "hd_video", "gapless_playback", "compilation",
}  # fmt: skip


def family(inventory: Inventory, codec: str, streams: list[Stream], sounds: dict[int, str]) -> str:
    """The container that all of `streams` go into: that of the source's family where it holds them, else Matroska.

    codec: of the pictures to be. sounds: what each stream of sound will be, by its index.
    """
    others = [one for one in streams if one.index != inventory.pictures.index]
    covers = any(one.kind is Kind.PICTURE for one in others)
    if inventory.container == "mov" and all(_in_mp4(one, sounds) for one in others):
        return "matroska" if covers and own_tags(inventory) else "mp4"
    if inventory.container == "webm" and codec in ("vp9", "av1") and all(_in_webm(one, sounds) for one in others):
        return "webm"
    return "matroska"


def own_tags(inventory: Inventory) -> bool:
    """Whether it has tags that MP4 has no place of its own for: with those that it gets then, covers have none."""
    return bool(set(inventory.tags) - MP4_TAGS)


def _in_mp4(one: Stream, sounds: dict[int, str]) -> bool:
    held = {Kind.AUDIO: MP4_SOUND, Kind.VIDEO: MP4_VIDEO, Kind.PICTURE: MP4_PICTURES, Kind.SUBTITLE: {"mov_text"}}
    return sounds.get(one.index, one.codec) in held.get(one.kind, ())


def _in_webm(one: Stream, sounds: dict[int, str]) -> bool:
    held = {Kind.AUDIO: {"opus", "vorbis"}, Kind.SUBTITLE: {"webvtt"}, Kind.VIDEO: {"vp8", "vp9", "av1"}}
    return sounds.get(one.index, one.codec) in held.get(one.kind, ())


def in_matroska(one: Stream, codec: str) -> bool:
    """Whether it can be there, `codec` being what it will be then."""
    match one.kind:
        case Kind.AUDIO:
            return codec in MKV_SOUND
        case Kind.VIDEO:
            return codec in MKV_VIDEO
        case Kind.SUBTITLE:
            return codec in MKV_TEXTS
        case Kind.ATTACHMENT:
            return bool(one.name and one.mime)
        case Kind.PICTURE:
            return codec in ("mjpeg", "png")
        case Kind.DATA:
            return False

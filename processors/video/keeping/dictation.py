"""What an encoder of a plug-in may say to ffmpeg: a closed list of options, each with the shape of its value.

No shape has room for a slash, and no option on the list names a file, a filter, a format, a stream or a protocol; of
the parameters that encoders read by themselves those are left out that name files (stats, csv, qpfile).
The sandbox would not let them be opened either: the list says so before a file is worked on.
See ffmpeg-codecs(1), and the documentation of x264, x265 and SVT-AV1 for their parameters.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from processors.video.codec import Codec

MOST_WORDS = 60
ENCODERS = {
    Codec.VP9: ("libvpx-vp9",),
    Codec.AV1: ("libsvtav1", "libaom-av1"),
    Codec.H265: ("libx265",),
    Codec.H264: ("libx264",),
}
PARAMETERS = {"libx264": "-x264-params", "libx265": "-x265-params", "libsvtav1": "-svtav1-params"}
"""The option by which an encoder is told what ffmpeg has no option for."""

_NUMBER, _RATE, _WORD = r"-?[0-9]{1,9}(\.[0-9]{1,6})?", r"[0-9]{1,10}[kM]?", r"[a-z][a-z0-9_-]{0,29}"
_SHAPES = {
    _RATE: "-b:v -maxrate -minrate -bufsize",
    _NUMBER: (
        "-crf -qp -qmin -qmax -level -bf -refs -rc-lookahead -aq-mode -aq-strength -cpu-used -row-mt -tile-columns "
        "-tile-rows -auto-alt-ref -lag-in-frames -arnr-maxframes -arnr-strength -frame-parallel -undershoot-pct "
        "-overshoot-pct -max-intra-rate -denoise-noise-level -sharpness"
    ),
    _WORD: "-profile:v -tune -deadline -quality -usage -tune-content",
    f"{_WORD}|{_NUMBER}": "-preset",
}
OPTIONS = {name: re.compile(shape) for shape, names in _SHAPES.items() for name in names.split()}

_SHARED = (
    "aq-mode aq-strength b-adapt bframes crf-max deblock direct ipratio me merange no-deblock pbratio psy-rd qcomp "
    "qpmax qpmin qpstep rc-lookahead ref scenecut subme vbv-bufsize vbv-maxrate weightb weightp"
)
_KNOWN = {
    "libx264": (
        f"{_SHARED} chroma-qp-offset deadzone-inter deadzone-intra mbtree mixed-refs no-fast-pskip no-mbtree trellis"
    ),
    "libx265": (
        f"{_SHARED} amp aq-motion b-intra bframe-bias cbqpoffs crf-min crqpoffs ctu cu-lossless cutree early-skip "
        "hevc-aq limit-modes limit-refs limit-sao limit-tu max-merge min-cu-size no-sao no-strong-intra-smoothing "
        "psy-rdoq rd rdoq-level rdpenalty rect rskip rskip-edge-threshold sao selective-sao strong-intra-smoothing "
        "tskip tu-inter-depth tu-intra-depth"
    ),
    "libsvtav1": (
        "ac-bias aq-mode enable-cdef enable-dlf enable-overlays enable-qm enable-restoration enable-tf "
        "enable-variance-boost film-grain film-grain-denoise irefresh-type lookahead mbr-bitrate overshoot-pct qm-max "
        "qm-min scd sharpness tile-columns tile-rows tune undershoot-pct variance-boost-strength variance-octile"
    ),
}
_KEYS = {encoder: frozenset(names.split()) for encoder, names in _KNOWN.items()}
_PARAMETER = re.compile(r"-?[a-z0-9]{1,12}(\.[0-9]{1,6})?(,-?[0-9]{1,9}(\.[0-9]{1,6})?){0,3}")


def against(codec: Codec, words: Sequence[object]) -> str:
    """What speaks against these words for pictures of this codec; empty if nothing does."""
    if len(words) > MOST_WORDS or len(words) % 2 or not all(isinstance(one, str) for one in words):
        return f"it needs options with a value each, as texts, {MOST_WORDS} at most"
    pairs = list(_pairs([str(one) for one in words]))
    if not pairs or pairs[0][0] != "-c:v" or pairs[0][1] not in ENCODERS[codec]:
        return f"first comes -c:v with one of {', '.join(ENCODERS[codec])}"
    encoder, rest = pairs[0][1], pairs[1:]
    if len({name for name, _ in pairs}) != len(pairs):
        return "an option is there twice"
    return next((why for name, value in rest if (why := _against_option(encoder, name, value))), "")


def together(words: Sequence[str], own: str) -> tuple[str, ...]:
    """The same words, with `own` behind the parameters of their encoder, where it is told any: the last one holds."""
    pairs = dict(_pairs(words))
    option = PARAMETERS.get(pairs["-c:v"])
    if option and own:
        pairs[option] = ":".join(filter(None, (pairs.get(option), own)))
    return tuple(word for pair in pairs.items() for word in pair)


def _against_option(encoder: str, name: str, value: str) -> str:
    if name == PARAMETERS.get(encoder):
        return next((why for one in value.split(":") if (why := _against_parameter(encoder, one))), "")
    if name not in OPTIONS:
        return f"{name!r} is none of its options: {_listed(OPTIONS)}"
    return "" if OPTIONS[name].fullmatch(value) else f"{name} can't be {value!r}"


def _against_parameter(encoder: str, one: str) -> str:
    key, _, value = one.partition("=")
    if key not in _KEYS[encoder]:
        return f"{key!r} is none of the parameters of {encoder}: {_listed(_KEYS[encoder])}"
    return "" if _PARAMETER.fullmatch(value) else f"the parameter {key} can't be {value!r}"


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(words[::2], words[1::2], strict=True)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))

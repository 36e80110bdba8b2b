"""What videos can become. By name, for those who only ask for it: no library is needed to read this."""

from enum import StrEnum


class Codec(StrEnum):
    """What videos are transcoded to. VP9 is free of fees and played by every browser of today."""

    VP9 = "vp9"
    AV1 = "av1"
    H265 = "h265"
    H264 = "h264"

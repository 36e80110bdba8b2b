"""Limits on what is decoded. The largest phone cameras make pictures of 200 megapixels."""

MAX_PIXELS = 200_000_000
MAX_FRAMES = 1_000
# A colour profile is carried along in every version, so a large one (printers' tables) is converted to sRGB instead.
MAX_PROFILE_BYTES = 16_384
MAX_METADATA_BYTES = 16 << 20
# Of videos: 8K has 33 megapixels a frame.
MAX_VIDEO_PIXELS = 40_000_000
MAX_SECONDS = 24 * 3600
MAX_STREAMS = 32

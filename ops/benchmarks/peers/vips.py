"""pyvips: shrink on load, then each version from the next larger in memory."""

import pyvips  # type: ignore[import-not-found]

from ops.benchmarks.peers.contest import BOXES, QUALITY, Versions, compete


def work(data: bytes) -> Versions:
    image = None
    for name, (width, height) in BOXES.items():
        if image is None:
            image = pyvips.Image.thumbnail_buffer(data, width, height=height, size="down")
        else:
            image = image.thumbnail_image(width, height=height, size="down")
        image = image.copy_memory()
        yield name, image.jpegsave_buffer(Q=QUALITY, keep="icc")


if __name__ == "__main__":
    pyvips.cache_set_max(0)
    compete(work)

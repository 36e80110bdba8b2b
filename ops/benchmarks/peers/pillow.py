"""Stock Pillow as its documentation suggests: draft, then each version from the next larger."""

import io

from PIL import Image, ImageOps

from ops.benchmarks.peers.contest import BOXES, QUALITY, Versions, compete


def work(data: bytes) -> Versions:
    image: Image.Image = Image.open(io.BytesIO(data))
    profile = image.info.get("icc_profile")
    image.draft("RGB", (2500, 2500))
    turned = image.getexif().get(0x0112, 1) != 1
    for name, box in BOXES.items():
        image.thumbnail(box, Image.Resampling.LANCZOS)
        if turned:
            image, turned = ImageOps.exif_transpose(image), False
            image.thumbnail(box, Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=QUALITY, icc_profile=profile)
        yield name, out.getvalue()


if __name__ == "__main__":
    compete(work)

"""A video made here, for a job to be done once, so that what it loads late is loaded before the doors close."""

import io

import av
from av.video.frame import VideoFrame

SIDE = 16


def sample() -> io.BytesIO:
    """A video of two pictures, 16 x 16 pixels."""
    av.logging.set_level(None)
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuvj420p"
        stream.thread_count = 1
        for number in range(2):
            frame = VideoFrame(SIDE, SIDE, "yuvj420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    made.seek(0)
    return made

"""The picture at a time, from the keyframe before it: one packet decoded, where keyframes are near enough."""

import contextlib
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import IO

from av.error import FFmpegError, InvalidDataError
from av.video.frame import VideoFrame

from processors.limits import MAX_SECONDS
from processors.refusals import Code, Refused
from processors.video.view.describe import first
from processors.video.view.open import opened, seconds

# Packets without a picture after which a place is given up.
FORWARD = 96


class Seeker:
    """Pictures of the video in `file`. patience: seconds after which only keyframes are given. lasts: seconds that it
    was described to last; 0: what its header says.
    """

    def __init__(self, file: IO[bytes], patience: float, lasts: float = 0.0) -> None:
        self._container, self._stream = opened(file)
        self._stream.thread_type = "SLICE"  # threads by the frame would each want a packet before the first comes out
        self._stream.thread_count = 2
        self._until = time.monotonic() + patience
        self._base = self._stream.time_base or Fraction(1, 90_000)
        self._begin = float((self._stream.start_time or 0) * self._base)
        self.seconds = lasts or seconds(self._container, self._stream) or 0.0
        self.aspect = self._stream.sample_aspect_ratio
        self.first = first(self._container, self._stream)
        self._given, self._last = self.first, -1.0
        self._running: Iterator[VideoFrame] | None = None

    def time(self, frame: VideoFrame) -> float:
        """Seconds from the beginning of the video."""
        # By its own base, not `frame.time`: a frame that was flushed out has none.
        return min(MAX_SECONDS, max(0.0, float((frame.pts or 0) * self._base) - self._begin))

    def near(self, wanted: float) -> VideoFrame:
        """The keyframe before the second `wanted`; where that was given already, the picture at it.

        Ask in the order of time: between keyframes far apart everything is decoded, once, as far as patience allows.
        What is damaged is passed over, in the worst case back to the first picture.
        """
        try:
            frame = self._on(wanted) if self._running is not None else self._keyframe(wanted)
            known = self.time(frame) <= self._last < wanted
            if known and self._running is None and time.monotonic() < self._until:
                self._running = self._from(wanted)
                frame = self._on(wanted)
        except (FFmpegError, Refused, OSError, StopIteration, IndexError):
            self._running = None
            return self._given
        self._last, self._given = self.time(frame), frame
        return frame

    def _seek(self, wanted: float) -> None:
        self._stream.codec_context.flush_buffers()
        offset = int((wanted + self._begin) / self._base)
        self._container.seek(offset, stream=self._stream, backward=True)

    def _keyframe(self, wanted: float) -> VideoFrame:
        self._seek(wanted)
        context = self._stream.codec_context
        for number, packet in enumerate(self._container.demux(self._stream)):
            # At once, not when the decoder has seen what comes after: nothing does.
            frames = context.decode(packet) or (context.decode(None) if packet.size else [])
            if frames:
                return frames[0]
            context.flush_buffers()
            if number >= FORWARD:
                break
        raise Refused(Code.DAMAGED, "There is no picture here.")

    def _from(self, wanted: float) -> Iterator[VideoFrame]:
        """All pictures from the keyframe before `wanted` on."""
        self._seek(wanted)
        for packet in self._container.demux(self._stream):
            with contextlib.suppress(InvalidDataError):
                yield from packet.decode()

    def _on(self, wanted: float) -> VideoFrame:
        """Decode on to `wanted`. Once a keyframe has come by, the next time is sought again."""
        found, keyframes = self._given, False
        assert self._running is not None
        for frame in self._running:
            keyframes = keyframes or (frame.key_frame and self.time(frame) > self._last)
            found = frame
            if self.time(frame) >= wanted or time.monotonic() > self._until:
                break
        if keyframes or time.monotonic() > self._until:
            self._running = None
        return found

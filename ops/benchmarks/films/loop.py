"""What people write instead: a loop of the shell that has ffmpeg replace one file after the other."""

import subprocess
import time
from pathlib import Path

import imageio_ffmpeg

from processors.video.codec import Codec
from processors.video.keeping.encoders import encoder
from processors.video.keeping.order import Order

# The one place where it is careful: what ffmpeg itself calls a failure replaces nothing.
SCRIPT = """
ffmpeg=$1 threads=$2 folder=$3
shift 3
for f in "$folder"/*; do
    new="${f%.*}.mkv"
    if "$ffmpeg" -nostdin -loglevel error -y -threads "$threads" -i "$f" "$@" -c:a copy "$f.new.mkv"; then
        mv "$f.new.mkv" "$new"
        [ "$f" = "$new" ] || rm "$f"
    else
        rm -f "$f.new.mkv"
    fi
done
"""
# What depends on each file's pictures: nobody asks for that in a loop, and ffmpeg's own choice is the better one.
OF_A_FILE = ("-pix_fmt", "-profile:v")


def run(folder: Path, codec: Codec, threads: int, bit_rate: int) -> float:
    """Replaces all files of a folder; seconds on the wall. bit_rate: the cap that the library has, in bits a second."""
    words = ["sh", "-c", SCRIPT, "sh", imageio_ffmpeg.get_ffmpeg_exe(), str(threads), str(folder)]
    began = time.perf_counter()
    subprocess.run([*words, *encoding(codec, threads, bit_rate)], stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def encoding(codec: Codec, threads: int, bit_rate: int) -> list[str]:
    """The library's own words for the encoder: preset, quality, cap, distance of keyframes and threads."""
    words = encoder(
        Order(
            "matroska", (), codec, 1280, 720, 8, False, bit_rate, False, False, False, False, threads, 0, 30.0, 0.0
        )
    )  # fmt: skip
    pairs = zip(words[::2], words[1::2], strict=True)
    return [word for name, value in pairs if name not in OF_A_FILE for word in (name, value)]

"""Run with Darkroom's folder on the path: PYTHONPATH=/path/to/darkroom:. python -m pytest"""

from pathlib import Path
from typing import cast

import darkroom_template as mine

from appliance.library.finders import find
from appliance.library.outcomes import Found, Looked
from appliance.library.plugins import Change, Leave
from appliance.library.workflow import Source
from processors.video.codec import Codec
from processors.video.facts import VideoFacts
from processors.video.keeping.dictation import against
from processors.video.keeping.inventory import Inventory
from processors.video.keeping.order import Order
from processors.video.keeping.wishes import Wish


def looked(path: str) -> Looked:
    """Neither facts nor inventory are asked for here."""
    return Looked(cast(VideoFacts, None), cast(Inventory, None), Found(path, 1, 1))


def test_only_what_is_listed_is_found(tmp_path: Path) -> None:
    for name in ("a.mkv", "b.mkv", "films.txt"):
        (tmp_path / name).write_text("a.mkv\n")
    assert [one.path for one in find(Source(folder=str(tmp_path), finder="listed"))] == [str(tmp_path / "a.mkv")]


def test_it_spares_half_of_the_bits_but_not_of_those_that_are_excepted() -> None:
    wish, settings = Wish(Codec.H265, 2_000_000), mine.Sparing(unless=("holiday",))
    told = mine.decide(looked("/films/a.mkv"), wish, settings)
    assert isinstance(told, Change)
    assert told.bit_rate == 1_000_000
    assert isinstance(mine.decide(looked("/films/holiday/a.mkv"), wish, settings), Leave)


def test_ffmpeg_may_be_told_this() -> None:
    shape = {"width": 1920, "height": 1080, "bits": 8, "full": False, "rate": 25.0, "seconds": 60.0}
    way = {"deinterlace": False, "scaled": False, "hdr": False, "all_tags": False, "threads": 2, "nice": 10}
    order = Order("matroska", (), Codec.H265, bit_rate=2_000_000, **shape, **way)  # type: ignore[arg-type]
    assert against(Codec.H265, mine.words(order, mine.Patient())) == ""

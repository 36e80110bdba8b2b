"""The text that tells a player which part of the sprite stands for which time (W3C WebVTT, with media fragments)."""

from processors.video.orders import Shown


def webvtt(shown: Shown, seconds: float, sprite: str) -> str:
    """A WebVTT file for the sprite that lies beside it as `sprite`, of a video of so many `seconds`."""
    lines = ["WEBVTT", ""]
    ends = [*shown.cells[1:], max(seconds, shown.cells[-1] + 0.001)]
    for number, (begin, end) in enumerate(zip(shown.cells, ends, strict=True)):
        left = number % shown.columns * shown.cell_width
        top = number // shown.columns * shown.cell_height
        lines.append(f"{_time(begin)} --> {_time(end)}")
        lines += [f"{sprite}#xywh={left},{top},{shown.cell_width},{shown.cell_height}", ""]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"

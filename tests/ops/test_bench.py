"""`./ops/bench`: what it refuses, what it counts, and one small run of the whole."""

import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from ops.benchmarks import chat, documents, ingest, library, memory, mixed, renditions, transform, upload, video
from tests.processors import films
from tests.stack import CHECKOUT, environment


@pytest.mark.pure
@pytest.mark.parametrize(
    ("main", "option"),
    [
        *((ingest.main, option) for option in ("--count", "--runs", "--at-once")),
        *((bench.main, "--rounds") for bench in (transform, documents)),
        (upload.main, "--runs"),
        *((library.main, option) for option in ("--rounds", "--seconds", "--threads")),
        *((chat.main, option) for option in ("--members", "--messages", "--a-minute")),
    ],
)
def test_nothing_at_all_can_not_be_measured(main, option: str, tmp_path: Path, capsys) -> None:
    for value in ("0", "-1", "many"):
        with pytest.raises(SystemExit) as ended:
            main([str(tmp_path), option, value])
        assert ended.value.code == 2
        assert "a whole number from 1 on" in capsys.readouterr().err


@pytest.mark.pure
def test_a_kernel_thread_that_is_new_counts_and_one_that_ended_does_not() -> None:
    assert memory.spent({1: 5.0, 2: 3.0}, {1: 5.5, 3: 0.25}) == 0.75


def test_documents_are_measured(tmp_path: Path, capsys) -> None:
    (tmp_path / "notes.txt").write_text("Hello")
    assert documents.main([str(tmp_path), "--rounds", "1", "--json"]) == 0
    letter, pdf = json.loads(capsys.readouterr().out)
    assert (letter["name"], letter["size"], letter["pages"]) == ("notes.txt", 5, 1)
    assert letter["cpu"] > pdf["cpu"] > 0
    assert letter["seconds"] > pdf["seconds"] > 0


@pytest.mark.long
def test_a_large_file_is_sent_in_three_ways() -> None:
    command = [str(CHECKOUT / "ops" / "bench"), "upload", "--megabytes", "34", "--runs", "1", "--json"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=200)
    assert done.returncode in (0, 1), done.stderr  # what one run reaches says nothing
    (speeds,) = json.loads(done.stdout)
    assert speeds.keys() == {"form", "parts", "resumed"}
    assert min(speeds.values()) > 0


@pytest.mark.long
def test_a_small_run_of_the_whole(tmp_path: Path) -> None:
    for number in range(2):
        Image.effect_noise((1600, 1200), 40 + number).convert("RGB").save(tmp_path / f"{number}.jpg")
    command = [str(CHECKOUT / "ops" / "bench"), "ingest", str(tmp_path), "--count", "5", "--runs", "1"]
    done = subprocess.run(
        [*command, "--new-memory", "--json"], env=environment(), capture_output=True, text=True, timeout=200
    )
    assert done.returncode in (0, 1), done.stderr  # whether so small a run reaches the goals says nothing
    (figures,) = json.loads(done.stdout)
    assert figures["failed"] == 0
    assert figures["rate"] > 0
    assert {"api", "workers", "sandbox", "storage", "generator"} <= set(figures["cpu"])
    assert figures["kernel"] >= 0
    assert all(seconds >= 0 for seconds in figures["cpu"].values())


@pytest.mark.long
def test_a_room_is_measured(capsys) -> None:
    words = ["--members", "12", "--messages", "6", "--a-minute", "120", "--pictures", "3", "--processes", "2", "--json"]
    assert chat.main(words) in (0, 1)  # how soon, a machine that does other things too can't say
    told = json.loads(capsys.readouterr().out)
    assert (told["expected"], told["came"], told["twice"], told["disordered"]) == (72, 72, 0, 0)
    assert all(a < b and b > 0 for a, b in zip(told["from_answer"], told["from_request"], strict=True))
    assert {"api", "postgres", "listeners"} <= set(told["cores"])


def test_renditions_are_measured(tmp_path: Path, capsys) -> None:
    Image.linear_gradient("L").resize((400, 300)).convert("RGB").save(tmp_path / "a.jpg")
    assert renditions.main([str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"jpeg", "webp", "avif"}
    assert all(one["cpu_ms"] > 0 and one["bytes"] > 100 and 0.5 < one["ssim"] <= 1 for one in told.values())
    assert renditions.main([str(tmp_path / "none")]) == 2


@pytest.mark.long
def test_videos_are_measured(capsys) -> None:
    assert video.main(["--seconds", "1", "--codec", "h264", "--json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert {(one["clip"], one["codec"]) for one in told["made"]} == {("easy", "h264"), ("noise", "h264")}
    assert all(one["speed"] > 0 and 0 < one["vmaf"] <= 100 for one in told["made"])
    assert set(told["told"]) == {str(size) for size in video.SIZES}


def test_a_library_is_measured_and_a_loop_loses_what_it_keeps(tmp_path: Path, capsys) -> None:
    data = films.matroska()
    (tmp_path / "rich.mkv").write_bytes(data)
    (tmp_path / "text.mkv").write_text("no film")
    assert library.main([str(tmp_path), "--rounds", "1", "--tree", "300", "--json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert (told["files"], told["before"]) == (2, len(data) + len("no film"))
    assert told["sides"]["library"]["harmed"] == {}
    [(name, lost)] = told["sides"]["loop"]["harmed"].items()
    assert (name, "1 of attachment lost" in lost) == ("0000-rich", True)
    assert set(library.STEPS) - {"replaced"} <= set(told["steps"])
    assert all(step["rate"] > 0 for step in told["steps"].values())
    assert told["ratio"] > 0
    assert told["cpu_ratio"] > 0
    assert (tmp_path / "rich.mkv").read_bytes() == data
    (tmp_path / "none").mkdir()
    assert library.main([str(tmp_path / "none")]) == 2


@pytest.mark.long
def test_photos_beside_videos_are_measured(tmp_path: Path, capsys) -> None:
    Image.linear_gradient("L").resize((400, 300)).save(tmp_path / "a.jpg")
    words = [str(tmp_path), "--count", "3", "--every", "0.1", "--videos", "2", "--seconds", "4", "--json"]
    assert mixed.main(words) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert (told["failed"], told["photos"], len(told["p95"])) == (0, 3, 2)
    assert told["videos_left"] > 0

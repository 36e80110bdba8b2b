"""The sandbox from outside: it develops, it survives, and the next photo is always fine."""

import asyncio
import contextlib
import ctypes
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from PIL import Image

from processors.image import develop
from processors.refusals import Refused
from processors.results import Developed
from processors.sandbox import doors, memfd, messages
from processors.sandbox.cgroup import _places
from processors.sandbox.command import CHECKOUT
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.inbox import INBOX_BYTES, Inbox, reader
from processors.sandbox.layers import Layer, Protection
from processors.sandbox.memory import tree
from processors.sandbox.outbox import OUTBOX_BYTES, Outbox, Writer
from processors.sandbox.probe import probe
from processors.sandbox.sandbox import Sandbox
from tests.daemons.process import freeze
from tests.processors.byhand import jpeg_segment
from tests.processors.pictures import animation, encoded, large, png_claiming, scene

PHOTO = encoded(scene(1200, 900), "JPEG", quality=90)


def same(one: Developed, other: Developed) -> bool:
    def plain(developed: Developed) -> list[tuple[str, str, bytes]]:
        return [(v.name, v.sha256, bytes(v.data)) for v in developed.versions]

    return one.source == other.source and plain(one) == plain(other)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)


def ordinary_user() -> dict[str, object]:
    """Somebody else than root, if the checkout lets them in."""
    reachable = all(
        path.stat().st_mode & 0o005 == 0o005
        for top in (CHECKOUT, sys.executable)
        for path in Path(top).resolve().parents
    )
    return {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 and reachable else {}


async def test_it_makes_what_the_process_itself_would(sandbox: Sandbox) -> None:
    assert same(await sandbox.develop(PHOTO), develop(PHOTO))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF", "JPEG"])
async def test_every_kind_comes_through_the_closed_doors(sandbox: Sandbox, kind: str) -> None:
    data = encoded(scene(500, 400), kind)
    assert same(await sandbox.develop(data), develop(data))


async def test_versions_are_copies_that_outlive_the_child_and_the_next_photo(sandbox: Sandbox) -> None:
    first = await sandbox.develop(PHOTO)
    await sandbox.develop(encoded(scene(1200, 900, 7), "JPEG"))
    await sandbox.close()
    assert same(first, develop(PHOTO))


def _refused() -> Iterator[tuple[str, bytes, bool]]:
    """What files are refused with, and whether that is known before a decoder has looked at them."""
    yield "empty", b"", True
    yield "not_a_picture", b"just text\n", True
    yield "unsupported_kind", encoded(Image.new("RGB", (9, 9)), "BMP"), True
    yield "too_much_metadata", PHOTO[:2] + jpeg_segment(0xFE, bytes(65_000)) * 300 + PHOTO[2:], True
    yield "unsupported_kind", encoded(scene(64, 48), "TIFF", tiffinfo={0xC612: b"\1\4\0\0"}), False
    yield "unsupported_kind", encoded(Image.new("F", (9, 9)), "TIFF"), False
    yield "truncated", PHOTO[: len(PHOTO) // 2], False
    yield "too_many_pixels", png_claiming(50_000, 50_000), False
    yield "too_many_frames", animation("GIF", 1001), False


async def test_refusals_come_through_and_the_next_photo_is_fine(sandbox: Sandbox) -> None:
    for code, data, untouched in _refused():
        before = sandbox.pid
        with pytest.raises(Refused) as caught:
            await sandbox.develop(data)
        assert caught.value.code == code
        assert (await sandbox.develop(PHOTO)).versions
        # A decoder that has met an error is not trusted with the next file.
        assert (sandbox.pid == before) == untouched, code


async def test_after_a_bad_file_the_next_child_stands_by(sandbox: Sandbox) -> None:
    """So a row of bad files does not cost each good one among them the start of a child."""
    for _ in range(4):
        with pytest.raises(Refused):
            await sandbox.develop(PHOTO[: len(PHOTO) // 2])
        at_work, standing_by = _children()
        assert (await sandbox.develop(PHOTO)).versions
        assert sandbox.pid in tree(at_work)
    os.killpg(at_work, signal.SIGKILL)
    wait_for_end(at_work)
    assert (await sandbox.develop(PHOTO)).versions
    assert sandbox.pid in tree(standing_by)
    await sandbox.close()
    assert _children() == []


def _children() -> list[int]:
    """The first process of each child of all sandboxes of this process, the oldest first."""
    return [child.pid for child in psutil.Process().children() if alive(child.pid)]


async def test_a_sniffer_knows_kinds_behind_the_same_doors_and_develops_nothing() -> None:
    async with Sandbox(role="sniffer") as sniffer:
        assert await sniffer.sniff(PHOTO[:2000]) == "image/jpeg"
        assert await sniffer.sniff(b"%PDF-1.7 and no more") == "application/pdf"
        with pytest.raises(Refused):
            await sniffer.sniff(b"")
        with pytest.raises(SandboxDied, match="nothing"):
            await sniffer.develop(PHOTO)
        assert await sniffer.sniff(b"MZ" + bytes(100)) == "application/x-dosexec"
        status = await asyncio.to_thread(Path(f"/proc/{sniffer.pid}/status").read_text)
        assert "\nNoNewPrivs:\t1\n" in status
        assert "\nSeccomp:\t2\n" in status


async def test_a_sniffer_needs_no_namespaces() -> None:
    """As where its parent may make none, like the API by its unit: then Landlock is the second wall."""
    held = (await probe()).layers & {Layer.FILTER, Layer.LANDLOCK}
    async with Sandbox(role="sniffer", protection=Protection(held)) as sniffer:
        assert await sniffer.sniff(PHOTO[:2000]) == "image/jpeg"


async def test_two_callers_share_one_child(sandbox: Sandbox) -> None:
    photos = [encoded(scene(400, 300, seed), "JPEG") for seed in range(6)]
    found = await asyncio.gather(*(sandbox.develop(photo) for photo in photos))
    assert all(same(one, develop(photo)) for one, photo in zip(found, photos, strict=True))


async def test_a_child_killed_in_the_middle_is_replaced(sandbox: Sandbox) -> None:
    pid = sandbox.pid
    assert pid
    work = asyncio.create_task(sandbox.develop(large()))
    await asyncio.sleep(0.15)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(SandboxDied, match="signal 9"):
        await work
    assert (await sandbox.develop(PHOTO)).versions
    assert sandbox.pid not in (None, pid)


async def test_a_child_killed_while_it_waits_is_replaced_unseen(sandbox: Sandbox) -> None:
    pid = sandbox.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    assert (await sandbox.develop(PHOTO)).versions


async def test_so_is_one_whose_end_is_not_known_yet(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where what is around it takes a moment longer to end."""
    assert sandbox._child is not None
    monkeypatch.setattr(sandbox._child.process, "poll", lambda: None)
    pid = sandbox.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    assert (await sandbox.develop(PHOTO)).versions


async def test_a_hang_times_out_and_is_killed(sandbox: Sandbox) -> None:
    pid = sandbox.pid
    assert pid
    freeze(pid)
    started = time.monotonic()
    with pytest.raises(SandboxTimeout):
        await sandbox.develop(PHOTO, timeout=0.4)
    assert time.monotonic() - started < 5
    assert not alive(pid)
    assert (await sandbox.develop(PHOTO)).versions


async def test_a_cancelled_caller_leaves_no_answer_behind(sandbox: Sandbox) -> None:
    work = asyncio.create_task(sandbox.develop(large()))
    await asyncio.sleep(0.1)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert same(await sandbox.develop(PHOTO), develop(PHOTO))


async def test_a_child_that_takes_too_much_memory_is_killed() -> None:
    async with Sandbox(max_bytes=150 << 20) as small:
        with pytest.raises(Refused) as caught:
            await small.develop(large())
        assert caught.value.code == "too_much_memory"
        assert (await small.develop(PHOTO)).versions


async def test_a_child_serves_its_time() -> None:
    async with Sandbox(max_files=2) as short:
        pids = []
        for _ in range(4):
            await short.start()
            pids.append(short.pid)
            await short.develop(PHOTO)
        assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_it_has_no_environment_and_few_descriptors(sandbox: Sandbox) -> None:
    secret = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(secret, True)
    os.environ["DARKROOM_PROBE"] = "secret"
    try:
        async with Sandbox(labels=["--data", "/srv/mine"]) as other:
            process = Path(f"/proc/{other.pid}")
            names = {line.split(b"=")[0].decode() for line in (process / "environ").read_bytes().split(b"\0") if line}
            links = [os.readlink(link) for link in (process / "fd").iterdir()]
            command = (process / "cmdline").read_bytes().split(b"\0")
    finally:
        os.close(secret)
        del os.environ["DARKROOM_PROBE"]
    assert all(name.startswith(("MALLOC_", "OPENBLAS_")) or name in ("PYTHONPATH", "PWD") for name in names)
    assert sorted(link.split(":")[0] for link in links) == ["/dev/null"] * 3 + ["/memfd"] * 2 + ["socket"]
    assert command[-3:] == [b"--data", b"/srv/mine", b""]


async def test_the_limits_of_a_child(sandbox: Sandbox) -> None:
    with open(f"/proc/{sandbox.pid}/limits") as file:  # noqa: ASYNC230  it is memory
        lines = file.read().splitlines()[1:]
    limits = {line[:26].strip(): line[26:].split()[:2] for line in lines}
    for what, amount in (
        ("Max core file size", 0),
        ("Max file size", 0),
        ("Max open files", doors.OPEN_FILES),
        ("Max processes", doors.THREADS),
        ("Max address space", doors.ADDRESS_SPACE_BYTES),
    ):
        assert limits[what] == [str(amount)] * 2, what


def test_it_dies_with_its_parent() -> None:
    """However busy it is: the parent is killed, and has no time for farewells."""
    script = """
import asyncio, os, sys
from processors.sandbox.sandbox import Sandbox
async def main():
    sandbox = Sandbox()
    await sandbox.start()
    os.kill(sandbox.pid, 19)
    print(sandbox.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    environment = {"PYTHONPATH": CHECKOUT}
    parent = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    wait_for_end(pid)
    assert not alive(pid)


def test_an_ordinary_user_can_run_it() -> None:
    script = """
import asyncio, sys
from processors.sandbox.sandbox import Sandbox
async def main():
    async with Sandbox() as sandbox:
        print(len((await sandbox.develop(sys.stdin.buffer.read())).versions))
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        env={"PYTHONPATH": CHECKOUT},
        input=PHOTO,
        capture_output=True,
        cwd="/",
        timeout=30,
        **ordinary_user(),  # type: ignore[call-overload]
    )
    assert done.stdout.strip() == b"4", done.stderr.decode()


async def test_a_child_that_lies_is_replaced(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child taken over can say anything: results that aren't what was asked for are refused."""
    good = await sandbox.develop(PHOTO)
    heads = [
        messages.VersionHead(v.name, v.width, v.height, v.content_type, v.extension, v.sha256, len(v.data))
        for v in good.versions
    ]
    from processors.recipes import PHOTO as RECIPE
    from processors.sandbox.reply import checked

    facts = {
        name: value for name, value in asdict(good.source).items() if name != "previews"
    }  # said by nobody in there
    source, job = messages.SourceHead(**facts), messages.Job(RECIPE, len(PHOTO))
    long = [*heads[:-1], msgspec.structs.replace(heads[-1], length=OUTBOX_BYTES)]
    with contextlib.closing(Outbox()) as outbox:
        with outbox.handing_over():
            Writer(os.dup(outbox.descriptor)).put([v.data for v in good.versions])
        assert same(checked(messages.Done(source, heads), outbox, job), good)
        for wrong in (messages.Done(source, heads[1:]), messages.Done(source, long), messages.Ready(1)):
            with pytest.raises(SandboxDied):
                checked(wrong, outbox, job)


@pytest.mark.parametrize("said", [b"nonsense", b"", messages.encode(messages.Ready(1))])
async def test_what_a_child_hands_over_unasked_is_closed(sandbox: Sandbox, said: bytes) -> None:
    child = sandbox._child
    assert child
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with ours, theirs:
        before, kept = _descriptors(), child.channel
        child.channel = ours
        for _ in range(3):
            socket.send_fds(theirs, [said], [theirs.fileno(), theirs.fileno()])
            with contextlib.suppress(SandboxDied):
                await child.receive(1)
        child.channel = kept
        assert _descriptors() == before


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_a_child_that_can_not_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Sandbox() as running:  # probed, and all that opens only once is open
        protection = running.protection
    groups, before = _groups(), _descriptors()
    monkeypatch.setattr("sys.executable", "/nonexistent")
    with pytest.raises(SandboxDied, match="could not be started"):
        await Sandbox(protection=replace(protection, layers=protection.layers - {Layer.BUBBLEWRAP})).start()
    assert _descriptors() == before
    assert _groups() <= groups  # one of before that was slow to empty may have gone meanwhile


def _groups() -> set[Path]:
    """The control groups of all sandboxes of this process."""
    return {path for place, _ in _places() for path in place.glob(f"darkroom-{os.getpid()}-*")}


@pytest.mark.parametrize(
    "change",
    [
        *({"name": "../../etc"}, {"extension": "exe"}, {"sha256": "x"}, {"content_type": "text/html"}, {"length": 0}),
        *({"source": {"format": "<b>"}}, {"source": {"content_type": "<b>"}}, {"source": {"width": -1}}),
        *({"source": {"height": 10**12}}, {"source": {"frames": 0}}, {"source": {"frames": 10**6}}),
    ],
)
def test_a_lie_in_a_message_is_not_decoded(change: dict[str, Any]) -> None:
    head: dict[str, object] = {"name": "thumb", "width": 1, "height": 1, "content_type": "image/jpeg"}
    head |= {"extension": "jpg", "sha256": "0" * 64, "length": 1}
    facts = {"format": "jpeg", "content_type": "image/jpeg", "width": 1, "height": 1, "frames": 1}

    def message(changed: dict[str, Any]) -> bytes:
        source, version = facts | changed.get("source", {}), head | changed
        return messages.encode({"type": "done", "source": source, "versions": [version]})

    assert isinstance(messages.decode_reply(message({})), messages.Done)
    with pytest.raises(ValueError, match=r"Expected|Invalid"):
        messages.decode_reply(message(change))


def test_the_outbox_can_not_be_made_smaller_or_larger() -> None:
    """Its reader would die of a page that is gone; a larger one would hold what nobody counts."""
    with contextlib.closing(Outbox()) as outbox, outbox.handing_over():
        for size in (0, OUTBOX_BYTES + 1):
            with pytest.raises(OSError, match="not permitted"):
                os.ftruncate(outbox.descriptor, size)
        with pytest.raises(OSError, match="not permitted"):
            os.pwrite(outbox.descriptor, b"x", OUTBOX_BYTES)


async def test_a_child_is_lent_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources that have memory of their own: one that kept them all would hold what is on nobody's account."""
    monkeypatch.setattr("processors.sandbox.sandbox.LENT_BYTES", 2 * INBOX_BYTES)
    async with Sandbox() as lent:
        pids = []
        for _ in range(3):
            await lent.start()
            pids.append(lent.pid)
            await lent.develop(PHOTO + bytes(INBOX_BYTES))
            await lent.develop(PHOTO)
        assert pids[0] == pids[1] != pids[2]


def test_a_sealed_file_can_not_be_changed() -> None:
    descriptor = memfd.sealed([b"picture"])
    try:
        with pytest.raises(OSError, match="not permitted"):
            os.pwrite(descriptor, b"x", 0)
        with pytest.raises(OSError, match="not permitted"):
            os.ftruncate(descriptor, 0)
        assert bytes(memfd.view(descriptor)) == b"picture"
    finally:
        os.close(descriptor)


def test_the_inbox_is_for_the_parent_to_write() -> None:
    """Whoever has its descriptor, as the child has, can read and do nothing else."""
    inbox = Inbox()
    with inbox.handing_over():
        inbox.put(b"first photo")
        with pytest.raises(OSError, match="not permitted"):
            os.pwrite(inbox.descriptor, b"x", 0)
        with pytest.raises(OSError, match="not permitted"):
            mmap.mmap(inbox.descriptor, INBOX_BYTES)
        view = reader(os.dup(inbox.descriptor))
        inbox.put(b"second")
    assert bytes(view[:11]) == b"secondphoto"
    assert view.readonly
    inbox.close()


async def test_a_source_larger_than_the_inbox(sandbox: Sandbox) -> None:
    longer = PHOTO + bytes(INBOX_BYTES)
    assert same(await sandbox.develop(longer), develop(longer))
    assert same(await sandbox.develop(PHOTO), develop(PHOTO))


def test_the_allocator_is_there_to_be_tuned() -> None:
    """The settings are glibc's, and so is trimming after a large picture."""
    assert ctypes.CDLL(None).malloc_trim(0) in (0, 1)


async def test_a_large_picture_is_not_paid_for_ever(sandbox: Sandbox) -> None:
    from processors.sandbox.memory import resident_bytes

    huge = encoded(Image.new("RGB", (9000, 6000), (9, 120, 30)), "PNG", compress_level=1)
    await sandbox.develop(huge)
    await asyncio.sleep(0.2)
    assert sandbox.pid
    assert resident_bytes(sandbox.pid) < 200 << 20

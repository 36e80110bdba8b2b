"""Room is taken before the work begins, and given back."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.library.originals.hindrances import Hindrance, NoRoom, NotDone, failed
from appliance.library.originals.places import place_of
from appliance.library.originals.replacing import Replaced, replace
from appliance.library.originals.scratch import Scratch, reserve, resume
from tests.faults.volume import Volume
from tests.library.originals.fallback import without_links
from tests.library.originals.scene import NEW, OLD, Scene, as_nobody, digest, dying
from tests.library.originals.test_replacing import why

pytestmark = pytest.mark.pure
MIB = 1 << 20


def free(folder: Path) -> int:
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


def reserved(scene: Scene, size: int, least_free: int = 0) -> Scratch:
    scratch = reserve(scene.place, scene.asset, size, least_free)
    assert isinstance(scratch, Scratch), scratch
    return scratch


def test_room_is_taken_at_once_and_what_is_not_needed_given_back(film: Scene) -> None:
    with reserved(film, 32 * MIB) as scratch:
        facts = os.fstat(scratch.descriptor)
        assert (facts.st_size, facts.st_blocks * 512) == (0, 32 * MIB)
        os.write(scratch.descriptor, b"x" * MIB)
        assert scratch.trim() == MIB
        facts = os.fstat(scratch.descriptor)
        assert (facts.st_size, facts.st_blocks * 512) == (MIB, MIB)
    assert not film.work.exists()


def test_what_is_left_to_others_is_left(film: Scene) -> None:
    spare = free(film.folder) - 8 * MIB
    refused = reserve(film.place, film.asset, 16 * MIB, spare)
    assert isinstance(refused, NoRoom)
    assert (refused.needed, refused.least_free, refused.where) == (16 * MIB, spare, str(film.folder))
    assert f"{16 * MIB:,}" in refused.reason
    assert f"{refused.free:,}" in refused.reason
    assert str(film.folder) in refused.reason
    assert not film.work.exists()


def test_more_than_there_is(film: Scene) -> None:
    assert isinstance(reserve(film.place, film.asset, 1 << 60, 0), NoRoom)
    assert not film.work.exists()


def test_nothing_is_made_on_a_disk_that_is_too_full_for_it(film: Scene) -> None:
    assert isinstance(reserve(film.place, film.asset, 1 << 60, 0), NoRoom)
    assert not os.path.lexists(os.path.join(film.place.top, ".darkroom"))  # a folder would need room, too


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_that_there_is_no_room_is_no_failure_of_the_file(number: int) -> None:
    assert failed(OSError(number, os.strerror(number))).why is Hindrance.FULL
    assert failed(OSError(errno.EIO, "broken")).why is Hindrance.FAILED


def test_one_at_a_time_for_an_asset(film: Scene) -> None:
    with reserved(film, MIB):
        assert why(reserve(film.place, film.asset, MIB, 0)) is Hindrance.BUSY
        with reserved(Scene(film.folder, film.film, asset=uuid4()), MIB):
            pass
        assert film.recover() == []
        assert film.work.exists()
    with reserved(film, MIB):
        pass


def test_a_process_that_was_forked_meanwhile_holds_nothing(film: Scene) -> None:
    waiting, over = os.pipe()
    with reserved(film, MIB):
        child = os.fork()
        if child == 0:
            os.close(over)
            os.read(waiting, 1)  # until the other end is closed, by whatever
            os._exit(0)
    try:
        with reserved(film, MIB):
            pass
    finally:
        os.close(over)
        os.close(waiting)
        assert os.waitpid(child, 0)[1] == 0


def test_what_somebody_left_who_is_gone_is_removed(film: Scene) -> None:
    assert dying(lambda: (reserved(film, MIB), os._exit(1))) == 1
    assert (film.work / "made").exists()
    assert film.recover() == []
    assert not film.work.exists()


def sealed(scene: Scene) -> None:
    """Makes it whole, and dies."""
    scratch = reserved(scene, MIB)
    os.write(scratch.descriptor, NEW)
    assert scratch.seal() == (len(NEW), digest(NEW))
    scratch.keep()
    with scratch:
        pass
    os._exit(1)


def test_what_was_made_is_gone_on_with_where_it_is_whole(film: Scene) -> None:
    assert dying(lambda: sealed(film)) == 1
    inode = (film.work / "made").stat().st_ino
    assert film.recover(film.asset) == []
    assert resume(film.place, film.asset, (len(NEW), digest(OLD))) is None
    scratch = resume(film.place, film.asset, (len(NEW), digest(NEW)))
    assert scratch is not None
    with scratch:
        assert os.fstat(scratch.descriptor).st_ino == inode
        assert resume(film.place, film.asset, (len(NEW), digest(NEW))) is None  # one at a time
        assert isinstance(replace(scratch, film.order()), Replaced)
        scratch.keep(False)
    film.must_be_new()
    assert not film.work.exists()


def test_what_nobody_goes_on_with_is_removed(film: Scene) -> None:
    assert dying(lambda: sealed(film)) == 1
    assert film.recover(uuid4()) == []
    assert not film.work.exists()
    assert resume(film.place, film.asset, (len(NEW), digest(NEW))) is None


def test_a_file_system_that_can_not_replace_is_found_out_before_the_work(film: Scene) -> None:
    def refused() -> None:
        without_links()
        assert why(reserve(film.place, film.asset, MIB, 0)) is Hindrance.PLACE
        assert not film.work.exists()

    assert dying(refused) == 0


def test_nothing_is_made_before_it_is_asked_for(film: Scene) -> None:
    assert film.place.top == str(film.folder)
    assert film.recover() == []
    assert os.listdir(film.folder) == ["films"]


def test_a_hidden_folder_of_somebody_else_is_not_used(film: Scene) -> None:
    film.hidden.mkdir(mode=0o700)
    film.hidden.chmod(0o770)
    assert why(reserve(film.place, film.asset, MIB, 0)) is Hindrance.PLACE
    with pytest.raises(PermissionError):
        film.recover()
    film.hidden.rmdir()
    film.hidden.symlink_to("films")
    assert why(reserve(film.place, film.asset, MIB, 0)) is Hindrance.PLACE
    assert os.listdir(film.film.parent) == ["film.mkv"]


@pytest.mark.root
def test_a_folder_that_may_only_be_read(film: Scene) -> None:
    place = film.place
    with as_nobody():
        assert why(reserve(place, film.asset, MIB, 0)) is Hindrance.PLACE
        assert why(place_of(str(film.folder), str(film.film))) is Hindrance.PLACE
    assert os.listdir(film.folder) == ["films"]


@pytest.mark.root
@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_a_disk_that_is_full_in_the_middle(volume: Callable[[str], Volume], kind: str) -> None:
    """Room that was set aside is there for what is made; what comes after needs next to none, or all is as it was."""
    disk = volume(kind)
    scene = Scene(disk.place, disk.place / "films/film.mkv").shoot()
    with reserved(scene, len(NEW)) as scratch:
        disk.fill()
        with pytest.raises(OSError, match="No space left") as full:
            (disk.place / "more").write_bytes(bytes(1 << 20))
        assert full.value.errno == errno.ENOSPC
        (disk.place / "more").unlink(missing_ok=True)
        os.write(scratch.descriptor, NEW)
        done = replace(scratch, scene.order())
    assert scene.is_whole()
    if isinstance(done, Replaced):
        scene.must_be_new()
    else:
        assert isinstance(done, NotDone)
        scene.must_be_old()
        disk.free()
        scene.replaced()
    disk.fill()
    scene.undo()
    assert scene.film.read_bytes() == OLD

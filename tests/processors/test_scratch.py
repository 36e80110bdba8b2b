"""The folder that a program of the sandbox may write to: where it is, how much it takes, and that it goes."""

import os
from pathlib import Path

import pytest

from processors.sandbox.layers import Layer
from processors.sandbox.scratch import IN_MEMORY, scratch_of

pytestmark = pytest.mark.pure


def test_without_namespaces_it_is_a_folder_that_is_watched_and_goes() -> None:
    with scratch_of({Layer.LANDLOCK}, 20_000) as scratch:
        assert scratch
        assert scratch.folder
        folder = Path(scratch.path)
        assert os.stat(folder).st_mode & 0o007 == 0
        (folder / "deep/er").mkdir(parents=True)
        (folder / "deep/er/file").write_bytes(bytes(8_000))
        (folder / "link").symlink_to("/usr/bin")
        assert not scratch.full()
        (folder / "another").write_bytes(bytes(20_000))
        assert scratch.full()
    assert not folder.exists()


def test_in_namespaces_it_is_in_memory_and_the_kernel_counts() -> None:
    with scratch_of({Layer.UNSHARE, Layer.LANDLOCK}, 1 << 20) as scratch:
        assert scratch
        assert (scratch.path, scratch.folder, scratch.full()) == (IN_MEMORY, None, False)
        assert str(1 << 20) in scratch.of_bubblewrap()


def test_who_asks_for_none_gets_none() -> None:
    with scratch_of({Layer.LANDLOCK}, 0) as scratch:
        assert scratch is None

"""The copy of the code that the service account runs from."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops.setup import place

pytestmark = pytest.mark.pure


@pytest.fixture
def checkout(tmp_path) -> Path:
    made = tmp_path / "checkout"
    for name in place.PACKAGES:
        (made / name).mkdir(parents=True)
        for number in range(50):
            (made / name / f"{number}.py").write_text(name)
    for name in place.FILES:
        (made / name).write_text(name)
    return made


def test_it_follows_the_checkout(checkout, tmp_path):
    code = tmp_path / "own" / "code"
    place.refresh_copy(checkout, code)
    (checkout / "ops" / "0.py").write_text("something else")
    (checkout / "ops" / "1.py").unlink()
    place.refresh_copy(checkout, code)
    assert (code / "ops" / "0.py").read_text() == "something else"
    assert not (code / "ops" / "1.py").exists()


def test_several_at_once_make_one_whole_copy(checkout, tmp_path):
    code = tmp_path / "own" / "code"
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(place.refresh_copy, checkout, code) for _ in range(4)]
        assert [one.exception() for one in made] == [None] * 4
    assert len(list(code.glob("*/*.py"))) == 50 * len(place.PACKAGES)
    assert {path.name for path in code.parent.iterdir()} == {"code", "code.lock"}

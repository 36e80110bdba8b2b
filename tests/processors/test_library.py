"""The imaging library is checked whenever a child starts, and not only when the environment is made."""

import time
from pathlib import Path

import PIL
import pytest

from processors.image import library
from processors.sandbox.command import ENVIRONMENT
from processors.sandbox.errors import SandboxDied
from processors.sandbox.layers import Layer, Protection
from processors.sandbox.sandbox import Sandbox


def test_the_right_one_is_recognised_in_no_time() -> None:
    began = time.process_time()
    library.check()
    assert time.process_time() - began < 0.1


def test_what_another_one_lacks_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain = tmp_path / "imaging.so"
    plain.write_bytes(bytes(1000))
    monkeypatch.setattr(PIL, "__version__", "12.1.1")
    monkeypatch.setattr(library.Image.core, "__file__", str(plain))
    monkeypatch.setattr(library, "NEEDED", ("jpg", "raqm"))
    with pytest.raises(library.WrongLibrary, match=r"lacks raqm, SIMD \(it is Pillow 12\.1\.1.*AVX2"):
        library.check()


async def test_no_child_starts_with_another_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import PIL.Image\nPIL.__version__ = '12.1.1'\n")
    path = f"{tmp_path}:{ENVIRONMENT['PYTHONPATH']}"
    monkeypatch.setattr("processors.sandbox.spawn.ENVIRONMENT", ENVIRONMENT | {"PYTHONPATH": path})
    with pytest.raises(SandboxDied, match=r"it is Pillow 12\.1\.1, not pillow-simd"):
        await Sandbox(protection=Protection(frozenset({Layer.FILTER}), weak=True)).start()

"""How a verb ends: with its own code, with 130 after Ctrl-C, and never with a code that means something else."""

import pytest

from ops.commands import options
from tests.stack import CHECKOUT

pytestmark = pytest.mark.pure


def code(main, **more) -> int:
    with pytest.raises(SystemExit) as ended:
        options.run(main, **more)
    return ended.value.code


def interrupted() -> int:
    raise KeyboardInterrupt


def broken() -> int:
    raise RuntimeError("a fault of ours")


def test_each_end_has_its_code(capsys):
    assert code(lambda: 3) == 3
    assert code(interrupted, crashed=2) == 130
    said = capsys.readouterr().err
    assert "interrupted" in said
    assert "Traceback" not in said
    assert code(broken) == 1
    assert code(broken, crashed=2) == 2
    assert "a fault of ours" in capsys.readouterr().err


def test_every_verb_ends_so():
    verbs = [path for path in (CHECKOUT / "ops/commands").glob("*.py") if "__main__" in path.read_text()]
    assert len(verbs) > 10
    assert [path.name for path in verbs if "    options.run(main" not in path.read_text()] == []


@pytest.mark.parametrize("verb", ["verify", "retry", "status"])
def test_a_fault_of_ours_is_no_finding(verb):
    """1 is what these say of the appliance."""
    assert "options.run(main, crashed=2)" in (CHECKOUT / f"ops/commands/{verb}.py").read_text()

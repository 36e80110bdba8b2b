"""The soak's verdict: each way in which the promise can be broken is found, and nothing else is called one."""

import random
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ops.soaking import files, memory, report
from ops.soaking.book import Book, Heard
from ops.soaking.clients import Uploader
from ops.soaking.harm import Kill
from ops.soaking.outcome import Outcome, figures
from ops.soaking.receiving import Receiver
from ops.uploading.client import Away, Client

pytestmark = pytest.mark.pure

DONE, FAILED = {"state": "done", "error": None}, {"state": "error", "error": {"code": "unreadable"}}


def kept() -> tuple[Outcome, dict[str, dict[str, Any]]]:
    """An outcome in which the promise was kept, and the images that it is judged by."""
    book = Book()
    book.acknowledged("photo", "small", True)
    book.acknowledged("text", "text", False)
    book.acknowledged("gone", "small", True)
    book.sent["gone"].deleted = True
    outcome = Outcome(
        1, 7, 2, 4, book, [Kill("api", 10.0, 12.5)], {}, events=9, verified={"clean": True, "unexplained": 0}
    )
    return outcome, {"photo": dict(DONE), "text": dict(FAILED)}


def test_all_ended_as_it_should() -> None:
    outcome, images = kept()
    outcome.judge(images)
    assert outcome.holds
    assert outcome.states == {"done": 1, "error": 1, "deleted": 1}
    assert outcome.errors == {"unreadable": 1}
    assert "The promise was kept" in report.text(outcome)


def left_over(outcome: Outcome, kind: str = "left over", forms: int = 2, unexplained: int = 1) -> None:
    """Storage was killed, and verify found a version more of `photo`."""
    outcome.kills.append(Kill("storage", 14.0, 16.0))
    outcome.book.forms["photo"] = forms
    outcome.unexplained = unexplained
    outcome.examples = [{"kind": kind, "bucket": "originals", "key": "projects/p/images/20261121/photo"}]


def test_a_form_sent_again_under_a_killed_storage_may_leave_a_version() -> None:
    outcome, images = kept()
    left_over(outcome, unexplained=4)
    outcome.judge(images)
    assert outcome.holds
    assert re.search("left over by kills of storage +4, deleted", report.text(outcome))


def given_up(outcome: Outcome) -> None:
    """The deletion of `gone` was asked for, and no answer came."""
    outcome.book.sent["gone"].deleting, outcome.book.sent["gone"].deleted = True, False


BREACHES: dict[str, Callable[[Outcome, dict[str, dict[str, Any]]], object]] = {
    "an upload is not there": lambda outcome, images: images.pop("photo"),
    "an acknowledged upload has expired": lambda outcome, images: images.update(
        photo={"state": "error", "error": {"code": "upload_expired"}}
    ),
    "one is stuck": lambda outcome, images: images.update(photo={"state": "processing", "error": None}),
    "a photo became an error": lambda outcome, images: images.update(photo=dict(FAILED)),
    "a letter became a photo": lambda outcome, images: images.update(text=dict(DONE)),
    "a listener missed something": lambda outcome, images: setattr(outcome, "heard_wrong", 1),
    "the webhook missed something": lambda outcome, images: setattr(outcome, "webhook_missing", 1),
    "verify found something": lambda outcome, images: outcome.verified.update(clean=False),
    "a version is left over of a form sent once": lambda outcome, images: left_over(outcome, forms=1),
    "more are left over than were under way": lambda outcome, images: left_over(outcome, unexplained=5),
    "an upload was not taken in": lambda outcome, images: left_over(outcome, kind="late"),
    "verify could not run": lambda outcome, images: setattr(outcome, "verified", {"error": "nothing is running"}),
    "a part did not come back": lambda outcome, images: outcome.kills.append(Kill("edge", 20.0)),
    "hardly anything was killed": lambda outcome, images: setattr(outcome, "minutes", 3),
    "a part takes more and more memory": lambda outcome, images: (
        outcome.growth.update(api=memory.Growth(100.0, 220.0, 320.0)),
        setattr(outcome, "minutes", 10),
        setattr(outcome, "kills", 18 * outcome.kills),
    ),
    "what was deleted is still there": lambda outcome, images: images.update(gone=dict(DONE)),
    "one whose deletion was given up is stuck": lambda outcome, images: (
        given_up(outcome),
        images.update(gone={"state": "uploaded", "error": None}),
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_breach_is_found(breach: str) -> None:
    outcome, images = kept()
    BREACHES[breach](outcome, images)
    outcome.judge(images)
    assert not outcome.holds
    assert "NOT KEPT" in report.text(outcome)


@pytest.mark.parametrize("ended", [DONE, FAILED])
def test_of_two_files_sent_by_one_form_either_may_be_taken_in(ended: dict[str, Any]) -> None:
    outcome, images = kept()
    outcome.book.sent["text"].good = None
    outcome.judge(images | {"text": dict(ended)})
    assert outcome.holds


@pytest.mark.parametrize("there", [True, False])
def test_a_deletion_without_an_answer_may_be_done_or_not(there: bool) -> None:
    outcome, images = kept()
    given_up(outcome)
    outcome.judge(images | ({"gone": dict(DONE)} if there else {}))
    assert outcome.holds
    assert outcome.states == ({"done": 2, "error": 1} if there else {"done": 1, "error": 1, "deleted": 1})


@pytest.mark.parametrize(("answer", "deleted"), [(204, True), (404, True), (409, False), (None, False)])
async def test_only_an_answer_makes_a_deletion_done(answer: int | None, deleted: bool, monkeypatch) -> None:
    class Server:
        async def call(self, method: str, path: str) -> int:
            if answer is None:
                raise Away("it is gone")
            return answer

    monkeypatch.setattr("ops.soaking.clients.LONGEST_HESITATION", 0)
    book = Book()
    book.acknowledged("one", "small", True)
    with suppress(Away):
        await Uploader(Client(None, "", "", None), Server(), book, {}, 1)._delete("one")
    assert (book.sent["one"].deleting, book.sent["one"].deleted) == (True, deleted)


def test_what_expired_after_its_acknowledgement_is_called_lost() -> None:
    outcome, images = kept()
    BREACHES["an acknowledged upload has expired"](outcome, images)
    outcome.judge(images)
    assert (outcome.lost, outcome.wrong) == (["photo"], [])


def test_a_listener_is_to_hear_every_number_once_and_in_order() -> None:
    for told, wrong in (([1, 2, 3], 0), ([1, 3], 1), ([1, 2, 2, 3], 1), ([2, 1], 2)):
        heard = Heard()
        for seq in told:
            heard.take(seq)
        assert heard.wrong == wrong, told


def test_a_receiver_knows_what_it_was_not_told() -> None:
    receiver = Receiver(1)
    receiver.seqs = {1, 2, 4, 9}
    assert receiver.missing(5) == 2


def test_an_end_that_is_told_before_the_acknowledgement_is_known() -> None:
    book = Book()
    book.told({"image_id": "a", "state": "done"})
    book.acknowledged("a", "small", True)
    assert book.sent["a"].ended is not None
    book.acknowledged("b", "small", True)
    book.told({"image_id": "b", "state": "processing"})
    assert book.sent["b"].ended is None


def test_latencies_near_a_kill_are_told_apart() -> None:
    outcome, _ = kept()
    for name, at, ended in (("photo", 5.0, 6.0), ("text", 11.0, 30.0), ("gone", 100.0, 102.0)):
        outcome.book.sent[name].acknowledged, outcome.book.sent[name].ended = at, ended
    assert outcome.latencies(False) == [1.0, 2.0, 19.0]
    assert outcome.latencies(True) == [1.0, 2.0]
    assert outcome.heal_seconds() == [2.5]
    assert figures([1.0, 2.0, 3.0]) == {"n": 3, "p50": 2.0, "p95": 3.0, "p99": 3.0, "worst": 3.0}


def test_memory_that_grows_has_a_slope() -> None:
    steady = memory.growth([(float(second), 100.0) for second in range(0, 600, 5)])
    assert steady == memory.Growth(100.0, 100.0, 0.0)
    warming = memory.growth([(float(second), min(100.0 + second, 200.0)) for second in range(0, 600, 5)])
    assert abs(warming.slope) < 1, "what is taken in the first quarter is no leak"
    leaking = memory.growth([(float(second), 100.0 + second / 60) for second in range(0, 600, 5)])
    assert leaking.slope == pytest.approx(60.0)
    assert leaking.last > leaking.first + 6
    assert steady.flat
    assert warming.flat
    assert memory.Growth(100.0, 190.0, 500.0).flat, "a cache that fills"
    assert memory.Growth(20.0, 200.0, 0.0).flat, "it no longer grows"
    assert not memory.Growth(100.0, 210.0, 240.0).flat


def test_the_section_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    outcome, images = kept()
    outcome.judge(images)
    page = tmp_path / "README.md"
    page.write_text("# Before\n")
    report.write(page, outcome)
    first = page.read_text()
    assert first.startswith("# Before\n")
    page.write_text(first + "\nAfter\n")
    outcome.seed = 8
    report.write(page, outcome)
    assert page.read_text() == first.replace("seed 7", "seed 8") + "\nAfter\n"


def test_a_seed_decides_what_is_sent() -> None:
    def drawn(seed: int) -> list[str]:
        chance = random.Random(seed)
        some = {kind: [files.File(kind, b"", True)] for kind in files.SHARES}
        return [files.chosen(some, chance).kind for _ in range(50)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert set(drawn(1)) == set(files.SHARES)

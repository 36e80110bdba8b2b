"""Clients, notifications, intake, workers and failing parts, in any order that hypothesis can think of."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from appliance.ledger.inbox import INBOX
from storage.objects import Stat
from tests.ledger.book import FAILURE
from tests.ledger.model.pacing import Process
from tests.ledger.model.rest import read, rest
from tests.ledger.model.storage import AWAY, DEGRADED, WHOLE, notification
from tests.ledger.model.world import BAD, DEADLY, GOOD, PUT_OFF, Asset, Lease, World

OWNERS = ("111", "222", "333")
SPANS = (7, 7, 31, 31, 31, 65, 320, 1000, 4000, 30_000)  # seconds

owners = st.sampled_from(OWNERS)
files = st.sampled_from((GOOD, GOOD, GOOD, BAD, DEADLY))
# Which of all assets, or leases, or processes: one of the newest, since what meets must be of the same.
which = st.integers(0, 3)
steps = st.integers(0, 8)  # pauses that a process passes before others come in between

Run = Callable[[Coroutine[Any, Any, Any]], Any]
some_assets = precondition(lambda self: self.world.assets)
some_leases = precondition(lambda self: self.leases)
some_processes = precondition(lambda self: self.standing)


class Model(RuleBasedStateMachine):
    """`run` and `new_world` are set by who makes a class of it for a database of its own."""

    run: Run
    new_world: Callable[[], World]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).new_world()
        self.uploads: list[Asset] = []  # under way
        self.leases: list[Lease] = []
        self.standing: list[Process] = []

    @initialize(file=files)
    def begin(self, file: str) -> None:
        self.run(self.world.begin(OWNERS))
        self.run(self.world.open_slot(OWNERS[0], file))

    @invariant()
    def promises(self) -> None:
        self.run(self.world.check())

    def teardown(self) -> None:
        for process in self.standing:
            self.run(process.kill())
        self.run(rest(self.world))

    def _asset(self, number: int) -> Asset:
        return _newest(list(self.world.assets.values()), number)

    def _start(self, name: str, work: Coroutine[Any, Any, Any], passes: int) -> None:
        process = self.run(Process.started(name, work))
        self.standing.append(process)
        self._go_on(process, passes)

    def _go_on(self, process: Process, passes: int) -> None:
        for _ in range(passes):
            self.run(process.go_on())
        if not process.ended:
            return
        self.standing.remove(process)
        error = process.error()
        if error and not isinstance(error, PUT_OFF):
            raise error

    def _photo(self, owner: str, file: str) -> Stat | None:
        """An upload at once, if there is such a project and storage takes it."""
        asset = self.run(self.world.open_slot(owner, file))
        return self.world.land(asset) if asset else None

    def _notify(self, stat: Stat, times: int) -> None:
        for _ in range(times):
            self.world.valkey.push(INBOX, notification(stat))

    # Clients

    @rule(owner=owners, file=files)
    def slot(self, owner: str, file: str) -> None:
        self.run(self.world.open_slot(owner, file))

    @rule(owner=owners, file=files, ends=st.booleans())
    def slow_upload(self, owner: str, file: str, ends: bool) -> None:
        """Begun in time, and still under way when its slot was closed."""
        asset = self.run(self.world.open_slot(owner, file))
        self.pass_and_sweep(1000)
        if asset and ends:
            self.world.land(asset)
        elif asset:
            self.uploads.append(asset)

    @some_assets
    @rule(number=which)
    def begin_upload(self, number: int) -> None:
        asset = self._asset(number)
        if self.world.clock < asset.ends:
            self.uploads.append(asset)

    @precondition(lambda self: self.uploads)
    @rule(number=which)
    def end_upload(self, number: int) -> None:
        upload = _newest(self.uploads, number)
        self.uploads.remove(upload)
        self.world.land(upload)

    @some_assets
    @rule(number=which, times=st.integers(0, 2))
    def replay(self, number: int, times: int) -> None:
        """The same form once more, or for the first time; and its notification, read at once."""
        asset = self._asset(number)
        if self.world.clock < asset.ends and (stat := self.world.land(asset)):
            self._notify(stat, times)
            self.run(read(self.world))

    @rule(owner=owners, file=files, passes=steps)
    def hint(self, owner: str, file: str, passes: int) -> None:
        """Of an upload that nobody else tells of, for now."""
        if self._photo(owner, file):
            self._start("hint", self.world.hint(self._asset(0)), passes)

    @some_assets
    @rule(number=which, passes=steps)
    def hint_again(self, number: int, passes: int) -> None:
        self._start("hint", self.world.hint(self._asset(number)), passes)

    @some_assets
    @rule(number=which, sweeps=st.integers(0, 3))
    def remove(self, number: int, sweeps: int) -> None:
        self.run(self.world.remove(self._asset(number)))
        for _ in range(sweeps):
            self.pass_and_sweep(31)

    @some_assets
    @rule(number=which, passes=steps)
    def retry(self, number: int, passes: int) -> None:
        self._start("retry", self.world.ledger.retry([self._asset(number).id]), passes)

    @rule(owner=owners, there=st.sampled_from((True, True, False)))
    def project(self, owner: str, there: bool) -> None:
        self.run(self.world.make_project(owner) if there else self.world.remove_project(owner))

    # Notifications and intake. A notification that is never sent was dropped, and they come in any order.

    @rule(owner=owners, file=files, times=st.integers(1, 3), passes=steps)
    def photo(self, owner: str, file: str, times: int, passes: int) -> None:
        """Its notification comes, and is being read."""
        if stat := self._photo(owner, file):
            self._notify(stat, times)
            self._start("inbox", self.world.inbox.run(), passes)

    @some_assets
    @rule(number=which, version=st.integers(0, 2), times=st.integers(1, 3), at_once=st.booleans())
    def notify(self, number: int, version: int, times: int, at_once: bool) -> None:
        if came := self._asset(number).acknowledged:
            self._notify(came[version % len(came)], times)
        if at_once:
            self.run(read(self.world))

    @rule(owner=owners, file=files, passes=steps)
    def found(self, owner: str, file: str, passes: int) -> None:
        """A photo whose notification was dropped is being looked for."""
        self._photo(owner, file)
        self.sweep("find", 7, passes)

    @rule(
        name=st.sampled_from(("fill", "find", "give_up", "erase", "erase_owners")),
        seconds=st.sampled_from((0, 31)),
        passes=steps,
    )
    def sweep(self, name: str, seconds: int, passes: int) -> None:
        self.run(self.world.pass_time(seconds))
        if name in self.world.chores:
            self._start(name, self.world.chores[name](), passes)

    @rule(seconds=st.sampled_from((7, 31)))
    def pass_and_sweep(self, seconds: int) -> None:
        """What happens in a time in which nobody comes in between."""
        self.run(self.world.pass_time(seconds))
        for chore in self.world.chores.values():
            with suppress(*PUT_OFF):
                self.run(chore())

    @some_processes
    @rule(number=which, passes=st.integers(1, 8))
    def go_on(self, number: int, passes: int) -> None:
        self._go_on(_newest(self.standing, number), passes)

    @some_processes
    @rule(number=which)
    def crash(self, number: int) -> None:
        process = _newest(self.standing, number)
        self.standing.remove(process)
        self.run(process.kill())

    # Workers

    def _claim(self, asset: Asset) -> bool:
        lease = self.run(self.world.claim(asset))
        self.leases += [lease] if lease else []
        return bool(lease)

    @rule(owner=owners, file=files)
    def job(self, owner: str, file: str) -> None:
        """A photo that went the straight way to its worker."""
        if stat := self._photo(owner, file):
            asset = self._asset(0)
            self.run(self.world.tell(asset, stat))
            self._claim(asset)

    @precondition(lambda self: self.world.valkey.jobs)
    @rule()
    def take_job(self) -> None:
        """The next in the queue; who claims nothing has nothing to do."""
        jobs = self.world.valkey.jobs
        self._claim(self.world.assets[jobs.pop(next(iter(jobs)))])

    @some_assets
    @rule(number=which)
    def claim(self, number: int) -> None:
        """A job that came twice, or from long ago."""
        self._claim(self._asset(number))

    @some_leases
    @rule(
        number=which,
        seconds=st.sampled_from((0, 31, 31)),
        then=st.sampled_from(("waits", "renew 30", "fail", "finish")),
    )
    def usurp(self, number: int, seconds: int, then: str) -> None:
        """Somebody else takes the same asset, if the lease lets him; whereupon the first one comes back to it."""
        lease = _newest(self.leases, number)
        self.run(self.world.pass_time(seconds))
        self._claim(lease.asset)
        self._labour(lease, then)

    @some_leases
    @rule(number=which, dead=st.booleans())
    def try_anew(self, number: int, dead: bool) -> None:
        """It fails, or kills all its workers; then its client has it tried again."""
        lease = _newest(self.leases, number)
        if dead:
            while self._claim(lease.asset):
                self.run(self.world.pass_time(31))
            self.pass_and_sweep(31)
        else:
            self.run(self.world.fail(lease, FAILURE))
        self.run(self.world.ledger.retry([lease.asset.id]))
        self._claim(lease.asset)

    @some_leases
    @rule(number=which, what=st.sampled_from(("fail", "renew 30", "renew 0", "give_back 30", "give_back 0", "write")))
    def labour(self, number: int, what: str) -> None:
        self._labour(_newest(self.leases, number), what)

    @some_leases
    @rule(number=which)
    def finish(self, number: int) -> None:
        self._labour(_newest(self.leases, number), "finish")

    @rule(owner=owners, then=st.sampled_from(("waits", "develop", "claim", "finish", "remove")))
    def draft(self, owner: str, then: str) -> None:
        """A photo that went the straight way, and is made in full as soon as it is done."""
        if not (stat := self._photo(owner, GOOD)):
            return
        asset = self._asset(0)
        self.run(self.world.tell(asset, stat))
        self._finished(asset)
        if then != "waits":
            self.develop(0, then)

    @some_assets
    @rule(number=which, then=st.sampled_from(("develop", "claim", "finish", "remove")))
    def develop(self, number: int, then: str) -> None:
        """Whatever it is, it is sent to be made in full; and then comes this."""
        asset = self._asset(number)
        self.run(self.world.develop(asset))
        if then == "remove":
            self.run(self.world.remove(asset))
        elif then == "claim":
            self._claim(asset)
        elif then == "finish":
            self._finished(asset)
            self.run(self.world.develop(asset))
        else:
            self.run(self.world.develop(asset))

    def _finished(self, asset: Asset) -> None:
        if self._claim(asset):
            self._labour(self.leases[-1], "finish")

    def _labour(self, lease: Lease, what: str) -> None:
        verb, _, seconds = what.partition(" ")
        if seconds:
            self.run(getattr(self.world, verb)(lease, int(seconds)))
        elif verb == "fail":
            self.run(self.world.fail(lease, FAILURE))
        elif verb == "finish" and self.world.storage.mode == WHOLE:
            self.run(self.world.finish(lease))
        elif verb == "write" and self.world.storage.mode == WHOLE:
            self.world.write(lease)

    # The rest of the world

    @rule(seconds=st.sampled_from(SPANS))
    def pass_time(self, seconds: int) -> None:
        self.run(self.world.pass_time(seconds))

    @rule(what=st.sampled_from((WHOLE, WHOLE, DEGRADED, AWAY, "flushed", "queue back", "queue back", "queue away")))
    def parts(self, what: str) -> None:
        """Storage and Valkey fail and come back."""
        if what == "flushed":
            self.world.valkey.flush()
        elif what.startswith("queue"):
            self.world.valkey.away = what == "queue away"
        else:
            self.world.storage.mode = what


def _newest(them: list[Any], number: int) -> Any:
    return them[max(0, len(them) - 1 - number)]

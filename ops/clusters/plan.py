"""What a cluster of so many hosts and drives would hold and survive, and what its users would ask of it."""

from dataclasses import dataclass

from ops.quantities import bytes_told
from storage import capacity, durability, topology
from storage.capacity import Stream
from storage.topology import Layout, Margin

MODEL = "a Markov chain of lost drives: they fail independently, and one at a time is repaired"
COMMON_CAUSE = 0.001
"""Fire, theft, a mistake or a fault of the software, a year: what no parity stands against."""
BUSY = 0.7
"""The share of a cable's or a drive's rate from which on requests begin to wait for each other."""


@dataclass(frozen=True)
class Asked:
    """The hosts, and the photos that come: bytes, bytes a second for rates, a share for what fails in a year."""

    hosts: int
    drives: int
    drive_bytes: int
    parity: int | None
    versions_parity: int | None
    photos_a_day: float
    photo_bytes: int
    version_bytes: int | None
    burst: float
    annual_failure_rate: float
    repair_hours: float
    network_bytes: float
    drive_rate: int
    host_price: float
    """Of a host without its drives, in any currency."""
    drive_price: float


@dataclass(frozen=True)
class Class:
    """What becomes of one class of objects. `nines`: of its durability in a year."""

    parity: int
    usable_share: float
    reads: Margin
    writes: Margin
    nines: float


@dataclass(frozen=True)
class Share:
    """What a part of a host is asked for, of what it gives: at the average rate, and in a burst; 1 is all of it."""

    average: float
    burst: float


@dataclass(frozen=True)
class Plan:
    asked: Asked
    layout: Layout
    raw_bytes: int
    usable_bytes: int
    """Of originals alone, until new uploads are refused."""
    stored_bytes: float
    """On drives, for one photo with its versions."""
    price: float
    days_until_full: float | None
    originals: Class
    versions: Class
    network: Share
    writes: Share
    reads: Share
    cores: Share
    """Cores of all hosts together, not a share."""
    warnings: list[str]


def made(asked: Asked) -> Plan:
    """The plan. Raises topology.Impossible."""
    layout = topology.laid_out(asked.hosts, asked.drives, asked.parity, asked.versions_parity)
    versions = capacity.VERSIONS_SHARE * asked.photo_bytes if asked.version_bytes is None else asked.version_bytes
    stream = Stream(asked.photos_a_day, asked.photo_bytes, versions)
    demand = capacity.demand(layout, stream)
    shares = {
        "network": _share(demand.host_network, asked.network_bytes, asked.burst),
        "writes": _share(demand.drive_writes, asked.drive_rate, asked.burst),
        "reads": _share(demand.drive_reads, asked.drive_rate, asked.burst),
    }
    return Plan(
        asked=asked,
        layout=layout,
        raw_bytes=layout.hosts * layout.drives * asked.drive_bytes,
        usable_bytes=capacity.usable(layout, asked.drive_bytes),
        stored_bytes=capacity.stored(layout, stream),
        price=layout.hosts * (asked.host_price + layout.drives * asked.drive_price),
        days_until_full=capacity.days_until_full(layout, asked.drive_bytes, stream),
        originals=_class(layout, layout.parity, asked),
        versions=_class(layout, layout.reduced, asked),
        cores=_share(demand.cores, 1, asked.burst),
        warnings=_warnings(layout, shares, asked),
        **shares,
    )


def _class(layout: Layout, parity: int, asked: Asked) -> Class:
    loss = durability.loss_a_year(layout.set_drives, parity, asked.repair_hours, asked.annual_failure_rate)
    return Class(
        parity=parity,
        usable_share=1 / capacity.overhead(layout.set_drives, parity),
        reads=layout.reads(parity),
        writes=layout.writes(parity),
        nines=durability.nines(loss, layout.sets),
    )


def _share(asked_for: float, given: float, burst: float) -> Share:
    return Share(asked_for / given, burst * asked_for / given)


def _warnings(layout: Layout, shares: dict[str, Share], asked: Asked) -> list[str]:
    found = _of_hosts(layout)
    names = {"network": "A host's cable", "writes": "Each drive's writing", "reads": "Each drive's reading"}
    for name, share in shares.items():
        if share.burst > BUSY:
            found.append(f"{names[name]} is asked for {share.burst:.0%} of its rate in a burst: it will be waited for.")
    if asked.repair_hours > 168:
        found.append("More than a week until a drive is replaced: keep a spare beside the rack.")
    return found


def _of_hosts(layout: Layout) -> list[str]:
    if layout.hosts == 1:
        return ["One host: while it is down, nothing is there, and what takes it takes all."]
    reads, share = layout.reads(layout.parity).hosts, layout.of_a_host
    if not reads:
        return [
            f"With one host down nothing can be read: it has {share} drives of each set, the parity is {layout.parity}."
        ]
    if not layout.writes(layout.parity).hosts:
        return ["With one host down nothing can be uploaded: take more hosts, or more parity."]
    if layout.reads(layout.reduced).hosts < reads:
        return [
            f"With {reads} hosts down originals can be read, versions not; --versions-parity {layout.parity} helps."
        ]
    return []


def text(plan: Plan) -> str:
    """For a person at a terminal."""
    asked, layout = plan.asked, plan.layout
    rows = [
        (
            "layout",
            f"{_many(layout.hosts, 'host')} x {_many(layout.drives, 'drive')} of {bytes_told(asked.drive_bytes)}",
        ),
        ("erasure sets", f"{layout.sets} of {layout.set_drives} drives, {layout.of_a_host} of a host in each"),
        ("raw", bytes_told(plan.raw_bytes)),
        ("usable, of originals", f"{bytes_told(plan.usable_bytes)}, until new uploads are refused at 95 %"),
        ("price", f"{plan.price:,.0f}; {plan.price / plan.usable_bytes * 1e12:,.0f} for each usable TB"),
        ("a photo with versions", f"{bytes_told(plan.stored_bytes)} on drives"),
        ("full after", f"{_days(plan.days_until_full)} of {asked.photos_a_day:,.0f} photos a day"),
    ]
    lines = [f"{name:24}{value}" for name, value in rows]
    lines += ["", f"{'':24}{'originals':>22}{'versions':>22}"]
    lines += [f"{name:24}{of(plan.originals):>22}{of(plan.versions):>22}" for name, of in _CLASSES]
    lines += ["", f"Nines by {MODEL};"]
    lines.append(
        f"{asked.annual_failure_rate:.2%} fail in a year, {asked.repair_hours:g} h later there is full redundancy."
    )
    capped = durability.nines(COMMON_CAUSE)
    lines.append(
        f"Causes in common, at {COMMON_CAUSE:.1%} a year, cap them at {capped:.0f}: only an off-site copy lifts that."
    )
    lines += ["", f"{'asked of':24}{'on average':>22}{f'{asked.burst:g} times that':>22}"]
    shares = (("a host's network", plan.network), ("a drive, writing", plan.writes), ("a drive, reading", plan.reads))
    lines += [f"{name:24}{share.average:>22.1%}{share.burst:>22.1%}" for name, share in shares]
    lines.append(f"{'cores of all hosts':24}{plan.cores.average:>22.1f}{plan.cores.burst:>22.1f}")
    if plan.warnings:
        lines += ["", *(f"! {warning}" for warning in plan.warnings)]
    return "\n".join(lines)


_CLASSES = [
    ("parity", lambda one: f"EC:{one.parity}"),
    ("usable share", lambda one: f"{one.usable_share:.0%}"),
    ("reads go on without", lambda one: _margin(one.reads)),
    ("writes go on without", lambda one: _margin(one.writes)),
    ("nines a year", lambda one: f"{one.nines:.1f}"),
]


def _margin(margin: Margin) -> str:
    return f"{_many(margin.drives, 'drive')} or {_many(margin.hosts, 'host')}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _days(days: float | None) -> str:
    if days is None or days > 100_000:
        return "centuries"
    return f"{days:,.0f} days ({days / 365.25:.1f} years)"

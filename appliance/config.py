"""Every setting of the server's processes, once: its variable, its type, its default and what it is for.

A `setting` is read from the environment when a process starts. A `live` one may be changed while all run, by
appliance/settings; whoever uses it asks `now` each time, and takes what belongs together from one answer.
"""

# ruff: noqa: RUF009 - `setting` and `live` make dataclass fields

import os
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from appliance.errors import BadConfiguration
from appliance.payments import settings as payments
from appliance.payments.settings import ProviderName
from appliance.settings.casts import Unit
from appliance.settings.declared import MANY, declared_in, live, setting
from appliance.upkeep import clock
from processors.video.codec import Codec
from storage.endpoint import Ability, Endpoint


@dataclass(frozen=True)
class KeyPair:
    """An access key of the storage server and its secret, given as `access:secret`."""

    access: str
    secret: str = field(repr=False)


class Sandboxing(StrEnum):
    """How much there has to be between untrusted bytes and the machine."""

    STRONG = "strong"
    WEAK = "weak"


SECONDS, HOURS, DAYS, BYTES = Unit.SECONDS, Unit.HOURS, Unit.DAYS, Unit.BYTES
MOST_AT_ONCE = 64
"""Jobs that a worker process may be told to have under way at most."""
LONGEST_FORM = 7200
"""Seconds that an upload form may be valid at most: so long a replaced key of storage stays good."""


def _kinds(text: str) -> None:
    if not all(word.isascii() and word.isidentifier() for word in text.split()):
        raise ValueError("expected names of profiles, as video or document")


def _rungs(text: str) -> None:
    if not all(16 <= int(word) <= 4320 for word in text.split()):
        raise ValueError("expected numbers of lines from 16 to 4320")


@dataclass(frozen=True)
class Config:
    host: str = setting("", "this host's name, where the appliance has several")
    data: Path = setting(Path("var"), "the folder of everything that this appliance keeps")
    database_url: str = setting("", "the ledger: postgresql://…", secret=True)
    valkey_url: str = setting("", "queue and doorbell: redis://…", secret=True)
    storage_url: str = setting("", "the S3 server itself, not the edge: http://host:port")
    storage_bucket: str = setting("", "the one bucket that all is in, on an S3 that is not of our own kind")
    storage_region: str = setting("us-east-1", "the region that is signed for")
    storage_abilities: tuple[str, ...] = setting((), "what that S3 can do: storage.endpoint.Ability")
    public_urls: tuple[str, ...] = setting(
        ("http://127.0.0.1:8080",), "addresses under which the edge is known; the first is the default"
    )
    allow_origins: tuple[str, ...] = setting((), "other web origins that may open a websocket")

    uploader_key: KeyPair | None = setting(None, "may put originals; signs upload forms", secret=True)
    reader_key: KeyPair | None = setting(None, "may get objects; signs links", secret=True)
    worker_key: KeyPair | None = setting(None, "reads, writes versions and deletes; never leaves the host", secret=True)
    token_secret: str = setting("", "signs the tokens of browsers and apps", secret=True)

    api_port: int = setting(0, "where the API listens, on loopback")
    api_workers: int = setting(2, "API processes")
    form_seconds: int = live(900, "how long an upload form is valid", least=1, most=LONGEST_FORM, unit=SECONDS)
    unclaimed_seconds: int = live(
        6 * 3600, "how long a file that was sent for a chat waits for its message", least=60, most=2592000, unit=SECONDS
    )
    profile_project: str = live("", "the project whose webhooks are told what becomes of profiles; none unless set")
    profile_payment_hours: float = live(
        72.0, "how long a profile waits for its payment", least=0.01, most=8760, unit=HOURS
    )
    profile_grace_hours: float = live(
        24.0, "how long media of profiles that were replaced or rejected are kept", least=0, most=8760, unit=HOURS
    )
    profile_editions_days: int = live(
        365, "how long what came to nothing, or was replaced, is remembered", least=1, most=36500, unit=DAYS
    )
    profile_editions_a_day: int = live(
        20, "changes that a user may send in within a day; 0 is no limit", least=0, most=MANY
    )
    moderation_claim_seconds: int = live(
        900, "how long a profile stays a moderator's who has claimed it", least=10, most=86400, unit=SECONDS
    )
    profile_hashtags_most: int = live(30, "hashtags that a profile may have", least=0, most=100)
    unread_seconds: int = live(
        900, "how long a message is unread before webhooks are told; 0: never", least=0, most=2592000, unit=SECONDS
    )
    profile_upload_hours: int = live(
        24, "how long what was uploaded for a profile waits to be sent in with one", least=1, most=720, unit=HOURS
    )
    profile_image_bytes: int = live(
        20_000_000, "the largest picture, and the largest logo, of a profile", least=1000, most=100_000_000, unit=BYTES
    )
    profile_video_bytes: int = live(
        500_000_000, "the largest video of a profile", least=1000, most=50_000_000_000, unit=BYTES
    )
    profile_video_seconds: int = live(300, "the longest video of a profile", least=1, most=86400, unit=SECONDS)
    profile_uploads_an_hour: int = live(
        60, "uploads for a profile that a user may begin within an hour", least=1, most=100000
    )
    expiry_grace_seconds: float = live(
        60.0, "how long after its form an upload still under way is waited for", least=0, most=86400, unit=SECONDS
    )
    link_seconds: int = setting(3600, "the window within which a link stays the same; it is valid for two of them")
    chat_link_seconds: int = setting(300, "the same of links to files of chats")
    token_seconds: int = live(3600, "the longest life of a project's token", least=1, most=86400, unit=SECONDS)
    ticket_seconds: int = live(
        60, "the life of a websocket ticket, a minute at most whatever this says", least=1, most=3600, unit=SECONDS
    )
    clock_seconds: float = setting(30.0, "how far the clocks of our processes, Postgres and storage may be apart")
    max_image_bytes: int = setting(100_000_000, "the largest photo, and the largest file that is sent by a form")
    max_file_bytes: int = setting(50_000_000_000, "the largest file that is sent in parts, or through the server")
    parts_from_bytes: int = setting(32 << 20, "files as large as this are sent in parts, where their size was named")
    upload_seconds: int = setting(7 * 24 * 3600, "how long an upload in parts can be gone on with")
    events_days: int = live(30, "how long events are kept, at least", least=1, most=3650, unit=DAYS)

    lease_seconds: int = live(30, "how long a worker holds a job without renewing", least=1, most=600, unit=SECONDS)
    job_seconds: int = setting(60, "the longest a photo's job may take, whatever it renews")
    develop_seconds: float = live(
        9.0, "the longest the decoder may take for one photo", least=0.1, most=600, unit=SECONDS
    )
    sandbox: Sandboxing = setting(
        Sandboxing.STRONG, "strong, or weak: decode also where the system gives no second wall; ./ops/status tells"
    )
    jobs_in_flight: int = setting(2, "jobs a worker process has under way: one decodes while the other moves bytes")
    images_paused: bool = live(False, "no photo is begun with while this is so; what is under way ends")
    images_at_once: int = live(
        0,
        "photos that a worker process has under way, one of them in its decoder; 0: as it was started with",
        least=0,
        most=MOST_AT_ONCE,
    )
    media_paused: bool = live(False, "the same of videos and documents: none is begun with")
    media_at_once: int = live(0, "the same of videos and documents; 0: one", least=0, most=MOST_AT_ONCE)
    backfill_paused: bool = live(False, "the same of work on the library: none is begun with")
    backfill_at_once: int = live(0, "the same of work on the library; 0: one", least=0, most=MOST_AT_ONCE)
    media_seconds: int = live(
        6 * 3600, "the longest the work on one video may take, whatever it renews", least=10, most=604800, unit=SECONDS
    )
    video_codec: Codec = live(Codec.VP9, "what videos become: vp9, av1, h265 or h264")
    video_threads: int = live(2, "threads of one encoder", least=1, most=64)
    video_screenshots: int = live(5, "screenshots of a video", least=0, most=100)
    video_preview_seconds: float = live(
        4.0, "the length of the preview of a video; 0 for none", least=0, most=60, unit=SECONDS
    )
    video_ladder: tuple[int, ...] = live(
        (), "lines of each rung of an HLS ladder, as 360 720; none: no ladder", check=_rungs
    )
    queue_window: int = setting(300, "jobs a lane at most in the queue; the backlog stays in the ledger")
    render_sizes: tuple[str, ...] = setting(
        (
            *("64x64", "128x128", "256x256", "512x512", "1024x1024", "2048x2048"),
            *("320x0", "640x0", "960x0", "1280x0", "1920x0"),
        ),
        "sizes, 0 for a free side, at which everybody who may see a photo gets it; others have to be signed",
    )
    render_most: int = live(
        200, "pictures made on request that a photo may have before no more are signed for", least=0, most=100000
    )
    pages_most: int = live(1000, "pages of a document that may be made on request", least=0, most=10000)
    bundle_kinds: tuple[str, ...] = live(
        (), "kinds of files whose bundle is built as soon as they are done", check=_kinds
    )
    bundle_seconds: int = live(3600, "the longest that building a bundle may take", least=10, most=86400, unit=SECONDS)
    render_seconds: float = live(
        10.0, "how long a request waits for the picture that it asks for", least=0, most=60, unit=SECONDS
    )
    sweep_seconds: float = live(1.0, "the pause between two rounds of the sweep", least=0.01, most=3600, unit=SECONDS)
    sweep_look_ups: int = live(1000, "open slots looked up in one round", least=1, most=100000)
    live_send_seconds: float = setting(20.0, "how long a reader of events may take to take one")
    live_per_project: int = live(
        5000, "readers of a project's events at once: websockets and streams", least=1, most=1000000
    )
    live_per_address: int = live(
        500, "readers of events at once from one address, as the edge sees it", least=1, most=1000000
    )
    webhook_allow: tuple[str, ...] = setting((), "networks that are not public and may get webhooks: 10.1.0.0/16 …")
    webhook_seconds: float = setting(10.0, "the longest a webhook's receiver may take")
    webhook_retry_seconds: float = live(
        5.0, "the pause after a first failure; it doubles with each, up to an hour", least=0.01, most=3600, unit=SECONDS
    )
    webhook_days: float = live(
        5.0, "after so many days of nothing but failures a webhook is disabled", least=0, most=365, unit=DAYS
    )
    webhook_attempt_days: int = live(7, "how long attempts to deliver are listed", least=0, most=365, unit=DAYS)
    verify_grace_seconds: float = setting(3600.0, "how old an object must be before it needs an explanation")
    timezone: str = live("", "the operator's time zone, as Europe/Berlin; else the machine's own", check=clock.zone)
    clean_at: str = live(
        "00:00", "when abandoned uploads and temporary files are removed, every day", check=clock.time_of_day
    )
    settings_at: str = live("00:00", "when all settings are told to Valkey anew, every day", check=clock.time_of_day)
    clean_hours: float = setting(48.0, "how old uploads that never came and temporary files must be to be removed")
    storage_free_percent: float = live(
        5.0, "no new uploads once a drive has less of it free; 0: whatever it has", least=0, most=100
    )
    look_seconds: float = live(
        3.0, "the pause between two looks at storage's nodes and drives", least=0.05, most=600, unit=SECONDS
    )
    scrub_days: float = live(
        30.0,
        "how often every shard in storage is read and mended; 0: only ./ops/scrub --now",
        least=0,
        most=3650,
        unit=DAYS,
    )
    scrub_pause_seconds: float = live(
        60.0,
        "the longest a scrub waits, every 1000 object versions, while files are to be processed",
        least=0,
        most=86400,
        unit=SECONDS,
    )
    project_slots: int = live(
        10_000, "uploads that a project may have open; 0 is no limit, for all that follow too", least=0, most=MANY
    )
    project_files: int = live(0, "files that a project may have, those being uploaded too", least=0, most=MANY)
    project_bytes: int = live(0, "bytes of originals that a project may have", least=0, most=MANY, unit=BYTES)
    project_requests: int = live(60_000, "requests a minute with a project's tokens", least=0, most=MANY)
    user_slots: int = live(
        1000,
        "uploads that a user may have open, where tokens say who that is",
        least=0,
        most=MANY,
    )
    user_files: int = live(0, "files that a user may have", least=0, most=MANY)
    user_bytes: int = live(0, "bytes of originals that a user may have", least=0, most=MANY, unit=BYTES)
    user_requests: int = live(6000, "requests a minute of a user", least=0, most=MANY)
    address_slots: int = live(
        2000, "uploads that a network address (of IPv6 a /64) may have open, server keys left out", least=0, most=MANY
    )
    address_files: int = live(0, "files that a network address may have", least=0, most=MANY)
    address_bytes: int = live(0, "bytes of originals that a network address may have", least=0, most=MANY, unit=BYTES)
    address_requests: int = live(30_000, "requests a minute of a network address", least=0, most=MANY)
    address_newcomers: int = live(
        100, "users that may sign in for the first time within an hour from a network address", least=0, most=MANY
    )
    payment_provider: ProviderName = live(
        ProviderName.UNSET, "what confirms payments: evm, manual, or none to ask for no payment; not set: none passes"
    )
    payment_rpc_url: str = setting("", "the node that knows the chain: http://host:port", secret=True)
    payment_chain_id: int = live(0, "the chain of payments and wallets; 0: wallets of any, no payments", 0, MANY)
    payment_recipient: str = live("", "the address that is paid to", check=payments.address)
    payment_token: str = live("", "the ERC-20 token that is paid in; not set: the chain's coin", check=payments.address)
    payment_token_decimals: int = live(18, "decimals of that token or coin", least=0, most=payments.MOST_DECIMALS)
    payment_token_symbol: str = live("ETH", "what that token or coin is called", check=payments.symbol)
    payment_amount: str = live("", "what publishing costs, as 0.005", check=payments.amount)
    payment_confirmations: int = live(12, "blocks after which a payment counts, its own too", least=1, most=100000)
    payment_watch_seconds: float = live(
        5.0, "the pause between two looks for payments", least=0.05, most=3600, unit=SECONDS
    )
    library: str = setting(
        "", "the folder of workflows of libraries, one JSON file each; else library in the data folder"
    )
    library_look_seconds: float = live(
        5.0, "the pause between two looks at what is to be done for libraries", least=0.05, most=3600, unit=SECONDS
    )
    library_seconds: int = live(
        604800, "the longest the work on one file of a library may take", least=60, most=2592000, unit=SECONDS
    )
    samples_days: int = live(
        30, "how long the figures behind the charts of /admin are kept", least=1, most=365, unit=DAYS
    )
    samples_paused: bool = live(False, "no figures are kept for charts while this is so")
    log_format: str = setting("text", "text or json")
    log_level: str = setting("info", "debug, info, warning or error: what is less is not logged")

    @property
    def now(self) -> "Config":
        """Itself: a configuration is as it was made."""
        return self

    @property
    def workflows(self) -> Path:
        """The folder that workflows of libraries are in."""
        return Path(self.library) if self.library else self.data / "library"

    def need(self, *names: str) -> "Config":
        """This configuration, once all `names` are set. Raises BadConfiguration with what is missing."""
        missing = [f"DARKROOM_{name.upper()}" for name in names if not getattr(self, name)]
        if missing:
            raise BadConfiguration(f"{', '.join(missing)} must be set; ./ops/up sets it for the parts it starts")
        return self

    def endpoint(self) -> Endpoint:
        """Where storage is, and what it can do."""
        if not self.storage_bucket:
            return Endpoint(self.storage_url.rstrip("/"))
        abilities = frozenset(map(Ability, self.storage_abilities))
        return Endpoint(self.storage_url, self.storage_region, self.storage_bucket, abilities)

    def key(self, name: str) -> KeyPair:
        """One of the storage keys by name, e.g. `reader_key`. Raises BadConfiguration when it is not set."""
        pair = getattr(self.need(name), name)
        assert isinstance(pair, KeyPair)
        return pair


class Settings(Protocol):
    """Who knows how things are set: a Config for good, appliance/settings/reading.py as they change."""

    @property
    def now(self) -> Config:
        """All of it as it is at this moment, of one piece."""


def _key_pair(text: str) -> KeyPair:
    access, _, secret = text.partition(":")
    if not secret:
        raise ValueError("expected access:secret")
    return KeyPair(access, secret)


def from_environment(environment: dict[str, str]) -> Config:
    """The configuration that `environment` describes. Raises BadConfiguration, naming the variable, never its value."""
    values: dict[str, Any] = {}
    for one in declared_in(Config).values():
        text = environment.get(one.variable, "")
        if not text:
            continue
        try:
            values[one.key] = _key_pair(text) if one.kind == KeyPair | None else one.cast(text)
        except ValueError as error:
            raise BadConfiguration(f"{one.variable} is not a valid value of its kind: {error}") from error
    return Config(**values)


@cache
def current() -> Config:
    """This process's configuration, read once from its environment."""
    return from_environment(dict(os.environ))

"""Every setting of the server's processes, once: its variable, its type, its default and what it is for."""

# ruff: noqa: RUF009 - `setting` makes a dataclass field

import os
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from appliance.errors import BadConfiguration
from processors.video.settings import Codec
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


def setting(default: Any, why: str, secret: bool = False) -> Any:
    """A field read from `DARKROOM_<NAME>`; lists are separated by white space."""
    return field(default=default, metadata={"why": why}, repr=not secret)


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
    form_seconds: int = setting(900, "how long an upload form is valid")
    expiry_grace_seconds: float = setting(60.0, "how long after that an upload still under way is waited for")
    link_seconds: int = setting(3600, "the window within which a link stays the same; it is valid for two of them")
    token_seconds: int = setting(3600, "the longest life of a project's token")
    ticket_seconds: int = setting(60, "the life of a websocket ticket")
    clock_seconds: float = setting(30.0, "how far the clocks of our processes, Postgres and storage may be apart")
    max_image_bytes: int = setting(100_000_000, "the largest photo that storage takes")
    events_days: int = setting(30, "how long events are kept, at least")

    lease_seconds: int = setting(30, "how long a worker holds a job without renewing")
    job_seconds: int = setting(60, "the longest a photo's job may take, whatever it renews")
    develop_seconds: float = setting(9.0, "the longest the decoder may take for one photo")
    sandbox: Sandboxing = setting(
        Sandboxing.STRONG, "strong, or weak: decode also where the system gives no second wall; ./ops/status tells"
    )
    jobs_in_flight: int = setting(2, "jobs a worker process has under way: one decodes while the other moves bytes")
    media_seconds: int = setting(6 * 3600, "the longest the work on one video may take, whatever it renews")
    video_codec: Codec = setting(Codec.VP9, "what videos become: vp9, av1, h265 or h264")
    video_threads: int = setting(2, "threads of one encoder")
    video_screenshots: int = setting(5, "screenshots of a video, 0 to 100")
    video_preview_seconds: float = setting(4.0, "the length of the preview of a video; 0 for none")
    video_ladder: tuple[int, ...] = setting((), "lines of each rung of an HLS ladder, as 360 720; none, no ladder")
    queue_window: int = setting(300, "jobs a lane at most in the queue; the backlog stays in the ledger")
    render_sizes: tuple[str, ...] = setting(
        (
            *("64x64", "128x128", "256x256", "512x512", "1024x1024", "2048x2048"),
            *("320x0", "640x0", "960x0", "1280x0", "1920x0"),
        ),
        "sizes, 0 for a free side, at which everybody who may see a photo gets it; others have to be signed",
    )
    render_most: int = setting(200, "pictures made on request that a photo may have before no more are signed for")
    pages_most: int = setting(1000, "pages of a document that may be made on request")
    bundle_seconds: int = setting(3600, "the longest that building a bundle may take")
    render_seconds: float = setting(10.0, "how long a request waits for the picture that it asks for")
    sweep_seconds: float = setting(1.0, "the pause between two rounds of the sweep")
    sweep_look_ups: int = setting(1000, "open slots looked up in one round")
    live_send_seconds: float = setting(20.0, "how long a reader of events may take to take one")
    live_per_project: int = setting(5000, "readers of a project's events at once: websockets and streams")
    live_per_address: int = setting(500, "the same for one address, as the edge sees it")
    webhook_allow: tuple[str, ...] = setting((), "networks that are not public and may get webhooks: 10.1.0.0/16 …")
    webhook_seconds: float = setting(10.0, "the longest a webhook's receiver may take")
    webhook_retry_seconds: float = setting(5.0, "the pause after a first failure; it doubles with each, up to an hour")
    webhook_days: float = setting(5.0, "after so many days of nothing but failures a webhook is disabled")
    webhook_attempt_days: int = setting(7, "how long attempts to deliver are listed")
    verify_grace_seconds: float = setting(3600.0, "how old an object must be before it needs an explanation")
    timezone: str = setting("", "the operator's time zone, as Europe/Berlin; the machine's own where it is not given")
    clean_at: str = setting("00:00", "when abandoned uploads and temporary files are removed, every day")
    clean_hours: float = setting(48.0, "how old they must be")
    storage_free_percent: float = setting(5.0, "no new uploads once a drive has less of it free; 0: whatever it has")
    look_seconds: float = setting(3.0, "the pause between two looks at storage's nodes and drives")
    scrub_days: float = setting(30.0, "how often every shard in storage is read and mended; 0: only ./ops/scrub --now")
    scrub_pause_seconds: float = setting(
        60.0, "the longest a scrub waits, every thousand object versions, while files wait to be processed"
    )
    project_slots: int = setting(10_000, "uploads that a project may have open; 0 is no limit, here and below")
    project_files: int = setting(0, "files that a project may have, those being uploaded too")
    project_bytes: int = setting(0, "bytes of originals that a project may have")
    project_requests: int = setting(60_000, "requests a minute with a project's tokens")
    user_slots: int = setting(1000, "the same for one user of an application, if its tokens say who that is")
    user_files: int = setting(0, "…")
    user_bytes: int = setting(0, "…")
    user_requests: int = setting(6000, "…")
    address_slots: int = setting(2000, "the same for one network address, server keys left out; of IPv6 a /64")
    address_files: int = setting(0, "…")
    address_bytes: int = setting(0, "…")
    address_requests: int = setting(30_000, "…")
    log_format: str = setting("text", "text or json")
    log_level: str = setting("info", "debug, info, warning or error: what is less is not logged")

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


def _read(kind: Any, text: str) -> Any:
    if kind == tuple[str, ...]:
        return tuple(text.split())
    if kind == tuple[int, ...]:
        return tuple(map(int, text.split()))
    if kind == KeyPair | None:
        access, _, secret = text.partition(":")
        if not secret:
            raise ValueError("expected access:secret")
        return KeyPair(access, secret)
    return kind(text)


def from_environment(environment: dict[str, str]) -> Config:
    """The configuration that `environment` describes. Raises BadConfiguration, naming the variable, never its value."""
    values: dict[str, Any] = {}
    for item in fields(Config):
        text = environment.get(f"DARKROOM_{item.name.upper()}", "")
        if not text:
            continue
        try:
            values[item.name] = _read(item.type, text)
        except ValueError as error:
            raise BadConfiguration(f"DARKROOM_{item.name.upper()} is not a valid value of its kind") from error
    return Config(**values)


@cache
def current() -> Config:
    """This process's configuration, read once from its environment."""
    return from_environment(dict(os.environ))

"""A workflow: what is to become of the videos in a folder, as JSON, checked whole before anything is looked at."""

import hashlib
from enum import StrEnum
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from appliance.library import fitting
from appliance.library.addresses import beside, bucket_name, is_origin, prefix
from appliance.library.quantities import absolute, asked, bits, must_be
from appliance.library.schedule import span
from appliance.settings import casts
from processors.profiles import PROFILES
from processors.video.codec import Codec
from processors.video.keeping.wishes import SoundWish, Wish
from processors.video.settings import Settings
from storage.signing import REGION

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,60}$")]
Extension = Annotated[str, Meta(pattern=r"^[^./]{1,30}$", examples=["mkv"])]
Duration = Annotated[str, Meta(examples=["90s", "1h30m", "2d"])]
Size = Annotated[str, Meta(examples=["500M", "7.3 GB", "16GiB"])]
Rate = Annotated[str, Meta(description="Bits a second.", examples=["800k", "2.5M"])]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}$", description="ISO 639, as files have it.", examples=["eng"])]
Lines = Annotated[int, Meta(ge=1, le=100_000, description="Of pictures: the shorter side.")]


class Unfit(Exception):
    """It is no workflow; says which field, and why."""


class Loss(StrEnum):
    """What a transcode may take away for good; all else is kept, or the file stays as it is. INTERLACING: fields become
    whole pictures. CHROMA: colour of a finer raster than 4:2:0. DATA: streams that are neither picture, sound nor text,
    as a camera's readings.
    """

    INTERLACING = "interlacing"
    CHROMA = "chroma"
    DATA = "data"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Where files are looked for: in a folder of this host, by its absolute path, and all folders below; or in a
    bucket, in the keys that begin with a prefix.

    extensions: without the dot, in any case. settled: what was written to more recently is left alone for now.
    follow_links: folders behind symbolic links too. other_file_systems: folders that others are mounted on too.
    finder: a plug-in that says which files there are, with its settings; extensions and links are then its own affair.
    key_file: beside the workflow, with ACCESS:SECRET, for its owner alone. endpoint: of the S3; without, the
    appliance's own storage.
    """

    folder: Annotated[str, Meta(examples=["/srv/films"])] = ""
    bucket: Annotated[str, Meta(examples=["films"])] = ""
    prefix: Annotated[str, Meta(max_length=1024, examples=["old/"])] = ""
    key_file: Annotated[str, Meta(examples=["films.key"])] = ""
    endpoint: Annotated[str, Meta(examples=["https://s3.example.com"])] = ""
    region: str = REGION
    extensions: Annotated[tuple[Extension, ...], Meta(min_length=1)] = PROFILES["video"].extensions
    settled: Duration = "10m"
    follow_links: bool = False
    other_file_systems: bool = False
    finder: str | None = None
    settings: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if bool(self.folder) == bool(self.bucket):
            raise ValueError("it has either a folder or a bucket")
        self._of_bucket() if self.bucket else self._of_folder()
        must_be("settled", casts.seconds, self.settled)
        if self.settings and self.finder is None:
            raise ValueError("settings: they are a finder's, and none is named")

    @property
    def where(self) -> str:
        """For people."""
        return self.folder or f"{self.bucket}/{self.prefix}"

    def _of_folder(self) -> None:
        must_be("folder", absolute, self.folder)
        for name in ("prefix", "key_file", "endpoint"):
            if getattr(self, name):
                raise ValueError(f"{name}: it is of buckets, and a folder is named")

    def _of_bucket(self) -> None:
        must_be("bucket", bucket_name, self.bucket)
        must_be("prefix", prefix, self.prefix)
        must_be("key_file", beside, self.key_file)
        if self.endpoint and not is_origin(self.endpoint):
            raise ValueError(
                "endpoint: expected the address of an S3, as https://s3.example.com"
            )  # no password is shown
        for name in ("follow_links", "other_file_systems", "finder"):
            if getattr(self, name):
                raise ValueError(f"{name}: it is of folders, and a bucket is named")


class Use(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A plug-in by its name, with its settings."""

    name: str
    settings: dict[str, Any] = {}


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which of these are transcoded: those that all rules are true of.

    codecs: of the pictures, as ffmpeg calls them; none named: all but the target's. containers: the same; none named:
    all. least_saving: percent of the file's size, by estimate. accept: losses that keep no file from being transcoded.
    deciders: plug-ins that are asked where all others are true, in their order.
    """

    codecs: tuple[Name, ...] = ()
    containers: tuple[Name, ...] = ()
    least_lines: Annotated[int, Meta(ge=0)] = 0
    most_lines: Lines | None = None
    least_bit_rate: Rate = "0"
    least_size: Size = "0"
    least_age: Duration = "0s"
    least_saving: Annotated[float, Meta(ge=0, le=100)] = 10.0
    accept: tuple[Loss, ...] = ()
    deciders: tuple[Use, ...] = ()

    def __post_init__(self) -> None:
        must_be("least_bit_rate", bits, self.least_bit_rate)
        must_be("least_size", casts.size, self.least_size)
        must_be("least_age", casts.seconds, self.least_age)


class Sound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of sound. codec: of what is bulky (PCM, FLAC, TrueHD and their like), keep: all is copied.

    channel_rate: bits a second for each channel of what is encoded. languages: only these are kept, and what names
    none; never none at all. None named: all are.
    """

    codec: Literal["keep", "opus", "aac"] = "keep"
    channel_rate: Rate = "64k"
    languages: tuple[Language, ...] = ()

    def __post_init__(self) -> None:
        must_be("channel_rate", bits, self.channel_rate)

    def wish(self) -> SoundWish:
        """The same in the words of the processors."""
        return SoundWish("" if self.codec == "keep" else self.codec, bits(self.channel_rate), self.languages)


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What they become. most_lines: larger ones are made smaller.

    bit_rates: bits a second that pictures have at most, by the number of lines up to which each holds; the largest
    holds beyond. Without: those of uploads. subtitles: languages that are kept, and what names none; none named: all.
    encoder: a plug-in that says how pictures are encoded, in place of what is said here.
    """

    codec: Codec
    most_lines: Lines = 2160
    bit_rates: dict[Lines, Rate] = {}
    sound: Sound = Sound()
    subtitles: tuple[Language, ...] = ()
    encoder: Use | None = None

    def __post_init__(self) -> None:
        for lines, rate in self.bit_rates.items():
            must_be(f"bit_rates, {lines}", asked, rate)

    def bit_rate(self, lines: int) -> int:
        """Bits a second that pictures of so many lines may have."""
        rates = tuple(sorted((up_to, bits(rate)) for up_to, rate in self.bit_rates.items()))
        return Settings(bit_rates=rates or Settings().bit_rates).bit_rate(min(lines, self.most_lines))


class Verification(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a result must be before it takes its source's place, besides whole and of the same content.

    least_vmaf: how like its source it looks, from 0 to 100 (VMAF, over all of it). least_saving: percent of its size.
    """

    least_vmaf: Annotated[float, Meta(ge=0, le=100)] = 90.0
    least_saving: Annotated[float, Meta(ge=0, le=100)] = 5.0


class Replacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """allowed: whether anything is written to the source at all; without, files are found and plans made, no more.

    keep: for how long an original can be brought back; its bytes are saved from then on.
    """

    allowed: bool = False
    keep: Duration = "30d"

    def __post_init__(self) -> None:
        must_be("keep", casts.seconds, self.keep)


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """scan: how often the source is looked through, once all that was found is done. hours: when files are transcoded,
    by the operator's clock, as 22:00-06:00; none named: at any time.
    """

    scan: Duration = "1d"
    hours: tuple[Annotated[str, Meta(examples=["22:00-06:00"])], ...] = ()

    def __post_init__(self) -> None:
        must_be("scan", casts.seconds, self.scan)
        for one in self.hours:
            must_be("hours", span, one)


class Courtesy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For whom a library waits. uploads: for files that somebody has sent and waits for; healing: for storage that
    repairs itself.
    """

    uploads: bool = True
    healing: bool = True


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """at_once: files that are looked at at the same time. cores: how many of the machine's one transcode may use.
    nice: by how much it steps back behind other programs (19: whatever they leave). least_free: what stays free on the
    source's file system.
    """

    at_once: Annotated[int, Meta(ge=1, le=64)] = 2
    cores: Annotated[int, Meta(ge=1, le=64)] = 1
    nice: Annotated[int, Meta(ge=0, le=19)] = 19
    least_free: Size = "10G"

    def __post_init__(self) -> None:
        must_be("least_free", casts.size, self.least_free)


class Workflow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A name for people, where files are, which of them are meant, what they become, and how and when that is done."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
    source: Source
    target: Target
    rules: Rules = Rules()
    verify: Verification = Verification()
    replace: Replacement = Replacement()
    schedule: Schedule = Schedule()
    courtesy: Courtesy = Courtesy()
    limits: Limits = Limits()

    def wish(self, lines: int) -> Wish:
        """What becomes of a video of so many lines, in the words of the processors."""
        accepted = self.rules.accept
        return Wish(
            codec=self.target.codec,
            bit_rate=self.target.bit_rate(lines),
            most_lines=self.target.most_lines,
            sound=self.target.sound.wish(),
            subtitles=self.target.subtitles,
            deinterlace=Loss.INTERLACING in accepted,
            subsample=Loss.CHROMA in accepted,
            drop_data=Loss.DATA in accepted,
            threads=self.limits.cores,
            nice=self.limits.nice,
        )

    def hash(self) -> str:
        """Of all that decides about a file: what was decided by another one is decided anew."""
        # In one order, whatever it is written in: the ledger's JSON has one of its own.
        parts = (self.rules, self.target, self.verify)
        told: list[Any] = msgspec.to_builtins(parts, str_keys=True, order="deterministic")
        del told[0]["deciders"], told[1]["encoder"]
        return hashlib.sha256(msgspec.json.encode([*told, *fitting.decisive(self)])).hexdigest()[:16]


def load(path: Path) -> Workflow:
    """The workflow in a file. Raises OSError, and as `read`."""
    return read(path.read_bytes())


def read(text: bytes) -> Workflow:
    """The workflow that is written there. Raises Unfit."""
    try:
        made = msgspec.json.decode(text, type=Workflow)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `")
        place = where.rstrip("`").removeprefix("$").removeprefix(".")
        raise Unfit(f"{place}: {what}" if place else what) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unfit(f"it is no JSON: {error}") from error
    if why := fitting.against(made):
        raise Unfit(why)
    return made


def schema() -> dict[str, Any]:
    """The JSON schema of workflows, with the plug-ins that are installed here. Raises BadPlugin."""
    made = msgspec.json.schema(Workflow)
    for one in made["$defs"].values():
        one["description"] = cleandoc(one["description"])
    fitting.described(made)
    made["$defs"]["Source"]["oneOf"] = [{"required": ["folder"]}, {"required": ["bucket", "key_file"]}]
    return made

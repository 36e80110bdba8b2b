"""Profiles: what is taken, and what is made of it: a row for each kind of file, those of plug-ins too. Reading it loads
no decoder of ours.
"""

from pathlib import PurePath

from processors.office import kinds
from processors.plugin import installed
from processors.processor import Processor
from processors.profile import Profile
from processors.recipes import PHOTO
from processors.refusals import Code, Refused

PICTURES = tuple(version.name for version in reversed(PHOTO.versions))
"""The pictures that are made of a photo, or of a document's first page, the smallest first."""

SHOTS = 5
"""Screenshots of a video, unless a setting says otherwise."""


IMAGE = Profile(
    name="image",
    content_types=frozenset(
        {
            *("image/jpeg", "image/png", "image/apng", "image/vnd.mozilla.apng", "image/webp", "image/gif"),
            *("image/tiff", "image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"),
            *("image/avif", "image/avif-sequence"),
        }
    ),
    extensions=("jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "heic", "heif", "avif"),
    most_bytes=100_000_000,
    folder="images",
    lane="images",
    processor=Processor.IMAGE,
    steps=("sniff", "read the header", "decode once", "shrink and encode each version"),
    versions=PICTURES,
)
PDF = Profile(
    name="pdf",
    content_types=frozenset({"application/pdf"}),
    extensions=("pdf",),
    most_bytes=100_000_000,
    folder="documents",
    lane="images",  # a page takes as long as a photo
    processor=Processor.PDF,
    steps=("sniff", "count the pages", "draw the first", "shrink and encode each version", "take the text"),
    versions=(*PICTURES, "text"),
)
VIDEO = Profile(
    name="video",
    content_types=frozenset(
        {
            *("video/mp4", "video/quicktime", "video/x-m4v", "video/3gpp", "video/3gpp2", "video/webm"),
            *("video/x-matroska", "video/x-msvideo", "video/mpeg", "video/mp2t", "video/ogg"),
            *("video/x-flv", "video/x-ms-asf"),
        }
    ),
    extensions=(
        *("mp4", "m4v", "mov", "3gp", "3g2", "webm", "mkv", "avi", "mpg", "mpeg", "vob", "ts", "mts", "m2ts"),
        *("ogv", "flv", "wmv", "asf"),
    ),
    most_bytes=50_000_000_000,
    folder="videos",
    lane="media",
    processor=Processor.VIDEO,
    steps=(
        *("sniff", "probe", "decide", "choose poster, screenshots and storyboard", "shrink the poster"),
        *("cut the preview", "transcode", "probe what was made"),
    ),
    versions=(
        *("thumb", "big_thumb", "poster", *(f"shot_{number:02}" for number in range(1, SHOTS + 1))),
        *("storyboard", "storyboard_vtt", "preview", "video"),
    ),
)
DOCUMENT = Profile(
    name="document",
    content_types=frozenset(
        {kind.content_type for kind in (kinds.DOCX, kinds.ODT, kinds.RTF, kinds.TXT, kinds.MD)} | kinds.LOOKED_INTO
    ),
    extensions=("docx", "odt", "rtf", "txt", "md"),
    most_bytes=100_000_000,
    folder="documents",
    lane="media",
    processor=Processor.OFFICE,
    steps=("sniff", "check the container", "convert to PDF", "draw the first page as a PDF's", "take the text"),
    versions=(*PDF.versions[:-1], "pdf", "text"),
)
SPREADSHEET = Profile(
    name="spreadsheet",
    content_types=frozenset(kind.content_type for kind in (kinds.XLSX, kinds.ODS, kinds.CSV)),
    extensions=("xlsx", "ods", "csv"),
    most_bytes=100_000_000,
    folder="documents",
    lane="media",
    processor=Processor.OFFICE,
    steps=(
        *("sniff", "check the container", "count the rows", "convert to PDF", "take the first rows of each sheet"),
        *("draw the first page as a PDF's", "take the text"),
    ),
    versions=(*PDF.versions[:-1], "pdf", "table", "text"),
)
OWN = (IMAGE, PDF, VIDEO, DOCUMENT, SPREADSHEET)
PROFILES = {profile.name: profile for profile in (*OWN, *(plugin.profile for plugin in installed(OWN).values()))}
_BY_CONTENT = {kind: profile for profile in PROFILES.values() for kind in profile.content_types}


def suggested(filename: str) -> Profile | None:
    """The profile that the extension of a name hints at; None if that is of nothing that is taken."""
    extension = PurePath(filename).suffix.removeprefix(".").lower()
    return next((profile for profile in PROFILES.values() if extension in profile.extensions), None)


def of_content(content_type: str) -> Profile:
    """The profile of files of this content type, of which there are many for texts. Raises KeyError."""
    if content_type.startswith("text/"):
        return _BY_CONTENT.get(content_type, DOCUMENT)
    return _BY_CONTENT[content_type]


# What libmagic calls a container of any kind, or a plain text of any kind: whether it is a document after all says who
# reads these.
FAMILIES = frozenset(
    {
        *("application/zip", "application/x-ole-storage", "application/CDFV2", "application/CDFV2-encrypted"),
        *("application/encrypted", "application/msword", "application/vnd.ms-excel", "application/rtf"),
        *("application/json", "application/x-ndjson", "application/csv", "application/javascript"),
    }
)


def profile_of(content_type: str) -> Profile:
    """The profile of a file of this content type. Raises Refused: unsupported_kind, with all that is taken."""
    try:
        return of_content(content_type)
    except KeyError:
        if content_type in FAMILIES or content_type.startswith("text/"):
            return DOCUMENT
        said = f"Files of this kind ({content_type}) are not taken. Taken are: {taken()}"
        raise Refused(Code.UNSUPPORTED_KIND, said, untouched=True) from None


def taken() -> str:
    """All that is taken, for people."""
    return "; ".join(f"{profile.name}: {', '.join(profile.extensions)}" for profile in PROFILES.values())

"""Which kind of document a container says it is, and whether it is locked."""

from processors.office.inside import archive
from processors.office.kinds import DOCX, ODS, ODT, XLSX, Kind
from processors.refusals import Code, Refused

# The parts that say it: in Office's files (ECMA-376, part 2), whose names are the same in capitals, and OpenDocument's.
TYPES, TYPE, MANIFEST = "[content_types].xml", "mimetype", "meta-inf/manifest.xml"
LOCKED = b"encryption-data"
MOST_BYTES = 4 << 20


def kind_of(data: memoryview) -> Kind | None:
    """None for an archive that is no document. Raises Refused as `archive.members` does, and unsupported_kind."""
    found = {member.name.lower(): member for member in archive.members(data)}
    if TYPE in found:
        said = _part(data, found[TYPE])
        kind = next((kind for kind in (ODT, ODS) if said.strip().decode("ascii", "replace") == kind.content_type), None)
        if kind and MANIFEST in found and LOCKED in _part(data, found[MANIFEST]):
            raise archive.encrypted()
    elif TYPES in found:
        said = _part(data, found[TYPES])
        kind = next((kind for kind in (DOCX, XLSX) if any(mark in said for mark in kind.marks)), None)
    else:
        return None
    if kind is None:
        message = "Documents of this kind are not supported. Supported are docx, odt, xlsx and ods."
        raise Refused(Code.UNSUPPORTED_KIND, message)
    return kind


def _part(data: memoryview, member: archive.Member) -> bytes:
    if member.size > MOST_BYTES:
        raise archive.too_much()
    return archive.whole(data, member)

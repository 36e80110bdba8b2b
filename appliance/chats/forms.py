"""A message with its file in one form, through the server: looked at before anything is stored, then streamed on.

Source of the format: multipart/form-data, RFC 7578.
"""

from collections.abc import AsyncGenerator, AsyncIterator

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from appliance.errors import BadRequest
from appliance.files.bodies import BROKEN_OFF, Pieces, in_time

FIELDS = ("text", "client_id")
FIELD_BYTES = 64 * 1024  # of a text field: as large as any other request
FILE = "file"


class Form:
    """A form, read as it comes: first `until_file`, then `pieces`, then `rest`. `fields` are those that came so far.

    All raise BadRequest for what is no such form, or breaks off.
    """

    def __init__(self, request: Request, pieces: Pieces) -> None:
        boundary = parse_options_header(request.headers.get("content-type", ""))[1].get("boundary", "")
        if not boundary:
            raise BadRequest("A form is needed", **{"Content-Type": "multipart/form-data"})
        self.fields: dict[str, str] = {}
        self._found = _read(boundary, pieces)

    async def until_file(self) -> str:
        """Reads what comes before the file; the name of the file."""
        async for segment in self._segments():
            if segment.name == FILE and segment.filename is not None:
                return segment.filename
            await self._field(segment)
        raise BadRequest("There is no file in this form", file="is needed")

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The bytes of the file, to its end."""
        async for piece in self._found:
            if piece is None:
                return
            assert not isinstance(piece, MultipartSegment)
            yield bytes(piece)

    async def rest(self) -> None:
        """Reads what comes after the file."""
        async for segment in self._segments():
            await self._field(segment)

    async def aclose(self) -> None:
        """Reads no more of it."""
        await self._found.aclose()

    async def _segments(self) -> AsyncIterator[MultipartSegment]:
        async for found in self._found:
            assert isinstance(found, MultipartSegment)
            yield found

    async def _field(self, segment: MultipartSegment) -> None:
        name, value = segment.name, bytearray()
        if name not in FIELDS or name in self.fields:
            known = ", ".join((FILE, *FIELDS))
            raise BadRequest("A field of this form is not known, or there twice", **{name or "?": known})
        async for piece in self.pieces():
            value += piece
            if len(value) > FIELD_BYTES:
                raise BadRequest("A field of the form is too long", **{name: f"{FIELD_BYTES} bytes at most"})
        try:
            self.fields[name] = value.decode()
        except UnicodeDecodeError:
            raise BadRequest("A field of the form is not text", **{name: "UTF-8"}) from None


async def _read(boundary: str, pieces: Pieces) -> AsyncGenerator[MultipartSegment | bytearray | None]:
    """Each segment, its bytes, and None for its end."""
    try:
        with PushMultipartParser(boundary, max_segment_count=1 + len(FIELDS)) as parser:
            async for piece in in_time(pieces):
                for found in parser.parse(piece):
                    yield found
            if not parser.closed:
                raise BadRequest("The form is not complete")
    except (MultipartError, *BROKEN_OFF):
        raise BadRequest("The form is not well-formed, or not complete") from None

"""`/chats/{id}/export`: a chat with its files as a zip."""

from litestar import Request, Router, get
from litestar.datastructures import ResponseHeader
from litestar.response import Stream

from appliance.accounts.callers import Caller
from appliance.bundles.api import Bundles
from appliance.bundles.jobs import ZIP
from appliance.chats import export, rooms
from appliance.chats.api import paths
from appliance.ledger.service import Ledger
from appliance.live.manners import holding, in_time, until_answered
from appliance.logs import log
from storage import disposition


@get(
    paths("/export"),
    tags=["chats"],
    media_type=ZIP,
    middleware=[holding, in_time],
    response_headers=[ResponseHeader(name="Content-Disposition", documentation_only=True)],
    summary="A chat with all its files, as a zip",
)
async def fetch_export(owner_id: str, request: Request, caller: Caller, bundles: Bundles, ledger: Ledger) -> Stream:
    """For a server and for every member: what was said until now, as `messages.jsonl` and, for people, `index.html`;
    the originals of its files in `files/`, stored as they are; `members.json`, `chat.json`. Files that could not be
    read are named in `missing.json`. What is deleted is not in it. It is read as it is sent, so nobody knows how long
    it will be; one that ends early is no zip. Whoever reads nothing of it for a while (20 seconds) has to begin anew.
    """
    await rooms.must_be_in(owner_id, caller)
    await until_answered(request, bundles.place())
    beginning = await export.begin(owner_id)
    log.info("exported", chat=owner_id, seq=beginning.seq, by=caller.person or caller.name)
    name = disposition.attachment(f"{beginning.title}.zip")
    headers = {"Content-Disposition": name, "Cache-Control": "private, no-store"}
    sent = bundles.sent(export.pieces(bundles.objects, ledger, beginning), "exports")
    return Stream(sent, media_type=ZIP, headers=headers)


router = Router("/", route_handlers=[fetch_export])

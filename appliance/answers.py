"""Every answer of the API is counted, by its route and never by its path, which holds ids without end."""

from litestar.types import Message, Scope

from appliance.metrics import count

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}


async def count_answer(message: Message, scope: Scope) -> None:
    """Called by the framework before each message to a client."""
    if message["type"] != "http.response.start":
        return
    asked = str(scope.get("method"))
    method = asked if asked in METHODS else "other"
    count("requests", method=method, route=scope.get("path_template") or "none", status=str(message["status"]))

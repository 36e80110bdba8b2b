"""What a caller is told who is over a limit, or for whom there is no room."""

from appliance.errors import DomainError

_WHOSE = {"project": "This project", "user": "This user", "address": "Your network address"}
_WHAT = {
    "slots": "has {most} uploads open, as many as it may; send or delete them, or wait until they run out",
    "files": "has {most} files, as many as it may; delete some first",
    "bytes": "has taken up the {most} bytes it may; delete some files first",
}
_WAIT = {"slots": 15, "files": 300, "bytes": 300}  # seconds; a slot comes back by itself, the others by deleting


class LimitReached(DomainError):
    """A quota: of `scope` (project, user, address) and `what` (slots, files, bytes), which is `most`."""

    status = 429
    code = "quota_reached"
    title = "A quota is used up"

    def __init__(self, scope: str, what: str, most: int) -> None:
        whose = _WHOSE.get(scope, f"This {scope}")
        super().__init__(f"{whose} {_WHAT[what].format(most=most)}")
        self.retry_after = _WAIT[what]


class StorageFull(DomainError):
    """Storage is near full. What is there can be read, and what came is processed."""

    status = 507
    code = "storage_full"
    title = "Storage is nearly full, so no new uploads are taken; what is stored can be read"
    retry_after = 60


class TooManyRequests(DomainError):
    """More requests a minute than `most`; there will be `seconds` until more are answered."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, scope: str, most: int, seconds: int) -> None:
        super().__init__(f"{_WHOSE[scope]} sent more than {most} requests within a minute")
        self.retry_after = max(1, seconds)


class TooManyNewcomers(DomainError):
    """More than `most` have come for the first time from an address; in `seconds` the next may."""

    status = 429
    code = "too_many_newcomers"
    title = "Too many have signed in for the first time"

    def __init__(self, most: int, seconds: int) -> None:
        super().__init__(f"{_WHOSE['address']} has brought {most} new users within an hour, as many as it may")
        self.retry_after = seconds

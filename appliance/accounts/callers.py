"""Who is calling: a server with a key, the operator's page, or a browser or app with a project's or a user's token."""

import time
from hashlib import sha256
from typing import Any

import jwt
import msgspec

from appliance.accounts.tables import ApiKey
from appliance.accounts.whose import Whose
from appliance.errors import NotAllowed, NotAuthenticated, NotFound
from appliance.ledger.database import lost_as_unavailable
from storage import layout

AUDIENCE = "darkroom"
KEY_PREFIX = "dk_"
ANYBODY = "*"
MODERATORS = "moderators"
"""In the place of an owner's root, so that a moderator is nobody who has files, and sees nobody's."""
PROFILES = "profiles"
MOST_TOKENS = 10_000
REMEMBER_SECONDS = 5.0  # how long a revoked key may still be taken by a process that knows it


class Caller(msgspec.Struct, frozen=True):
    """One who is known. `owner` is None for those who may see everybody's."""

    name: str
    owner: Whose | None = None
    admin: bool = False
    user: str | None = None
    """The application's own name for the one behind a token, where it said so."""
    server: bool = False
    """One who asks for many people, from one address."""
    limited: bool = False
    """One who signed in with a wallet: may do what has to do with a profile of their own, and no more."""

    @property
    def person(self) -> str | None:
        """Who it is, as the application knows people; None for a server, and for a token that is of no one person."""
        return self.user or (self.owner.id if self.owner and self.owner.root == layout.USERS else None)

    @property
    def moderator(self) -> str | None:
        """The name by which what this caller decides is noted; None for one who decides nothing. That of a key has a
        space in it, which no moderator's has.
        """
        if self.owner is None:
            return f"key {self.name}" if self.server else self.name
        return self.owner.id if self.owner.root == MODERATORS else None

    def must_be_user(self) -> str:
        """The id of the user whose own token this is. Raises NotAllowed for everybody else."""
        if self.owner is None or self.owner.root != layout.USERS:
            raise NotAllowed("This needs a user's own token: sign in with a wallet")
        return self.owner.id

    def may_see(self, owner: Whose, what: str = "") -> None:
        """Raises NotFound, as if there were no such `what`, for something of an owner this caller may not know of."""
        if self.owner not in (None, owner):
            raise NotFound(f"There is no such {what or owner.noun}")

    def must_be_server(self) -> None:
        """Raises NotAllowed for a browser's token."""
        if self.owner is not None:
            raise NotAllowed(f"This needs a server key, not a {self.owner.noun}'s token")

    def must_be_moderator(self) -> str:
        """The name as of `moderator`. Raises NotAllowed for all but moderators, server keys and the operator's page."""
        if self.moderator is None:
            raise NotAllowed("This needs a moderator's login; ./ops/open --moderation makes one")
        return self.moderator

    def must_be_admin(self) -> None:
        """Raises NotAllowed for all but an admin key."""
        if not self.admin:
            raise NotAllowed("This needs an admin key, or the login of ./ops/open --admin")


class Callers:
    """Recognises bearer keys and tokens, and makes tokens."""

    def __init__(self, token_secret: str) -> None:
        self._secret = token_secret
        self._tokens: dict[str, tuple[float, Caller]] = {}  # checked once; what a token says does not change
        self._known: dict[str, tuple[float, Caller]] = {}

    def token(
        self,
        owner: Whose | None,
        seconds: int,
        user: str | None = None,
        limited: bool = False,
        admin: bool = False,
    ) -> tuple[str, int]:
        """A token for what is one owner's, or with None for the operator's pages, and the Unix time of its end. One
        that is limited is good for profiles alone; one of an admin for what an admin key is good for.
        """
        now = int(time.time())
        subject = owner.id if owner else ANYBODY
        claims: dict[str, Any] = {"aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + seconds}
        if owner and owner.root != layout.PROJECTS:
            claims["root"] = owner.root
        if user is not None:
            claims["user"] = user
        if limited:
            claims["for"] = PROFILES
        if admin:
            claims["admin"] = True
        return jwt.encode(claims, self._secret, algorithm="HS256"), now + seconds

    async def recognise(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header. Raises NotAuthenticated."""
        scheme, _, credential = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not credential:
            raise NotAuthenticated("Send a key or token as `Authorization: Bearer …`")
        if credential.startswith(KEY_PREFIX):
            return await self._server(credential)
        return self._browser(credential)

    def _browser(self, token: str) -> Caller:
        ends, caller = self._tokens.get(token, (0.0, None))
        if caller and ends > time.time():
            return caller
        claims = self._claims(token)
        anybody = claims["sub"] == ANYBODY
        owner = None if anybody else Whose(claims.get("root", layout.PROJECTS), claims["sub"])
        name, limited = "operator" if anybody else "token", "for" in claims
        admin = anybody and claims.get("admin") is True
        caller = Caller(name=name, owner=owner, admin=admin, user=claims.get("user"), limited=limited)
        if len(self._tokens) >= MOST_TOKENS:
            self._tokens.clear()
        self._tokens[token] = (claims["exp"], caller)
        return caller

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                audience=AUDIENCE,
                leeway=5,
                options={"require": ["exp", "sub", "aud"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The token has run out; get a new one") from error
        except jwt.PyJWTError as error:
            raise NotAuthenticated from error
        return claims

    async def _server(self, key: str) -> Caller:
        digest = sha256(key.encode()).hexdigest()
        until, caller = self._known.get(digest, (0.0, None))
        if caller and until > time.monotonic():
            return caller
        self._known.pop(digest, None)
        with lost_as_unavailable():
            row = await ApiKey.objects().where((ApiKey.sha256 == digest) & ApiKey.revoked_at.is_null()).first()
        if row is None:
            raise NotAuthenticated
        caller = Caller(name=row.name, admin=row.admin, server=True)
        self._known[digest] = (time.monotonic() + REMEMBER_SECONDS, caller)
        return caller

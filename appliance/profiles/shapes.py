"""What is answered about profiles, their uploads, payments and moderation: schemas by name, and which gives which."""

from appliance.ledger.states import SHOWN
from appliance.profiles.roles import ROLES
from appliance.profiles.states import State
from appliance.schemas import COUNT, ERROR, TEXT, TIME, UUID, YES_OR_NO, Answers, Schema, all_of, list_of, of, or_null

_FORM: dict[str, Schema] = {
    "name": TEXT,
    "url": or_null(TEXT),
    "activity_hobbies": TEXT,
    "hashtags": {"type": "array", "items": TEXT},
    "is_incognito": YES_OR_NO,
}
_FLAGS: Schema = {
    "type": "array",
    "items": all_of(
        **dict.fromkeys(("field", "found", "word", "language", "severity", "why"), TEXT),
        tricks={"type": "array", "items": TEXT},
    ),
}
_LINKS: Schema = {"type": "object", "additionalProperties": TEXT}
_OWN_MEDIA: Schema = {
    "type": "object",
    "description": "image, logo and video, those there are",
    "additionalProperties": all_of(path=TEXT, state={"enum": list(SHOWN)}, error=ERROR, preview=_LINKS),
}
_MEDIA: Schema = {
    "type": "object",
    "description": "image, logo and video, those there are, each with the links to its versions",
    "additionalProperties": _LINKS,
}
_PAST: Schema = {"type": "array", "items": all_of(at=TIME, who=TEXT, state={"enum": list(State)}, reason=TEXT)}
_CLAIMED: dict[str, Schema] = {"claimed_by": or_null(TEXT), "claimed_until": or_null(TIME)}

SCHEMAS: dict[str, Schema] = {
    "Profile": all_of(
        profile_id=UUID,
        **_FORM | {"name": or_null(TEXT)},
        wallet=or_null(TEXT),
        published_at=TIME,
        media=_MEDIA,
    ),
    "Profiles": all_of(profiles=list_of("Profile"), next_cursor=or_null(TEXT)),
    "Edition": all_of(
        edition_id=UUID,
        state={"enum": list(State)},
        reason=TEXT,
        **_FORM,
        media=_OWN_MEDIA,
        payment=or_null(of("Payment")),
        history=_PAST,
    ),
    "OwnProfile": all_of(profile_id=UUID, published=or_null(of("Profile")), edition=of("Edition")),
    "Moderated": all_of(
        edition_id=UUID,
        profile_id=UUID,
        state={"enum": list(State)},
        since=TIME,
        **_FORM,
        flags=_FLAGS,
        **_CLAIMED,
        media=_MEDIA,
        wallet=or_null(TEXT),
        published=or_null(of("Profile")),
        payment=or_null(of("Payment")),
        history=_PAST,
    ),
    "Waiting": all_of(edition_id=UUID, profile_id=UUID, name=TEXT, since=TIME, flags=COUNT, **_CLAIMED),
    "Queue": all_of(moderator=TEXT, waiting=list_of("Waiting"), next_cursor=or_null(TEXT)),
    "Decided": all_of(
        id=COUNT, at=TIME, moderator=TEXT, edition_id=UUID, profile_id=UUID, state=TEXT, reason=TEXT, name=TEXT
    ),
    "Decisions": all_of(decisions=list_of("Decided"), next_cursor=or_null(COUNT)),
    "ForbiddenWords": all_of(words=list_of("ForbiddenWord"), next_cursor=or_null(COUNT)),
    "ProfileUpload": all_of(
        role={"enum": list(ROLES)},
        path=TEXT,
        state={"enum": list(SHOWN)},
        error=ERROR,
        kind=TEXT,
        facts=or_null({"type": "object"}),
        preview={"type": "object", "additionalProperties": TEXT},
        expires_at=or_null(TIME),
    ),
    "ProfileUploads": all_of(uploads=list_of("ProfileUpload")),
    "Payment": all_of(
        provider={"enum": ["evm", "manual", "none"]},
        status={"enum": ["due", "seen", "confirmed", "waived"]},
        **dict.fromkeys(("reason", "amount", "symbol"), TEXT),
        **dict.fromkeys(("recipient", "token", "payer", "tx_hash"), or_null(TEXT)),
        chain_id=or_null(COUNT),
        **dict.fromkeys(("decimals", "confirmations", "confirmations_needed"), COUNT),
    ),
}
ANSWERS: Answers = {
    "post /profiles": {"201": "OwnProfile"},
    "get /profiles": {"200": "Profiles"},
    "get /profiles/mine": {"200": "OwnProfile"},
    "get /profiles/{profile_id}": {"200": "Profile"},
    "put /profiles/{profile_id}": {"200": "OwnProfile"},
    "get /moderation/queue": {"200": "Queue"},
    "get /moderation/history": {"200": "Decisions"},
    "get /moderation/editions/{edition_id}": {"200": "Moderated"},
    **{
        f"post /moderation/editions/{{edition_id}}/{what}": {"200": "Moderated"}
        for what in ("claim", "release", "approve", "reject")
    },
    "get /words": {"200": "ForbiddenWords"},
    "get /profiles/uploads": {"200": "ProfileUploads"},
    "get /profiles/uploads/{file_id}": {"200": "ProfileUpload"},
    "post /profiles/{profile_id}/payment": {"200": "Payment"},
    "post /profiles/{profile_id}/payment/mark": {"200": "Payment"},
}

"""The states of an edition: what somebody wants to have published, on its way. Which may follow which is the table
`profile_moves`.
"""

from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    AWAITING_PAYMENT = "awaiting_payment"
    IN_REVIEW = "in_review"
    PROCESSING = "processing"
    PUBLISHED = "published"
    REJECTED = "rejected"
    EXPIRED = "expired"


ON_ITS_WAY = (State.DRAFT, State.AWAITING_PAYMENT, State.IN_REVIEW, State.PROCESSING)

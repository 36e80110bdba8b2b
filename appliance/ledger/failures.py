"""What may happen to an asset's bytes after storage took them, as its error says it; whoever finds it says the same."""

from appliance.ledger.service import Failure

MISSING = Failure("object_missing", "A file that was stored for this upload is gone from storage.", "operator")
DAMAGED = Failure("object_damaged", "The uploaded file is stored, but no longer as it was sent.", "operator")
VERSION_DAMAGED = Failure(
    "version_damaged", "A version of this file is damaged in storage; trying again makes it anew.", "operator"
)
SIZE_MISMATCH = Failure(
    "size_mismatch", "The file that came is not of the size that was announced. Please upload it again."
)
CHECKSUM_MISMATCH = Failure(
    "checksum_mismatch", "The file that came does not have the checksum that was announced. Please upload it again."
)

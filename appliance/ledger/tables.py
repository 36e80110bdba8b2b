"""The ledger's tables as lists read them. What changes them is SQL (`sql/`), and so is what defines them."""

from piccolo.columns import JSONB, UUID, BigInt, Integer, SmallInt, Timestamptz, Varchar
from piccolo.table import Table


class Asset(Table, tablename="assets", schema="ledger"):
    """One file and its life."""

    id = UUID(primary_key=True)
    stream = BigInt()
    root = Varchar()
    owner = Varchar()
    folder = Varchar()
    kind = Varchar()
    filename = Varchar()
    state = Varchar()
    error_code = Varchar(null=True)
    error_message = Varchar(null=True)
    blob = BigInt(null=True)
    facts = JSONB(null=True)
    attempts = SmallInt()
    created_at = Timestamptz()


class Version(Table, tablename="versions", schema="ledger"):
    """One developed version of an asset."""

    asset = UUID(primary_key=True)
    name = Varchar()
    width = Integer()
    height = Integer()
    bytes = BigInt()
    content_type = Varchar()
    extension = Varchar()
    sha256 = Varchar()


class Blob(Table, tablename="blobs", schema="ledger"):
    """The bytes of an original, pinned to one version of one object."""

    id = BigInt(primary_key=True)
    version_id = Varchar()
    size = BigInt()
    sha256 = Varchar(null=True)

"""Profiles as their owner, a moderator and everybody see them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from appliance.accounts import wallets
from appliance.config import Config
from appliance.errors import NotFound
from appliance.files.versions import Linker
from appliance.ledger.database import fetch
from appliance.payments import service as payments
from appliance.profiles import editions, media
from appliance.profiles.editions import Edition, Profile
from appliance.profiles.media import For

_LISTED = """
SELECT p.id FROM profiles p JOIN users u ON u.id = p.user_id AND u.deleted_at IS NULL
JOIN profile_editions e ON e.id = p.edition AND e.state = 'published'
"""

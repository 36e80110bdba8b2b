"""What is read of profiles follows what is asked for, not how many there are: counted in pages of Postgres."""

from datetime import UTC, datetime
from typing import Any

from appliance.ledger.database import fetch
from appliance.profiles import chores, editions, moderation, pages, pipeline
from tests.ledger.book import Book
from tests.ledger.test_cost import check_cost

MANY = 20_000
_USERS = "INSERT INTO users (id, name) SELECT 'u' || n, 'wallet' FROM generate_series(1, $1) n"
_PROFILES = "INSERT INTO profiles (user_id) SELECT id FROM users"
# Nine of ten are published, the rest are what moderators have turned down, all long ago; a few wait.
_EDITIONS = """
INSERT INTO profile_editions (profile, state, name, hashtags, published_at, state_at, look_at, dropped_at)
SELECT p.id, CASE WHEN n % 10 = 0 THEN 'rejected' WHEN n % 1000 = 1 THEN 'in_review' ELSE 'published' END, 'Anna',
    '{go}', now() - make_interval(secs => n), now() - make_interval(secs => n), NULL, now()
FROM (SELECT id, row_number() OVER () AS n FROM profiles) p
"""
_SEEN = """
UPDATE profiles p SET edition = e.id, published_at = e.published_at FROM profile_editions e
WHERE e.profile = p.id AND e.state = 'published'
"""
_TAGS = "INSERT INTO hashtags (name, profiles) SELECT 'tag' || n, 1 FROM generate_series(1, 1000) n"
_TAGGED = """
INSERT INTO profile_hashtags (profile, hashtag, published_at)
SELECT e.profile, h.id, e.published_at FROM profile_editions e
JOIN hashtags h ON h.id = (SELECT min(id) FROM hashtags) OR hashtext(e.id::text || h.name) % 2000 = 0
WHERE e.state = 'published'
"""


def filled(sql: str, *args: Any) -> str:
    """A statement with its arguments in it."""
    for number in range(len(args), 0, -1):
        sql = sql.replace(f"${number}", _written(args[number - 1]))
    return sql


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'::timestamptz"
    return str(value) if isinstance(value, int | float) else f"'{value}'"


async def test_what_is_read_follows_what_is_asked_for(book: Book, database_url: str) -> None:
    await fetch(_USERS, MANY)
    await fetch(_PROFILES)
    await fetch("ALTER TABLE profile_editions DISABLE TRIGGER USER")
    try:
        await fetch(_EDITIONS)
    finally:
        await fetch("ALTER TABLE profile_editions ENABLE TRIGGER USER")
    await fetch(_SEEN)
    await fetch(_TAGS)
    await fetch(_TAGGED)
    middle = (datetime.now(UTC), pages.LAST[1])
    statements = {
        "due": filled(pipeline._DUE, 50),
        "outdated": filled(chores._OUTDATED, 1, 100),
        "queue": filled(moderation._QUEUE, *pages.FIRST, 50),
        "newest": filled(editions._NEWEST_PLACES, *middle, 21),
        "of a hashtag that all have": filled(editions._TAGGED_PLACES, *middle, 21, "tag1"),
        "of a hashtag that few have": filled(editions._TAGGED_PLACES, *middle, 21, "tag7"),
        "decided": filled(moderation._DONE, moderation.LAST, 50),
    }
    await check_cost(database_url, MANY, statements)
    await fetch("ANALYZE profile_editions, profiles, profile_hashtags, hashtags, users")
    await check_cost(database_url, MANY, statements)

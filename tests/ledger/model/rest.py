"""Bringing a world to rest: everything works again, and sweeps run until nothing is open."""

from storage import layout
from tests.ledger.book import FAILURE
from tests.ledger.model.storage import WHOLE
from tests.ledger.model.witness import holds
from tests.ledger.model.world import BAD, DEADLY, PUT_OFF, World

ROUNDS = (31, 31, 61, 1000, 400, 1300, 5000, 20_000, *[4000] * 12)  # seconds between two rounds

_OPEN = """
SELECT id::text, state::text AS state FROM ledger.assets
WHERE state IN ('init', 'uploaded', 'processing', 'deleting', 'deleted') OR check_at IS NOT NULL
UNION ALL SELECT id, 'a project being deleted' FROM projects WHERE deleted_at IS NOT NULL
"""


async def rest(world: World) -> None:
    """No notification comes any more: the sweep alone makes it true. Raises Broken."""
    world.storage.mode, world.valkey.away = WHOLE, False
    still: list[object] = []
    for seconds in ROUNDS:
        for chore in world.chores.values():
            await chore()
        await read(world)
        await work(world)
        still = await world.sql.fetch(_OPEN)
        if not still:
            break
        await world.pass_time(seconds)
    holds(not still, f"never ends: {[tuple(row) for row in still]}")
    await world.check()
    for asset in world.assets.values():
        await _ended(world, asset)


async def read(world: World) -> None:
    """An intake reads what there is."""
    try:
        await world.inbox.run()
    except PUT_OFF:
        return


async def work(world: World) -> None:
    """Workers do what is queued, as the files let them."""
    while world.valkey.jobs:
        job = next(iter(world.valkey.jobs))
        asset = world.assets[world.valkey.jobs.pop(job)]
        lease = await world.claim(asset)
        if lease is None or asset.file == DEADLY:
            continue
        await (world.fail(lease, FAILURE) if asset.file == BAD else world.finish(lease))


async def _ended(world: World, asset: object) -> None:
    """What a client was promised of one asset."""
    row = await world.row(asset)
    originals = world.storage.stored(layout.ORIGINALS, asset.key)
    if asset.removed:
        holds(row is None, f"{asset.id} was removed and is {row and row['state']}")
        holds(not originals, f"{asset.id} was removed, and storage holds {originals}")
        return
    holds(row is not None, f"{asset.id} is gone, and nobody removed it")
    if asset.acknowledged:
        holds(row["state"] in ("done", "error"), f"storage acknowledged {asset.id}, and it ended as {row['state']}")
        holds(row["blob"] is not None, f"storage acknowledged {asset.id}, and it has no bytes")
    else:
        holds(row["state"] == "expired", f"nothing came for {asset.id}, and it ended as {row['state']}")
    if row["state"] == "done":
        held = world.storage.stored(layout.VERSIONS, asset.key + "/")
        holds(held, f"{asset.id} is done, and its version is not in storage")
    if row["state"] == "error":
        holds(row["error_code"] and row["error_message"] and row["error_fixer"], f"{asset.id} ended without a reason")

"""A process that reads settings and ends with an error if it ever sees two sets at once, or one after a later one:
`python -m tests.settings.reads NUMBER KEY…`. So often, and until its standard input ends. Half of the readings are by
a Reader, half by what that reads with.
"""

import asyncio
import sys

from appliance.config import current, from_environment
from appliance.ledger.database import pool
from appliance.logs import set_up
from appliance.settings import shared
from appliance.settings.reading import Reader
from appliance.valkey import quick
from tests.settings.rows import Rows


async def main(number: int, keys: list[str]) -> None:
    config = from_environment({"DARKROOM_VALKEY_URL": current().valkey_url})
    redis = quick(config.valkey_url)
    reader = Reader(Rows(valkey_url=config.valkey_url), redis)
    turn, latest, seen = 0, 0, set()
    told_to_end: list[str] = []
    asyncio.get_running_loop().add_reader(sys.stdin, lambda: told_to_end.append(sys.stdin.read()))
    async with pool(1):
        await reader.look()
        print("reading", flush=True)
        while not told_to_end or turn < number:
            turn += 1
            if turn == number:
                print("enough", flush=True)
            if turn % 2:
                await reader.look()
                values, generation = {str(reader.get(key)) for key in keys}, reader.generation
            else:
                told = await shared.read(redis, keys)
                assert told, "there is always a set"
                values, generation = set(told.values.values()), told.generation
            assert len(values) == 1, f"of two sets: {values}"
            assert generation >= latest, f"{generation} after {latest}"
            latest = generation
            seen |= values
    print(len(seen))


set_up("text", "error")  # what it prints is for the test
asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))

"""The inventory: what it may say, and what it is told when it says something else."""

import pytest

from ops.clusters import description
from ops.clusters.description import BadInventory

pytestmark = pytest.mark.pure

UUID = "6f2c9a34-51d2-4b7e-8a3f-0c9d1e2f3a4{}"
GOOD = """\
urls = ["https://photos.lan"]
[hosts.a]
address = "10.0.0.1"
roles = ["storage", "database", "api", "worker", "edge"]
drives = ["6f2c9a34-51d2-4b7e-8a3f-0c9d1e2f3a41", "ZC1A2B3C"]
workers = 3
[hosts.b]
address = "10.0.0.2"
roles = ["storage"]
drives = ["6f2c9a34-51d2-4b7e-8a3f-0c9d1e2f3a43", "6f2c9a34-51d2-4b7e-8a3f-0c9d1e2f3a44"]
"""


def test_what_a_good_one_says() -> None:
    cluster = description.parse(GOOD)
    first = cluster.hosts[0]
    assert (first.name, first.address, first.workers, first.pool) == ("a", "10.0.0.1", 3, 1)
    assert [drive.is_uuid for drive in first.drives] == [True, False]
    assert cluster.urls == ("https://photos.lan",)
    assert [layout.set_drives for layout in cluster.layouts()] == [4]
    assert cluster.ports["storage"] == 9000


def more(*drives: int) -> str:
    """Two hosts more that form a second pool, with so many drives each."""
    told = ""
    for number, count in enumerate(drives):
        serials = [f"NEW{number}-{drive}" for drive in range(count)]
        told += f"""[hosts.new{number}]
address = "10.0.0.1{number}"
roles = ["storage"]
pool = 2
drives = {serials}
"""
    return told


def test_a_pool_that_can_not_have_the_parity_of_the_first_is_refused() -> None:
    """The server would not start with it, on any node."""
    with pytest.raises(BadInventory, match="pool 2: A set of 2 drives can have a parity of 1 to 1, not 2"):
        description.parse(GOOD + more(1, 1))
    first, second = description.parse(GOOD + more(4, 4)).layouts()
    assert (second.set_drives, second.parity, second.reduced) == (8, first.parity, first.reduced)


@pytest.mark.parametrize(
    ("change", "by", "said"),
    [
        ('urls = ["https://photos.lan"]', "", "urls is missing"),
        ("https://photos.lan", "https://photos.lan/x", "must be scheme, name and port alone"),
        ('"https://photos.lan"', '"https://a.lan", "http://b.lan"', "share one port"),
        ("[hosts.a]", "[hosts.A]", "no name for a host"),
        ("[hosts.a]", "colour = 1\n[hosts.a]", "'colour' is not known"),
        ('address = "10.0.0.1"', 'address = "photos"', "IP address"),
        ('address = "10.0.0.1"', 'address = "127.0.0.1"', "other hosts can reach"),
        ('address = "10.0.0.1"', 'address = "10.0.0.2"', "address 10.0.0.2 is there twice"),
        ('"worker", "edge"', '"worker"', "no host has the role 'edge'"),
        ('roles = ["storage"]', 'roles = ["storage", "database"]', "one host has the role 'database'"),
        ('roles = ["storage"]', 'roles = ["cook"]', "no role 'cook'"),
        ('roles = ["storage"]', "roles = []", "has no roles"),
        ('roles = ["storage"]', 'roles = ["worker"]', "drives belong to the role 'storage'"),
        ('"ZC1A2B3C"]', '"6f2c9a34-51d2-4b7e-8a3f-0c9d1e2f3a43"]', "is there twice"),
        ('"ZC1A2B3C"]', '"../x"]', "neither the UUID"),
        (', "ZC1A2B3C"]', "]", "equally many drives"),
        ("workers = 3", "workers = 0", "from 1 to 256"),
        ("workers = 3", 'workers = "3"', "from 1 to 256"),
        ("workers = 3", "pool = 2", "pool 1 has one host beside other pools"),
        ("[hosts.a]", "parity = 3\n[hosts.a]", "parity of 1 to 2, not 3"),
        ("[hosts.a]", "[settings]\nDATABASE_URL = 'x'\n[hosts.a]", "DATABASE_URL is not one to give here"),
        ("[hosts.a]", "[settings]\nLIBRARY = '/x'\n[hosts.a]", "LIBRARY is not one to give here"),
        ("[hosts.a]", "[settings]\nEVENTS_DAYS = [1]\n[hosts.a]", "must be a text or a number"),
        ("[hosts.a]", "[ports]\nstorage = 80\n[hosts.a]", "from 1024 to 65000"),
        ("[hosts.a]", "[ports]\nstorage = 9001\n[hosts.a]", "port 9001 is there twice"),
        ("[hosts.a]", "[hosts.a", "not TOML"),
    ],
)
def test_what_is_wrong_is_said(change: str, by: str, said: str) -> None:
    text = GOOD.replace(change, by)
    assert text != GOOD
    with pytest.raises(BadInventory, match=said):
        description.parse(text)

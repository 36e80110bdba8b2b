"""Whether a drive can be taken away: what its erasure set can do without yet. Pure."""

from storage.health import Cluster, Drive, ErasureSet


def set_of(cluster: Cluster, drive: Drive) -> ErasureSet:
    """The erasure set that the drive belongs to."""
    return next(one for one in cluster.sets if (one.pool, one.number) == (drive.pool, drive.set))


def objection(cluster: Cluster, drive: Drive) -> str:
    """Why `drive` can't be taken away now: what would stop, and what there is to wait for; "" if it can.

    A drive that is away takes nothing with it. Versions count like originals: each would have to be made again.
    """
    if not drive.here:
        return ""
    own = set_of(cluster, drive)
    # One that is being filled is not read from: there is nothing to lose in that.
    read = own.reads + (not drive.whole), own.reads_versions + (not drive.whole)
    if own.writes >= 1 and min(read) >= 1:
        return ""
    others = [one for one in own.drives if one.endpoint != drive.endpoint and not one.whole]
    named = ", ".join(f"{one.endpoint} is {one.condition}" for one in others)
    stops = "nothing could be uploaded without it" if own.writes < 1 else "some objects could not be read without it"
    return f"{stops}; {named}" if named else f"{stops}, as its set has no drive to spare"

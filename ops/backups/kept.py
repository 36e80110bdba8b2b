"""What `./ops/status` tells of backups: the last one, and the last drill, as the data folder records them."""

import time
from typing import Any

from ops.folder import DataFolder

BACKUP, DRILL = "backup.json", "drill.json"


def state(folder: DataFolder) -> dict[str, Any]:
    """Each as it was recorded, None where there was none."""
    return {"backup": folder.read(BACKUP) or None, "drill": folder.read(DRILL) or None}


def told(kept: dict[str, Any]) -> str:
    backup, drill = kept["backup"], kept["drill"]
    if backup is None:
        return "backup: none was made, see ./ops/backup"
    lacking = f", without {backup['missing']} object versions that storage has lost" if backup["missing"] else ""
    tried = f"the last drill {_ago(drill['at'])}" if drill else "no drill yet, see ./ops/drill"
    if drill and drill["damaged"]:
        tried += f" found {drill['damaged']} object versions damaged"
    return f"backup: the last one {_ago(backup['at'])} to {backup['to']}{lacking}; {tried}"


def _ago(at: float) -> str:
    hours = max(0.0, time.time() - at) / 3600
    return f"{hours:.1f} hours ago" if hours < 48 else f"{hours / 24:.0f} days ago"

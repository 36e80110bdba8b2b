"""Which keeping a library has, by its workflow: made once, since one of a bucket holds connections."""

from collections.abc import Callable
from pathlib import Path

from appliance.library.buckets.keeping import BucketKeeping
from appliance.library.folders import FolderKeeping
from appliance.library.keeping import Keeping
from appliance.library.workflow import Source, Workflow
from storage.endpoint import Endpoint

FOLDER = "library"
"""Of copies of objects, in the scratch folder: of all workers of a host, so that each goes on with what another one
has made.
"""


class Keepings:
    """beside: the folder of workflows, with the files of their keys. scratch: a folder for copies of objects. own:
    where the appliance's own storage is. All that is of buckets alone.
    """

    def __init__(self, beside: Path, scratch: Path, own: Callable[[], Endpoint | None] = lambda: None) -> None:
        self._beside, self._scratch, self._own = beside, scratch, own
        self._known: dict[str, tuple[object, Keeping]] = {}

    def of(self, workflow: Workflow) -> Keeping:
        """Never fails: what is wrong with a bucket or its key is told by whatever is asked of it."""
        decisive = (workflow.source, workflow.limits)
        known = self._known.get(workflow.name)
        if known is None or known[0] != decisive:
            known = self._known[workflow.name] = (decisive, self._made(workflow))
        return known[1]

    def _made(self, workflow: Workflow) -> Keeping:
        if not workflow.source.bucket:
            return FolderKeeping(workflow)
        return BucketKeeping(workflow, self._beside, self._scratch, self._endpoint(workflow.source))

    def _endpoint(self, source: Source) -> Endpoint | None:
        if source.endpoint:
            return Endpoint(source.endpoint.rstrip("/"), source.region)
        own = self._own()
        return Endpoint(own.url, own.region) if own else None

"""Making a plan from the command line: the sandbox of this machine, and a line that shows how far it is."""

import sys
from dataclasses import replace

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from appliance.library.keeping import Keeping
from appliance.library.planning import plan
from appliance.library.report import Report
from appliance.library.workflow import Workflow
from ops.libraries.names import printable
from processors.sandbox.probe import probe


async def planned(workflow: Workflow, keeping: Keeping, most: int, weak: bool, quiet: bool, within: float) -> Report:
    """What would be done, with at most so many files of each kind.

    weak: also where the system gives the sandbox one layer only. within: seconds that the work on one file may take.
    Raises OSError and SandboxWeak as `plan` does.
    """
    protection = replace(await probe(), weak=weak)
    report = Report(most)
    words = TextColumn("{task.completed:,} seen  {task.description}", markup=False)
    still = quiet or not sys.stderr.isatty()
    bars = Progress(
        SpinnerColumn(), TimeElapsedColumn(), words, console=Console(stderr=True), transient=True, disable=still
    )
    with bars:
        line = bars.add_task("", total=None)

        def tell(path: str) -> None:
            if still:
                return
            bars.update(line, advance=1, description=printable(path))

        await plan(workflow, protection, report, tell, keeping, within)
    return report

"""What the keeper does, inside the sandbox: nothing here is imported by the process of a worker.

It is given its order, the scratch folder, and ways to run LibreOffice once each; its source is standard input.
"""

from processors.office.inside.work import RUNS, work

__all__ = ["RUNS", "work"]

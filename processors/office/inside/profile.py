"""A profile of LibreOffice for one run: it takes no macros, follows no links, and is set up already."""

from pathlib import Path
from xml.sax.saxutils import escape

# Of its registry: path, property, value. The highest level of security runs nothing, signed or not.
SETTINGS = (
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisablePythonRuntime", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    ("org.openoffice.Office.Common/Save/Document", "CreateBackup", "false"),
    ("org.openoffice.Office.Common/Misc", "FirstRun", "false"),
    ("org.openoffice.Office.Common/VCL", "DisablePrinting", "true"),
    ("org.openoffice.Setup/Office", "ooSetupInstCompleted", "true"),
)
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
"""
ITEM = '<item oor:path="/{}"><prop oor:name="{}" oor:op="fuse"><value>{}</value></prop></item>\n'


def make_profile(folder: Path, build: str) -> None:
    """In `folder`, which is made. build: as whom the program is set up already; else it ends once to do so."""
    user = folder / "user"
    (user / "extensions").mkdir(parents=True)
    (user / "registrymodifications.xcu").write_text(
        HEAD + "".join(ITEM.format(*map(escape, setting)) for setting in SETTINGS) + "</oor:items>\n"
    )
    if build:
        (user / "extensions/buildid").write_text(build)

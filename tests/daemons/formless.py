"""An S3 that takes no forms: a real one, behind a proxy that lets all through but those."""

import sysconfig
from pathlib import Path

from tests.daemons.process import Daemon, free_port, listening

CONFIG = """{{
	admin off
	persist_config off
}}
http://:{port} {{
	bind 127.0.0.1
	@form {{
		method POST
		header Content-Type multipart/form-data*
	}}
	respond @form 405
	reverse_proxy {behind} {{
		header_up -X-Forwarded-*
	}}
}}
"""


def start(folder: Path, behind: str) -> tuple[Daemon, str]:
    """The proxy before the S3 at the URL `behind`, and its own URL."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "Caddyfile").write_text(CONFIG.format(port=port, behind=behind.removeprefix("http://")))
    caddy = str(Path(sysconfig.get_path("scripts")) / "caddy")
    argv = [caddy, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    daemon = Daemon(argv, {"HOME": str(folder)}, folder / "caddy.log", lambda: listening(port))
    return daemon.start(), f"http://127.0.0.1:{port}"

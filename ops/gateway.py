"""The way of a host's own processes to all storage nodes: a Caddy on loopback that asks which of them are alive."""

from collections.abc import Sequence
from pathlib import Path

from ops import caddy
from ops.folder import DataFolder

FOLDER, FILE = "gateway", "Caddyfile"

CONFIGURATION = """\
# The way to storage of the processes on this host. Whoever comes has a signature of their own.
{{
	admin off
	persist_config off
	auto_https off
	skip_install_trust
	storage file_system {folder}
	grace_period 5s
	log {{
		output stderr
		level ERROR
	}}
}}

# Under every name: a request for one that is not known here would be answered with 200 and nothing.
http://:{port} {{
	bind 127.0.0.1
	reverse_proxy {nodes} {{
		# A node that was restarted, or that hangs, is left out within seconds; what was sent to it is asked of another.
		lb_policy least_conn
		lb_try_duration 4s
		lb_try_interval 100ms
		health_uri /minio/health/live
		health_interval 1s
		health_timeout 2s
		health_fails 2
		fail_duration 5s
		# Requests are signed for the name that they came with.
		header_up Host {{hostport}}
		transport http {{
			tls
			tls_trust_pool file {authority}
			dial_timeout 1s
			# Storage says itself when it lacks what it needs; one that says nothing for so long hangs.
			response_header_timeout 20s
			keepalive 90s
			keepalive_idle_conns_per_host 64
			compression off
		}}
	}}
	handle_errors {{
		header Retry-After 2
		respond 503
	}}
}}
"""


def configuration(folder: DataFolder, port: int, nodes: Sequence[str], authority: Path) -> str:
    """The text of FILE: `nodes` are host:port of each, `authority` the file of certificates that vouch for them."""
    named = " ".join(f"https://{node}" for node in nodes)
    return CONFIGURATION.format(folder=folder.path / FOLDER / "caddy", port=port, nodes=named, authority=authority)


def command(program: list[str], folder: DataFolder) -> list[str]:
    return [*program, "run", "--config", str(folder.path / FOLDER / FILE), "--adapter", "caddyfile"]


def environment(folder: DataFolder) -> dict[str, str]:
    return caddy.homes(folder.path / FOLDER / "caddy")

"""The embedded edge: a Caddy whose configuration is rendered anew at each start."""

import os
from collections.abc import Mapping
from pathlib import Path

from ops.edge.caddyfile import BadValue, Edge, render
from ops.edge.s3 import Listener
from ops.folder import DataFolder
from ops.services import Plan
from ops.variables import number

FILE = "Caddyfile"


def ensure(plan: Plan, environment: Mapping[str, str]) -> None:
    """Writes the configuration. Raises ops.edge.caddyfile.BadValue for what can't stand in it."""
    if plan.site.s3_port:
        plan.folder.edge_s3.mkdir(mode=0o700, exist_ok=True)
    (plan.folder.edge / FILE).write_text(configuration(plan, environment))


def configuration(plan: Plan, environment: Mapping[str, str]) -> str:
    """The text of FILE. Raises ops.edge.caddyfile.BadValue."""
    tls, given = plan.folder.edge / "tls", plan.site.certificate and plan.site.certified
    edge = Edge(
        bind=plan.site.bind,
        port=plan.site.port,
        urls=plan.site.public_urls,
        apis=plan.apis or [f"127.0.0.1:{plan.ports['api']}"],
        storages=[plan.services.storage.address],
        storage=plan.services.storage,
        web=plan.code / "web",
        data=plan.folder.edge / "caddy",
        origins=plan.site.origins,
        max_upload=number(environment, "MAX_IMAGE_BYTES", int, Edge.max_upload),
        max_file=number(environment, "MAX_FILE_BYTES", int, Edge.max_file),
        certificate=(tls / "certificate.pem", tls / "key.pem") if given else None,
        s3=_s3(plan),
    )
    return render(edge)


def _s3(plan: Plan) -> Listener | None:
    """The listener for other programs, if there is to be one. Raises BadValue where storage is somebody else's."""
    if not plan.site.s3_port:
        return None
    if plan.services.storage.bucket:
        raise BadValue("--s3-port is for our own storage, and that is elsewhere: ./ops/up --s3-port 0 closes it")
    return Listener(plan.site.s3_bind, plan.site.s3_port, plan.site.s3_public_urls, plan.folder.edge_s3)


def command(program: list[str], folder: DataFolder) -> list[str]:
    return [*program, "run", "--config", str(folder.edge / FILE), "--adapter", "caddyfile"]


def environment(folder: DataFolder) -> dict[str, str]:
    # Whom it believes that it speaks to an S3 elsewhere.
    trusts = {name: os.environ[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ}
    return homes(folder.edge / "caddy") | trusts


def homes(folder: Path) -> dict[str, str]:
    """The environment of a Caddy that keeps what it keeps in `folder`: without these it would be in a home."""
    return {"PATH": os.environ.get("PATH", os.defpath)} | {
        name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
    }

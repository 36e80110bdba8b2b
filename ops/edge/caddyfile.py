"""The edge's configuration, as a Caddyfile."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from ops.edge.s3 import Listener, stranger, values
from storage.endpoint import OWN, Ability, Endpoint
from storage.layout import ORIGINAL_PATH, ORIGINALS, VERSION_PATH, VERSIONS
from storage.parts import plan

FORM_OVERHEAD = 64 * 1024
"""Bytes that an upload form may be larger than its file: fields, policy and boundaries take about 2 kB."""

_SIGNED = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)
_LINK_FIELDS = (*_SIGNED, "versionId", "response-content-disposition", "response-content-type")
_PART_FIELDS = (*_SIGNED, "partNumber", "uploadId")

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

_CORS_METHODS = "GET, HEAD, POST, PUT, DELETE"
_CORS_HEADERS = "Authorization, Content-Type, Last-Event-ID, Range, If-None-Match"
_CORS_EXPOSED = (
    "Content-Disposition, Content-Length, Content-Range, ETag, Location, Retry-After, X-Amz-Version-Id, X-Request-Id"
)


@dataclass(frozen=True)
class Edge:
    """What the edge listens on, what is behind it, and who may use it."""

    bind: str
    """The address to listen on: 127.0.0.1, 0.0.0.0, or another of this machine."""
    port: int
    urls: Sequence[str]
    """Public addresses as scheme://host[:port], all http or all https; their hosts are the names in certificates."""
    apis: Sequence[str]
    """host:port of each API."""
    storages: Sequence[str]
    """host:port of each storage node."""
    web: Path
    """The folder with index.html and what it loads."""
    data: Path
    """A folder of the edge's own: its CA, its certificates, its locks."""
    storage: Endpoint = OWN
    """What is there: the name it goes by, and the bucket that stands before our paths."""
    origins: Sequence[str] = ()
    """Other web origins whose pages may upload, call the API and listen."""
    max_upload: int = 100_000_000
    """Bytes of the largest file that is sent by a form."""
    max_file: int = 50_000_000_000
    """Bytes of the largest file that is sent in parts, or through the API."""
    max_request: int = 1_000_000
    """Bytes of the largest request body the API gets."""
    patience: int = 4
    """Seconds a request waits for a part that is being restarted, before it is answered with 503."""
    certificate: tuple[Path, Path] | None = None
    """Certificate chain and key (PEM) for all https names; the edge makes its own where none is given."""
    s3: Listener | None = None
    """A second listener, for other programs; by itself there is none."""


# A query is a signature or a ticket, and headers hold tokens: neither belongs into a log.
_LOG_FORMAT = """filter {
			wrap console {
				level_format upper
			}
			fields {
				request>uri regexp "[?].*" "?"
				uri regexp "[?].*" "?"
				request>headers delete
				resp_headers delete
			}
		}"""


class _Caddyfile(Template):
    # A Caddyfile is full of "$" and "{".
    delimiter = "@@"


class BadValue(ValueError):
    """A value that can't stand in the configuration."""


def render(edge: Edge) -> str:
    """The Caddyfile for `edge`. Pure. Raises BadValue for what can't be an address, an origin or a path."""
    https = _secure(edge.urls)
    named = [*(edge.urls if https else ()), *(edge.s3.urls if edge.s3 and _secure(edge.s3.urls) else ())]
    forms = Ability.FORMS in edge.storage.abilities
    return _filled(
        "Caddyfile.template",
        auto_https="off" if edge.certificate else "disable_redirects",
        data=_path(edge.data),
        log_format=_LOG_FORMAT,
        sni=_sni(_host(named[0]).strip("[]")) if named else "",
        policy="least_conn",
        patience=edge.patience,
        storages=" ".join(_upstream(address) for address in edge.storages),
        signing_host=edge.storage.signing_host,
        bucket=f"rewrite * /{edge.storage.bucket}{{path}}" if edge.storage.bucket else "",
        whole_bucket=f"rewrite * /{edge.storage.bucket}" if edge.storage.bucket and forms else "",
        storage_tls=f"tls\n\t\t\ttls_server_name {_name(edge.storage)}" if edge.storage.secure else "",
        forms="to_storage" if forms else "to_api",
        max_upload=edge.max_upload,
        max_body=edge.max_upload + FORM_OVERHEAD,
        max_file=edge.max_file,
        max_file_body=edge.max_file + FORM_OVERHEAD,
        max_part=plan(edge.max_file).part_size,
        max_request=edge.max_request,
        original=ORIGINAL_PATH,
        version=VERSION_PATH,
        originals=ORIGINALS,
        versions=VERSIONS,
        uuid=_UUID,
        link_fields="|".join(_LINK_FIELDS),
        part_fields="|".join(_PART_FIELDS),
        csp=_page_policy(edge.urls),
        web=_path(edge.web),
        strangers=_strangers(edge, edge.bind, edge.port, _UNKNOWN % ", ".join(edge.urls)) if https else "",
        sites=_sites(edge.urls, edge.port),
        bind=edge.bind,
        tls=_tls(edge, https),
        cors=_cors(edge.origins),
        apis=" ".join(_upstream(address) for address in edge.apis),
        s3=_s3(edge, edge.s3) if edge.s3 else "",
    )


def _s3(edge: Edge, listener: Listener) -> str:
    https = _secure(listener.urls)
    unknown = stranger(listener.urls)
    return _filled(
        "s3.template",
        **values(listener),
        folder=_path(listener.folder),
        storages=" ".join(_upstream(address) for address in edge.storages),
        log_format=_LOG_FORMAT,
        sites=_sites(listener.urls, listener.port),
        tls=_tls(edge, https),
        strangers=_strangers(edge, listener.bind, listener.port, unknown) if https else "",
    )


def _filled(template: str, **values: object) -> str:
    return _Caddyfile((Path(__file__).parent / template).read_text()).substitute(values)


def _secure(urls: Sequence[str]) -> bool:
    secure = {urlsplit(url).scheme == "https" for url in urls}
    if len(secure) > 1:
        raise BadValue("one listener speaks either http or https: the URLs must agree")
    return secure == {True}


def _sites(urls: Sequence[str], port: int) -> str:
    """What a listener answers for: with http any name will do, while a certificate is for its names alone."""
    hosts = dict.fromkeys(_host(url) for url in urls)
    names = dict.fromkeys((*hosts, "127.0.0.1")) if _secure(urls) else ()
    return ", ".join(f"https://{host}:{port}" for host in names) or f"http://:{port}"


def _sni(host: str) -> str:
    return f"default_sni {host}\n\tfallback_sni {host}"


def _tls(edge: Edge, https: bool) -> str:
    if not https:
        return ""
    return f"tls {_path(edge.certificate[0])} {_path(edge.certificate[1])}" if edge.certificate else "tls internal"


_UNKNOWN = 'import problem 421 "Misdirected Request" unknown_name "This server does not go by that name. Use %s."'


def _strangers(edge: Edge, bind: str, port: int, answer: str) -> str:
    """Answers under names that no certificate is for: else they would be 200 and empty, to an upload as well."""
    return f"""
https://:{port} {{
\tbind {bind}
\t{_tls(edge, https=True)}
\t{answer}
}}"""


def _cors(origins: Sequence[str]) -> str:
    """Answers for the pages of other origins, the same for API and storage."""
    if not origins:
        return ""
    for origin in origins:
        _host(origin)
    allowed = "\n".join(f"\t\t\theader Origin {origin}" for origin in origins)
    return f"""\t\theader +Vary Origin
\t\t@origin {{
{allowed}
\t\t}}
\t\theader @origin {{
\t\t\tAccess-Control-Allow-Origin {{header.Origin}}
\t\t\tAccess-Control-Expose-Headers "{_CORS_EXPOSED}"
\t\t}}
\t\t@preflight {{
\t\t\tmethod OPTIONS
\t\t\theader Access-Control-Request-Method *
{allowed}
\t\t}}
\t\thandle @preflight {{
\t\t\theader Access-Control-Allow-Methods "{_CORS_METHODS}"
\t\t\theader Access-Control-Allow-Headers "{_CORS_HEADERS}"
\t\t\theader Access-Control-Max-Age 600
\t\t\trespond 204
\t\t}}"""


def _page_policy(urls: Sequence[str]) -> str:
    # Not every browser takes 'self' for its websockets, too.
    sockets = " ".join(url.replace("http", "ws", 1) for url in urls)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        f"connect-src 'self' {sockets}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def _host(url: str) -> str:
    """The host of an address that is scheme://host[:port] and no more, in brackets if it is IPv6."""
    if not re.fullmatch(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", url):
        raise BadValue(f"{url!r} is not of the form scheme://host[:port]")
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def _name(storage: Endpoint) -> str:
    return _host(storage.url).strip("[]")


def _upstream(address: str) -> str:
    if not re.fullmatch(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}", address):
        raise BadValue(f"{address!r} is not of the form host:port")
    return address


def _path(path: Path) -> str:
    # Braces would be filled in by the server, and a backtick ends the quotes that take all else as it is.
    text = str(path.absolute())
    if re.search(r"[`{}\x00-\x1f]", text):
        raise BadValue(f"{text!r} can't be a path in the edge's configuration")
    return f"`{text}`"

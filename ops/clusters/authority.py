"""The authority of an appliance on several hosts: who is one of them, and the certificates that show it.

Kept in the folder that the hosts' files are rendered from, and nowhere else. It is replaced in three steps, each of
them installed on every host, and everything restarted, before the next: a new one is trusted beside the old one; then
it makes the certificates; then the old one is trusted no more. A part reads what it trusts when it starts, so at no
step does one that was not restarted yet meet a certificate it does not know, and hosts may change one by one.
"""

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS, DAYS = 3650, 397
RENEWED = 1 / 3
"""A certificate with less than this share of its life left is made anew."""
EARLIER = timedelta(hours=1)
"""Valid from before now: the clocks of hosts are not one."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, PEM; the key is a secret."""

    certificate: bytes
    key: bytes


class Step(StrEnum):
    """Of the three in which an authority is replaced, in their order."""

    TRUST = "rotate"
    ISSUE = "issue"
    DROP = "drop-old"


class Authority:
    """The authority in `folder`: ca.crt and ca.key (mode 0600); those of the next one, until it makes the certificates;
    and the certificate of the one before, while that is trusted.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._certificate, self._key = folder / "ca.crt", folder / "ca.key"
        self._next = folder / "ca-next.crt", folder / "ca-next.key"
        self._before = folder / "ca-before.crt"

    def ensure(self) -> None:
        """Makes it, where there is none."""
        if not self._key.exists():
            self._make(self._certificate, self._key)
        if self.due is Step.ISSUE and self._certificate.read_bytes() == self._next[0].read_bytes():
            self._take_over()  # that was begun, and killed

    def replace(self, step: Step) -> None:
        """Takes one step of its replacement. Raises ValueError where another one is due: hosts would be left out."""
        if step is not self.due:
            raise ValueError(f"the next step in replacing the authority is --{self.due}, not --{step}")
        if step is Step.TRUST:
            self._make(*self._next)
        elif step is Step.DROP:
            self._before.unlink()
        else:
            write_secret(self._before, self._certificate.read_bytes())
            write_secret(self._certificate, self._next[0].read_bytes())
            self._take_over()

    def _take_over(self) -> None:
        self._next[1].replace(self._key)
        self._next[0].unlink()

    @property
    def due(self) -> Step:
        """The step that may be taken now."""
        if self._next[1].exists():
            return Step.ISSUE
        return Step.DROP if self._before.exists() else Step.TRUST

    @property
    def trusted(self) -> bytes:
        """The certificates that vouch for hosts, PEM."""
        others = (path.read_bytes() for path in (self._next[0], self._before) if path.exists())
        return self._certificate.read_bytes() + b"".join(others)

    def pair(self, name: str, names: list[str]) -> Pair:
        """The certificate of `name` for `names` (host names and IP addresses): the one kept, or a new one where there
        is none, its names or the authority have changed, or it runs out.
        """
        certificate, key = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        if not (certificate.exists() and key.exists() and self._good(certificate.read_bytes(), names)):
            made = self._issue(name, names)
            write_secret(key, made.key)
            write_secret(certificate, made.certificate)
        return Pair(certificate.read_bytes(), key.read_bytes())

    def _make(self, certificate: Path, key_path: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Darkroom hosts {os.urandom(4).hex()}")])
        made = _builder(name, name, key, AUTHORITY_DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage(signs_certificates=True), critical=True)
        write_secret(certificate, made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        write_secret(key_path, _pem(key))

    def _issue(self, name: str, names: list[str]) -> Pair:
        own, signer = ec.generate_private_key(ec.SECP256R1()), self._signer()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = _builder(subject, signer.subject, own, DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        made = made.add_extension(_usage(signs_certificates=False), critical=True)
        # Hosts are both: who asks shows who it is, too.
        uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        made = made.add_extension(uses, critical=False)
        key = serialization.load_pem_private_key(self._key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return Pair(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), _pem(own))

    def _signer(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._certificate.read_bytes())

    def _good(self, pem: bytes, names: list[str]) -> bool:
        found = x509.load_pem_x509_certificate(pem)
        alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        left = (found.not_valid_after_utc - datetime.now(UTC)) / timedelta(days=DAYS)
        same = set(alternatives) == {_name(one) for one in names}
        return same and left > RENEWED and found.issuer == self._signer().subject


def days_left(pem: bytes) -> float:
    """How long the certificate in `pem` is still good. Raises ValueError where it is none."""
    return (x509.load_pem_x509_certificate(pem).not_valid_after_utc - datetime.now(UTC)) / timedelta(days=1)


def write_secret(path: Path, content: bytes) -> None:
    """Replaces the file in one step, mode 0600."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - EARLIER)
    return made.not_valid_after(now + timedelta(days=days))


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    rest = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates, **rest)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

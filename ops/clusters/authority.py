"""The authority of an appliance on several hosts: who is one of them, and the certificates that show it.

Kept in the folder that the hosts' files are rendered from, and nowhere else. A new authority is made beside the old
one, which goes on being trusted until it is dropped: certificates of either are good meanwhile, so hosts may change one
by one.
"""

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


class Authority:
    """The authority in `folder`: ca.crt, ca.key (mode 0600), and the certificate of the one before, while trusted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._certificate, self._key = folder / "ca.crt", folder / "ca.key"
        self._before = folder / "ca-before.crt"

    def ensure(self) -> None:
        """Makes it, where there is none."""
        if not self._key.exists():
            self._make()

    def rotate(self) -> None:
        """Puts a new one in its place, beside which the old one is still trusted.

        Raises ValueError while one before that is: hosts that have its certificates would be left out.
        """
        if self._before.exists():
            raise ValueError("the authority before the last one is still trusted\n  → First end that with --drop-old.")
        self._before.write_bytes(self._certificate.read_bytes())
        self._make()

    def drop(self) -> bool:
        """Ends the trust in the one before; False if there was none."""
        if not self._before.exists():
            return False
        self._before.unlink()
        return True

    @property
    def trusted(self) -> bytes:
        """The certificates that vouch for hosts, PEM."""
        before = self._before.read_bytes() if self._before.exists() else b""
        return self._certificate.read_bytes() + before

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

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Darkroom hosts {os.urandom(4).hex()}")])
        made = _builder(name, name, key, AUTHORITY_DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage(signs_certificates=True), critical=True)
        write_secret(self._key, _pem(key))
        write_secret(self._certificate, made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

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

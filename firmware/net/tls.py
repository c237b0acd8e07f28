"""TLS settings for wss://: who is trusted, and our own certificate where the server wants one.

PEM and DER, on MicroPython (`tls`) and CPython (`ssl`). Host name and dates are checked: the
clock must be set before. app.py calls it when the URL is wss://; reuse the context.
"""

import sys
from binascii import a2b_base64

from firmware.errors import ChargerError

_BEGIN = b"-----BEGIN "


class TlsError(ChargerError):
    """A certificate or key cannot be used."""


def context(
    ca: bytes, cert: bytes = b"", key: bytes = b"", insecure: bool = False
) -> "SSLContext":
    """An SSLContext that trusts the certificates in `ca` (PEM may hold several) and no others.

    `insecure` trusts everybody: for a bench only. Raises TlsError.
    """
    if not ca and not insecure:
        raise TlsError("no CA certificate")
    if bool(cert) != bool(key):
        raise TlsError("certificate and key belong together")
    try:
        anchors = [] if insecure else ders(ca, b"CERTIFICATE")
        chain = ders(cert, b"CERTIFICATE")
        keys = ders(key, b"PRIVATE KEY")
        if sys.implementation.name != "micropython":
            return _cpython(anchors, cert, key)
        return _micropython(anchors, chain[0] if len(chain) == 1 else cert, keys)
    except (ValueError, OSError) as error:
        raise TlsError("a certificate or key cannot be read: %s" % error)


def ders(data: bytes, label: bytes) -> list:
    """The DER forms of what `data` holds; of PEM, the blocks whose title ends in `label`."""
    if not data or _BEGIN not in data:
        return [data] if data else []
    found = []
    for block in data.split(_BEGIN)[1:]:
        title, _, rest = block.partition(b"-----")
        if title.endswith(label) and not title.startswith(b"ENCRYPTED"):
            found.append(a2b_base64(rest[: rest.index(b"-----")]))
    if not found:
        raise ValueError("no " + label.decode() + " in the PEM text")
    return found


def _micropython(anchors: list, cert: bytes, keys: list) -> "SSLContext":
    import tls  # ports without the Python module `ssl` have it too

    made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    made.verify_mode = tls.CERT_REQUIRED if anchors else tls.CERT_NONE
    for anchor in anchors:
        made.load_verify_locations(anchor)
    if keys:
        made.load_cert_chain(cert, keys[0])
    return made


def _cpython(anchors: list, cert: bytes, key: bytes) -> "SSLContext":
    import os
    import ssl
    import tempfile  # type: ignore

    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if anchors:
        made.load_verify_locations(cadata=b"".join(anchors))
    else:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if key:
        pem = ssl.DER_cert_to_PEM_cert
        texts = (
            cert if _BEGIN in cert else pem(cert).encode(),
            key if _BEGIN in key else pem(key).replace("CERTIFICATE", "PRIVATE KEY").encode(),
        )
        fd, name = tempfile.mkstemp()  # OpenSSL's loader wants a file
        try:
            os.write(fd, b"".join(texts))
            made.load_cert_chain(name, password="")  # never ask on the terminal
        finally:
            os.close(fd)
            os.unlink(name)
    return made

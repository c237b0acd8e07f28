"""Verifies ECDSA signatures on the curve P-256 (FIPS 186-5, SEC 2 secp256r1). Loaded on demand.

Only public values are worked on, so nothing here needs constant time. `verify` is a generator
that pauses after each step of the double-and-add: on the chip one takes some milliseconds, the
whole some seconds.
"""

# Texts, because MicroPython would keep large numbers for ever; worked out at each use.
_P = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
_N = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
_B = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"
_GX = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
_GY = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
_BITS = 256
_INFINITY = (0, 1, 0)


def verify(digest: bytes, signature: bytes, key: bytes) -> "Iterator":
    """Yields None again and again, then True or False.

    `digest`: SHA-256 of what was signed; `signature`: r and s; `key`: x and y; 32 bytes each,
    highest first.
    """
    p, n = int(_P, 16), int(_N, 16)
    r, s = _halves(signature)
    x, y = _halves(key)
    if not (0 < r < n and 0 < s < n and _on_curve(x, y, p)):
        yield False
        return
    w = _inverse(s, n)
    u1 = int.from_bytes(digest, "big") * w % n
    u2 = r * w % n
    base = int(_GX, 16), int(_GY, 16)
    both = _affine(_add((base[0], base[1], 1), (x, y), p), p)
    choice = (None, base, (x, y), both)
    point = _INFINITY
    for bit in range(_BITS - 1, -1, -1):
        point = _double(point, p)
        picked = choice[(u1 >> bit & 1) | (u2 >> bit & 1) << 1]
        if picked:
            point = _add(point, picked, p)
        yield None
    end = _affine(point, p)
    yield bool(end) and end[0] % n == r


def _halves(data: bytes) -> "tuple[int, int]":
    """Two numbers of 32 bytes; zeros, which are refused, for data of another length."""
    if len(data) != 64:
        return 0, 0
    return int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")


def _on_curve(x: int, y: int, p: int) -> bool:
    if not (x < p and y < p):
        return False
    return (y * y - (x * x - 3) * x - int(_B, 16)) % p == 0


def _inverse(value: int, modulus: int) -> int:
    """By Euclid's algorithm; `value` is not 0."""
    a, b, u, v = value, modulus, 1, 0
    while a:
        q = b // a
        a, b, u, v = b - q * a, a, v - q * u, u
    return v % modulus


def _affine(point: tuple, p: int) -> "tuple | None":
    """(x, y); None for the point at infinity."""
    x, y, z = point
    if not z:
        return None
    inverse = _inverse(z, p)
    square = inverse * inverse % p
    return x * square % p, y * square * inverse % p


def _double(point: tuple, p: int) -> tuple:
    """Twice the point in Jacobian coordinates (dbl-2001-b of the EFD, for a = -3)."""
    x, y, z = point
    if not z:
        return _INFINITY
    delta = z * z % p
    gamma = y * y % p
    beta = x * gamma % p
    alpha = 3 * (x - delta) * (x + delta) % p
    x3 = (alpha * alpha - 8 * beta) % p
    y3 = (alpha * (4 * beta - x3) - 8 * gamma * gamma) % p
    return x3, y3, 2 * y * z % p


def _add(point: tuple, other: tuple, p: int) -> tuple:
    """The sum with an affine point (madd of the EFD, with its exceptions)."""
    x1, y1, z1 = point
    x2, y2 = other
    if not z1:
        return x2, y2, 1
    square = z1 * z1 % p
    h = (x2 * square - x1) % p
    r = (y2 * square * z1 - y1) % p
    if not h:
        return _INFINITY if r else _double(point, p)
    hh = h * h % p
    hhh = h * hh % p
    v = x1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - y1 * hhh) % p, z1 * h % p

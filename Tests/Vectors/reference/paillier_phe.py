# SPDX-License-Identifier: Apache-2.0
"""The JSON forms and the encoding of numbers of python-paillier, as Documentation/Paillier.md states them."""

import base64
import fractions
import json
import math
import re

import paillier
from paillier_numbers import check_factors, check_modulus, from_bytes, size_in_bytes
from primitives import Refused

LARGEST_EXPONENT = 1024
MANTISSA_BITS = 53


# Encoding


def largest_integer(n):
    return n // 3 - 1


def encode(n, value):
    """(encoding, exponent) of an integer or a double."""
    if isinstance(value, int):
        exponent, integer = 0, value
    else:
        if not math.isfinite(value):
            raise Refused("not-finite")
        exponent = (math.frexp(value)[1] - MANTISSA_BITS) // 4
        scaled = fractions.Fraction(value) / fractions.Fraction(16) ** exponent
        assert scaled.denominator == 1
        integer = scaled.numerator
    if abs(integer) > largest_integer(n):
        raise Refused("value-out-of-range")
    return integer % n, exponent


def decode(n, encoding, exponent):
    """The double next to the number; ties go to the even one."""
    check_exponent(exponent)
    if not 0 <= encoding < n or largest_integer(n) < encoding < n - largest_integer(n):
        raise Refused("decryption-failed")
    integer = encoding if encoding <= largest_integer(n) else encoding - n
    try:
        return float(integer * 16**exponent) if exponent >= 0 else integer / 16**-exponent
    except OverflowError:
        raise Refused("decryption-failed") from None


def check_exponent(exponent):
    if not -LARGEST_EXPONENT <= exponent <= LARGEST_EXPONENT:
        raise Refused("scale-out-of-range")


def add(n, one, other):
    """The sum of two (ciphertext, exponent); the one with the higher exponent is brought to the lower."""
    check_exponent(one[1])
    check_exponent(other[1])
    (c1, e1), (c2, e2) = sorted([one, other], key=lambda number: number[1])
    if 4 * (e2 - e1) > n.bit_length() - 2:
        raise Refused("no-head-room")
    return paillier.add(n, c1, paillier.multiply(n, c2, 16 ** (e2 - e1))), e1


# JSON


def base64_text(value):
    data = value.to_bytes(size_in_bytes(value.bit_length()), "big")
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_base64(text):
    if not isinstance(text, str) or not re.fullmatch("[A-Za-z0-9_-]+", text) or len(text) % 4 == 1:
        raise Refused("malformed")
    value = from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if value == 0 or base64_text(value) != text:
        raise Refused("malformed")
    return value


def read_decimal(value):
    if not isinstance(value, str) or not re.fullmatch("0|[1-9][0-9]*", value) or len(value) > 2500:
        raise Refused("malformed")
    return int(value)


def read_object(text, *keys):
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        raise Refused("malformed") from None
    if not isinstance(value, dict) or not set(keys) <= set(value):
        raise Refused("malformed")
    return value


def public_key_object(n, name):
    return {"kty": "DAJ", "alg": "PAI-GN1", "key_ops": ["encrypt"], "n": base64_text(n), "kid": name}


def public_key_text(n, name):
    return json.dumps(public_key_object(n, name))


def private_key_text(p, q, name):
    return json.dumps({
        "kty": "DAJ", "key_ops": ["decrypt"], "p": base64_text(min(p, q)), "q": base64_text(max(p, q)),
        "pub": public_key_object(p * q, name), "kid": name,
    })


def read_public_key(text):
    key = read_object(text, "kty", "alg", "key_ops", "n")
    if key["kty"] != "DAJ" or key["alg"] != "PAI-GN1" or key["key_ops"] != ["encrypt"]:
        raise Refused("wrong-algorithm")
    n = read_base64(key["n"])
    check_modulus(n, n.bit_length())
    return n


def read_private_key(text):
    key = read_object(text, "kty", "key_ops", "p", "q", "pub")
    if key["kty"] != "DAJ" or key["key_ops"] != ["decrypt"]:
        raise Refused("wrong-algorithm")
    n = read_public_key(key["pub"])
    p, q = read_base64(key["p"]), read_base64(key["q"])
    check_factors(n, n.bit_length(), p, q, is_blum=False)
    return min(p, q), max(p, q)


def number_text(c, exponent):
    return json.dumps({"v": str(c), "e": exponent})


def read_pair(n, v, e):
    c = read_decimal(v)
    if not isinstance(e, int) or isinstance(e, bool):
        raise Refused("malformed")
    check_exponent(e)
    paillier.check_ciphertexts(n, [c])
    return c, e


def read_number(text, n):
    value = read_object(text, "v", "e")
    return read_pair(n, value["v"], value["e"])


def vector_text(n, numbers):
    return json.dumps({"public_key": {"n": str(n)}, "values": [[str(c), e] for c, e in numbers]})


def read_vector(text, n):
    value = read_object(text, "public_key", "values")
    stated = read_object(value["public_key"], "n")["n"]
    # The library's documentation shows a JSON number, of which most readers would lose the digits.
    stated = stated if isinstance(stated, int) and not isinstance(stated, bool) else read_decimal(stated)
    if not isinstance(value["values"], list) or any(not isinstance(v, list) or len(v) != 2 for v in value["values"]):
        raise Refused("malformed")
    if not value["values"]:
        raise Refused("empty-vector")
    if stated != n:
        raise Refused("wrong-key")
    return [read_pair(n, v, e) for v, e in value["values"]]

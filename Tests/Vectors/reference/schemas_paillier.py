# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas of the families of Paillier."""

from schemas import (
    ANY, COUNT, DOUBLE, KEY, NAME, NUMBER, SIGNATURE, TEXT, VALID, array, const, document, either, hexadecimal, integer, nullable,
    one_of, record, refused,
)

BIG = {"type": "string", "pattern": "^([0-9a-f]{2})+$"}
SIGNED = {"type": "string", "pattern": "^(0|-?[1-9][0-9]{0,19})$"}
BITS, SIZE = integer(1, 4096), one_of(512, 1024, 2048, 3072, 4096)
KEY_BITS = one_of("512", "1024", "2048", "3072")
LISTED_KEY = record({"id": KEY_BITS, "bits": SIZE, "n": BIG, "p": BIG, "q": BIG})
FLAG = integer(0, 1)
LAYOUT = {"valueBits": integer(1, 64), "isSigned": FLAG, "maximumWeight": integer(1)}

MODULUS_ERRORS = ["wrong-size", "even", "small-factor", "prime", "perfect-power"]
FACTOR_ERRORS = ["wrong-product", "unequal-length", "composite-factor", "factors-too-close", "not-blum", "common-divisor"]
CIPHERTEXT_ERRORS = ["ciphertext-out-of-range", "ciphertext-not-a-unit"]
RANDOMNESS_ERRORS = ["randomness-out-of-range", "randomness-not-a-unit", "exponent-out-of-range"]
FRAME_ERRORS = ["truncated", "trailing-bytes", "wrong-version", "unknown-type"]


def both(kind, errors, given, made):
    """The forms of a kind: valid, with what comes of it, and refused."""
    return [record({**VALID, "kind": const(kind), **given, **made}), record({**refused(*errors), "kind": const(kind), **given})]


def valid(kind, fields):
    return [record({**VALID, "kind": const(kind), **fields})]


def keys(name):
    return document(name, either(
        *valid("expand", {"label": ANY, "attempt": integer(0, 255), "input": ANY, "bytes": BIG}),
        *valid("hash-to-unit", {"label": ANY, "input": ANY, "modulus": BIG, "value": BIG, "attempt": integer(0, 255)}),
        *valid("generator", {
            "bits": SIZE, "modulus": BIG, "input": BIG, "x": BIG, "h": BIG, "base": BIG, "fingerprint": KEY, "signedBytes": BIG,
        }),
        *both("modulus", MODULUS_ERRORS, {"bits": BITS, "modulus": BIG}, {}),
        *both("factors", FACTOR_ERRORS, {"bits": SIZE, "modulus": BIG, "p": BIG, "q": BIG, "isBlum": FLAG}, {}),
    ))


def encryption(name):
    key = {"key": KEY_BITS}
    randomness = {"exponentBits": nullable(BITS), "a": nullable(BIG), "r": nullable(BIG)}
    return document(name, either(
        *both("djn", ["plaintext-out-of-range", "exponent-out-of-range"], {**key, "exponentBits": BITS, "m": BIG, "a": BIG}, {"c": BIG}),
        *both("textbook", ["plaintext-out-of-range", *RANDOMNESS_ERRORS], {**key, "m": BIG, "r": BIG}, {"c": BIG}),
        *both("add", CIPHERTEXT_ERRORS, {**key, "c1": BIG, "c2": BIG}, {"c": BIG, "m": BIG}),
        *both("multiply", ["zero-weight", *CIPHERTEXT_ERRORS], {**key, "c1": BIG, "weight": NUMBER}, {"c": BIG, "m": BIG}),
        *both("rerandomize", CIPHERTEXT_ERRORS + RANDOMNESS_ERRORS, {**key, "c1": BIG, **randomness}, {"c": BIG}),
        *both("decrypt", CIPHERTEXT_ERRORS, {**key, "c": BIG}, {"m": BIG}),
    ), keys=LISTED_KEY)


def packing(name):
    client = record({"values": array(SIGNED, 1), "a": array(BIG, 1), "factor": integer(1), "ciphertexts": array(BIG, 1)})
    packed = record({"key": KEY_BITS, **LAYOUT, "count": integer(1), "weight": integer(1)})
    return document(name, either(
        *both("layout", ["slot-too-wide"], {"bits": SIZE, **LAYOUT}, {
            "slotBits": integer(1, 64), "slots": integer(7, 4094), "encoded": hexadecimal(9),
        }),
        *both("pack", ["empty-vector", "value-out-of-range"], {"key": KEY_BITS, **LAYOUT, "values": array(SIGNED)}, {
            "plaintexts": array(BIG, 1),
        }),
        *both("unpack", ["decryption-failed"], {
            "key": KEY_BITS, **LAYOUT, "count": integer(1), "weight": integer(1), "plaintexts": array(BIG, 1),
        }, {"values": array(SIGNED, 1)}),
        *valid("sum", {
            "key": KEY_BITS, **LAYOUT, "exponentBits": BITS, "clients": array(client, 1), "weight": integer(1), "ciphertexts": array(BIG, 1),
            "sums": array(SIGNED, 1),
        }),
        *both("check-add", ["wrong-key", "wrong-layout", "wrong-count", "no-head-room"], {"one": packed, "other": packed}, {
            "sumWeight": integer(1),
        }),
        *both("check-multiply", ["zero-weight", "no-head-room"], {"bits": SIZE, **LAYOUT, "weight": integer(1), "factor": COUNT}, {
            "productWeight": integer(1),
        }),
    ), keys=LISTED_KEY)


def proofs(name):
    edit = record({"offset": COUNT, "bytes": BIG})
    return document(name, either(
        *valid("prove", {
            "key": KEY_BITS, "session": ANY, "w": BIG, "transcript": KEY, "challenges": array(BIG, 4, 4), "proof": NAME,
        }),
        *both("check", ["wrong-proof", *FRAME_ERRORS, *MODULUS_ERRORS], {
            "bits": SIZE, "modulus": BIG, "session": ANY, "proof": NAME, "edits": array(edit), "cut": COUNT, "appended": ANY,
        }, {}),
    ), keys=LISTED_KEY, proofs=record({"id": NAME, "bits": SIZE, "modulus": BIG, "bytes": BIG}))


def serialization(name):
    layout_errors = ["inconsistent-layout", "wrong-layout", "wrong-count", "weight-out-of-range"]
    return document(name, either(
        *both("public-key", FRAME_ERRORS + MODULUS_ERRORS, {"bytes": ANY}, {"modulus": BIG}),
        *both(
            "proved-public-key", ["wrong-signature", "wrong-proof", *FRAME_ERRORS, *MODULUS_ERRORS],
            {"holder": KEY, "session": ANY, "bytes": ANY},
            {"modulus": BIG, "holderSeed": KEY, "signedBytes": BIG, "signature": SIGNATURE},
        ),
        *both("ciphertext", ["wrong-key", *FRAME_ERRORS, *CIPHERTEXT_ERRORS], {"key": KEY_BITS, "bytes": ANY}, {"c": BIG}),
        *both("packed-vector", ["wrong-key", *layout_errors, *FRAME_ERRORS, *CIPHERTEXT_ERRORS], {
            "key": KEY_BITS, **LAYOUT, "count": integer(1), "bytes": ANY,
        }, {"weight": integer(1), "ciphertexts": array(BIG, 1), "sums": array(SIGNED, 1)}),
        *both("private-key", ["not-canonical", *FRAME_ERRORS, *MODULUS_ERRORS, *FACTOR_ERRORS], {"bytes": ANY}, {"p": BIG, "q": BIG}),
    ), keys=LISTED_KEY)


def interchange(name):
    number = record({"c": BIG, "exponent": SIGNED})
    key, text = {"key": KEY_BITS}, {"text": TEXT}
    return document(name, either(
        *both("encode", ["not-finite", "value-out-of-range"], {
            **key, "value": nullable(DOUBLE), "magnitude": nullable(BIG), "isNegative": nullable(FLAG),
        }, {
            "encoding": BIG, "exponent": SIGNED,
        }),
        *both("decode", ["decryption-failed", "scale-out-of-range"], {**key, "encoding": BIG, "exponent": SIGNED}, {"value": DOUBLE}),
        *both("sum", ["no-head-room", "scale-out-of-range", *CIPHERTEXT_ERRORS], {**key, "one": number, "other": number}, {
            "c": BIG, "exponent": SIGNED, "value": DOUBLE,
        }),
        *both("public-key", ["malformed", "wrong-algorithm", *MODULUS_ERRORS], text, {"modulus": BIG}),
        *both("private-key", ["malformed", "wrong-algorithm", *MODULUS_ERRORS, *FACTOR_ERRORS], text, {"modulus": BIG, "p": BIG, "q": BIG}),
        *both("number", ["malformed", "scale-out-of-range", *CIPHERTEXT_ERRORS], {**key, **text}, {"c": BIG, "exponent": SIGNED}),
        *both("vector", ["malformed", "wrong-key", "empty-vector", "scale-out-of-range", *CIPHERTEXT_ERRORS], {**key, **text}, {
            "values": array(number, 1),
        }),
    ), keys=LISTED_KEY)


def all_schemas():
    """Family -> its schema."""
    return {
        "paillier_keys_v1": keys("paillier_keys_v1"),
        "paillier_encryption_v1": encryption("paillier_encryption_v1"),
        "paillier_packing_v1": packing("paillier_packing_v1"),
        "paillier_proof_v1": proofs("paillier_proof_v1"),
        "paillier_serialization_v1": serialization("paillier_serialization_v1"),
        "paillier_interchange_v1": interchange("paillier_interchange_v1"),
    }

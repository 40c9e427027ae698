# SPDX-License-Identifier: Apache-2.0
"""Checks the model's primitives against published values, and the model against itself. Prints `N passed, M failed`."""

import hashlib
import itertools
import math
import sys

import additive
import check_schemas
import ed25519
import fields
import graph
import keys
import outcomes
import paillier
import paillier_keys
import paillier_numbers
import paillier_packing
import paillier_phe
import paillier_proof
import peers
import plain
import quantizer
import rings
import schedules
import sealing
import secagg
import shamir
import sharing
import wire
from primitives import (
    Generator,
    Refused,
    aes_block,
    aes_ctr_keystream,
    aes_round_keys,
    chacha20_block,
    gcm_open,
    gcm_seal,
    hkdf,
    public_key,
    shared_secret,
    x25519,
    xor,
)
from transcript import Faults, RoundAborted, Transcript

# threshold, secret, shares at 1, 2, ...; the polynomials of `ssss` have a further leading term x^threshold
SSSS = [
    (2, "d9fe73909bae28b3757854c0af7ad405", [
        "594ae8964294174d95c33756d2504170",
        "d897459d29da574eb40e93ec552ffe6e",
        "5823de9bf0e068b054b5f07a28056b1b",
        "db2c1f8bff46d748f795da995bd080cb",
    ]),
    (2, "bf4f902d9a7efafd1f3ffd9291fd5de9", [
        "557bd3b0748064b533469722d1cc7935",
        "6b2717164783c66d47cd28f2119f14d0",
        "8113548ba97d58256bb4424251ae300c",
        "179e9e5a218483ddaeda57539139cf04",
    ]),
    (3, "ec96aa5c14c9faa699354cf1da74e904", [
        "64579fbf1908d66f7239bf6e2b4e41e1",
        "6cd9428df8017b52322561e8c672ae3e",
        "e418776ef5c0579bd9299277374806dd",
        "ab3f77a0107398d23b323e581bb43f5d",
        "23fe42431db2b41bd03ecdc7ea8e97ac",
    ]),
    (3, "44cf249b68b80fcdc27b47be60c2c145", [
        "d6515a3905cd755119b86e311c801e31",
        "16693d9ac9f10c254036ced5f8917fa3",
        "84f74338a48476b99bf5e75a84d3a0d1",
        "3fe8878dc4a5d35811cf3cbcd33dbe52",
        "ad76f92fa9d0a9c4ca0c1533af7f6132",
    ]),
    (5, "5398717c982db935d968eebe53a47f5a", [
        "be7be2dd4c068e7ef576aaa1b1c11b01",
        "f821f5848441cb98b3eb467e2733ee21",
        "25ee52f53e203f6e29a0297b5ab486b5",
        "fc9fb58ef74dab947fbf9acd9d5d83cd",
        "b1949cce46d81552e65f248d3f74cc5c",
        "d64797f59977c4d4a7956ad916da7699",
        "ab608a6546a8b9af8820ff832b1135c7",
    ]),
    (5, "4a78db90fbf35da5545d2fb728e87596", [
        "08daf9a25d8aa184cfbf02b30a0ed6a0",
        "dda28261e36f0b14168c2cf153fb734e",
        "e9fdec5505d674a57f9836c417c1ecaa",
        "4dce5636ae06dee42d2c82e65f06c735",
        "3963dc118afc2ba798fa1d452b28ef00",
        "6dfe6ff5b09e94d2f84c382b12f42424",
        "6faea9d4d4a4e201bf6c90b9000630c3",
    ]),
    (10, "eccbf6d66d680b49b073c4f1ddf804aa", [
        "7d8ac32fe4ae209ead1f3220fda34466",
        "f9144e76988aad647d2e61353a6e96d5",
        "b14c3b80179203363922d60760271c98",
        "770bb2a8c28f6cee89e00f4d5cc7f861",
        "6e3d7073ea368334ef67467871c66799",
        "248792bc74a98ce024477c13c8fb5f8d",
        "fcea4640d2db820c0604851e293d2487",
        "2776c36fb714bb1f8525a0be36fc7dba",
        "6ee7ac8be773e473a4bf75ee5f065762",
        "33657fc073354cf91d4a68c735aacfc8",
        "7645c65094a5868bf225c516fdee2d0c",
        "840485aacb8226631ecd9c70e3018086",
    ]),
    (10, "377e63bdbb5f7d4dc58a483d035212bb", [
        "32c53260103be431c843b1a633afe3bd",
        "0107eb16cb8695084d452d2cc50bc7d6",
        "df1e5c66cd755287fb0446faccd72a06",
        "361bbcd5d40797f49dfa1898652da197",
        "160d3ad1512f7dec7fd9344aed318591",
        "659af6d95df4f25beca4fb9bfee3b7e8",
        "37f3b208977bad50b3724566b72bfa9d",
        "6c1de2dfc69c2986142c26a8248eb316",
        "5e19220837a396bd4bc8cd685ff314c3",
        "86e7b864fb0f3d628e46d50c1ba92f1c",
        "065d0082c80b1aea18f4abe0c49df72e",
        "84a09430c1d20ea9f388f3123c3733a3",
    ]),
]

LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]

# key, initial counter block, first 64 bytes of AES-256-CTR: the carry runs through the whole block
CARRY = [
    ("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "00000000000000000000000000000000", "b6e601deddb2cf246ad71d9a4b292b4491b496da0742a4ae981e210d489c43aabafe8e69f94206720ded8c0646a853b91ae957160cf4488005ee9ecbf85aa7de"),
    ("4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a", "00000000000000000000000000000000", "65811bb18c3dc5409619da41497c2c8e0f8c8bfdef3defd09475a66a22293ee5f856fdd290350ea1cc9fe8227fa569b7e9b9218a47c7f16c0ab9fc7b498df0cc"),
    ("dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986", "00000000000000000000000000000000", "9949dd79e5229f1bce90e19ae79c71ac058ae28e41d6c9c404f2a2efce024879577b11ff1443c0016f72b197520568dc1cb9e7ca308943719f6ad1eede5a4dc5"),
    ("084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5", "00000000000000000000000000000000", "80ff589cf29cd99298fc222bf24b5414d62eb947ec9700934971fe00d515bbd51d74a043a4e6e2fc6bf8339ff02903fa40a2fe99fec7b8f9ef32b205560539e6"),
    ("1111111111111111111111111111111111111111111111111111111111111111", "ffffffffffffffffffffffffffffffff", "58fa5d98ab39e6e940676209269faacf20ec0fc819042f40a665fc688864093545f0a70806f870662817e81396801b55c4ca1e67e1af9d99011abd05dbf2da8f"),
    ("1111111111111111111111111111111111111111111111111111111111111111", "000000000000000000000000ffffffff", "a7831b77087b8130407eff577293713b8915c7815011fac82aad3425054942e6a9f5374bd6d2953b721fdb243af9b255c98b08c808233f107939fb459f077ad0"),
]

# RFC 8032 section 7.1, tests 1, 2, 3 and SHA(abc): private key, public key, message, signature
RFC8032 = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42", "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f", "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
]

# 2^k less the largest prime below it, for k = 3 ... 61 (OEIS A013603)
PRIME_GAPS = [
    1, 3, 1, 3, 1, 5, 3, 3, 9, 3, 1, 3, 19, 15, 1, 5, 1, 3, 9, 3, 15, 3, 39, 5, 39, 57, 3, 35, 1, 5, 9, 41, 31, 5, 25,
    45, 7, 87, 21, 11, 57, 17, 55, 21, 115, 59, 81, 27, 129, 47, 111, 33, 55, 5, 13, 27, 55, 93, 1,
]

SP800_38A_PLAINTEXT = (
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
GCM_PLAINTEXT = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
GCM_AAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
GCM_KEY = "feffe9928665731c6d6a8f9467308308"
GCM_IV = "cafebabefacedbaddecaf888"

passed = failed = 0


def check(name, got, expected):
    global passed, failed
    if got == expected:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}: got {got!r}, expected {expected!r}")


def h(text):
    return bytes.fromhex(text)


def refusal(action, *arguments):
    try:
        action(*arguments)
    except Refused as reason:
        return str(reason)
    except RoundAborted as abort:
        return f"abort at {abort.stage}"
    return None


def check_x25519():
    """RFC 7748 sections 5.2 and 6.1."""
    got = x25519(
        h("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        h("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
    )
    check("5.2 first", got.hex(), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    got = x25519(
        h("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
        h("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
    )
    check("5.2 second", got.hex(), "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")
    k = u = bytes([9]) + bytes(31)
    for i in range(1, 1001):
        k, u = x25519(k, u), k
        if i == 1:
            check("5.2 once", k.hex(), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")
    check("5.2 1000 times", k.hex(), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")
    a = h("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    b = h("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    check("6.1 A", public_key(a).hex(), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    check("6.1 B", public_key(b).hex(), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    check("6.1 K of A", shared_secret(a, public_key(b)).hex(), secret)
    check("6.1 K of B", shared_secret(b, public_key(a)).hex(), secret)
    for point in LOW_ORDER:
        check(f"low order {point}", refusal(shared_secret, a, h(point)), "low-order-point")


def check_hkdf():
    """RFC 5869 appendix A.1 to A.3."""
    ikm = bytes([0x0B]) * 22
    got = hkdf(ikm, h("000102030405060708090a0b0c"), h("f0f1f2f3f4f5f6f7f8f9"), 42)
    expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    check("A.1", got.hex(), expected)
    got = hkdf(bytes(range(0x50)), bytes(range(0x60, 0xB0)), bytes(range(0xB0, 0x100)), 82)
    expected = (
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
    )
    check("A.2", got.hex(), expected)
    got = hkdf(ikm, b"", b"", 42)
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    check("A.3", got.hex(), expected)


def check_chacha20():
    """RFC 8439 section 2.3.2 and appendix A.1, 1 to 3."""
    got = chacha20_block(bytes(range(32)), 1, h("000000090000004a00000000"))
    expected = (
        "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
        "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"
    )
    check("2.3.2", got.hex(), expected)
    first = (
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
    )
    second = (
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
        "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"
    )
    check("A.1 1", chacha20_block(bytes(32), 0, bytes(12)).hex(), first)
    check("A.1 2", chacha20_block(bytes(32), 1, bytes(12)).hex(), second)
    got = chacha20_block(bytes(31) + bytes([1]), 1, bytes(12)).hex()
    expected = (
        "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
        "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0"
    )
    check("A.1 3", got, expected)
    generator = Generator(bytes(32))
    pieces = b"".join(generator.read(n) for n in [1, 62, 2, 0, 63])
    check("reads straddle blocks", pieces.hex(), first + second)


def check_aes():
    """FIPS 197 appendix C, SP 800-38A F.5.1 and F.5.5."""
    plaintext = h("00112233445566778899aabbccddeeff")
    got = aes_block(aes_round_keys(bytes(range(16))), plaintext).hex()
    check("C.1", got, "69c4e0d86a7b0430d8cdb78070b4c55a")
    got = aes_block(aes_round_keys(bytes(range(32))), plaintext).hex()
    check("C.3", got, "8ea2b7ca516745bfeafc49904b496089")
    counter, plaintext = h("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"), h(SP800_38A_PLAINTEXT)
    stream = aes_ctr_keystream(h("2b7e151628aed2a6abf7158809cf4f3c"), counter, 64)
    expected = (
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
        "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"
    )
    check("F.5.1", xor(stream, plaintext).hex(), expected)
    key = h("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    expected = (
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
        "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"
    )
    check("F.5.5", xor(aes_ctr_keystream(key, counter, 64), plaintext).hex(), expected)
    for key, iv, stream in CARRY:
        check(f"carry {key[:8]} {iv}", aes_ctr_keystream(h(key), h(iv), 64).hex(), stream)


def check_gcm():
    """McGrew and Viega, test cases 1, 2, 4 (AES-128) and 13 to 16 (AES-256)."""
    plaintext, aad, iv = h(GCM_PLAINTEXT), h(GCM_AAD), h(GCM_IV)
    key128, key256 = h(GCM_KEY), h(GCM_KEY * 2)
    c4 = (
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
    )
    c16 = (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    )
    cases = [
        ("1", bytes(16), bytes(12), b"", b"", "58e2fccefa7e3061367f1d57a4e7455a"),
        ("2", bytes(16), bytes(12), b"", bytes(16), "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"),
        ("4", key128, iv, aad, plaintext[:60], c4 + "5bc94fbc3221a5db94fae95ae7121a47"),
        ("13", bytes(32), bytes(12), b"", b"", "530f8afbc74536b9a963b4f1c4cb738b"),
        ("14", bytes(32), bytes(12), b"", bytes(16), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
        ("15", key256, iv, b"", plaintext, c16 + "898015adb094dac5d93471bdec1a502270e3cc6c"),
        ("16", key256, iv, aad, plaintext[:60], c16 + "76fc6ece0f4e1768cddf8853bb2d551b"),
    ]
    for name, key, nonce, data, text, expected in cases:
        box = gcm_seal(key, nonce, data, text)
        check(f"case {name}", box.hex(), expected)
        check(f"case {name} opened", gcm_open(key, nonce, data, box), text)
        changed = box[:-1] + bytes([box[-1] ^ 1])
        check(f"case {name} changed", refusal(gcm_open, key, nonce, data, changed), "authentication-failed")


def check_shamir():
    for threshold, secret, shares in SSSS:
        points = []
        for x, y in enumerate(shares, 1):
            points.append((x, int(y, 16) ^ sharing.power(x, threshold)))
        secret = int(secret, 16)
        for start in range(len(points) - threshold + 1):
            got = sharing.interpolate(points[start : start + threshold], 0)
            check(f"ssss {threshold} from {start}", got, secret)
        for x, y in points[threshold:]:
            check(f"ssss {threshold} at {x}", sharing.interpolate(points[:threshold], x), y)
    generator = Generator(bytes(32))
    secret = generator.read(32)
    polynomials = sharing.draw_polynomials(secret, 3, generator)
    shares = [(x, sharing.share_at(polynomials, x)) for x in [9, 2, 1, 300]]
    check("two elements", sharing.reconstruct(3, shares), secret)
    check("share at zero", refusal(sharing.share_at, polynomials, 0), "zero-index")
    check("too few", refusal(sharing.reconstruct, 3, shares[:2]), "too-few-shares")


def check_ed25519():
    """RFC 8032 section 7.1."""
    for number, row in enumerate(RFC8032):
        seed, public, message, signature = map(h, row)
        check(f"Ed25519 public key {number}", ed25519.public_key(seed).hex(), row[1])
        check(f"Ed25519 signature {number}", ed25519.sign(seed, message).hex(), row[3])
        check(f"Ed25519 verification {number}", refusal(ed25519.verify, public, message, signature), None)
        check(f"Ed25519 other message {number}", refusal(ed25519.verify, public, message + b"\0", signature), "wrong-signature")
    seed, public, message, signature = map(h, RFC8032[2])
    for bit in range(0, 512, 5):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        check(f"Ed25519 bit {bit}", refusal(ed25519.verify, public, message, bytes(changed)), "wrong-signature")
    s = int.from_bytes(signature[32:], "little") + ed25519.ORDER
    changed = signature[:32] + s.to_bytes(32, "little")
    check("Ed25519 S + L", refusal(ed25519.verify, public, message, changed), "wrong-signature")
    check("Ed25519 base point", ed25519.encode(ed25519.multiply(ed25519.ORDER, ed25519.BASE)), b"\1" + bytes(31))
    check("Ed25519 no point", refusal(ed25519.verify, b"\2" + bytes(31), message, signature), "not-a-public-key")


def check_primes():
    check("gaps", [2**k - p for k, p in fields.PRIMES.items()], PRIME_GAPS)
    sieve = [False, False] + [True] * 19998
    for a in range(2, 142):
        for multiple in range(a * a, 20000, a):
            sieve[multiple] = False
    check("sieve", [n for n in range(20000) if fields.is_prime(n)], [n for n, prime in enumerate(sieve) if prime])
    # Strong pseudoprimes to the first 4, 7 and 9 primes (OEIS A014233).
    for n in [3215031751, 341550071728321, 3825123056546413051]:
        check(f"pseudoprime {n}", fields.is_prime(n), False)


def check_fields():
    """Everything in the field of seven elements: shares, secrecy, interpolation, and every wrong share of a further one."""
    p, indices = 7, [1, 2, 3, 4, 5, 6]
    for threshold in [1, 2, 3]:
        right = True
        seen = {}  # (secret, which threshold - 1 shares) -> how often they have each value
        for secret, *coefficients in itertools.product(range(p), repeat=threshold):
            shares = list(zip(indices, fields.split(3, threshold, [secret], [coefficients], indices)))
            for subset in itertools.combinations(shares, threshold):
                right &= fields.combine(3, threshold, list(subset)) == [secret]
            right &= fields.combine(3, threshold, shares) == [secret]
            for subset in itertools.combinations(shares, threshold - 1):
                values = tuple(vector[0] for _, vector in subset)
                counts = seen.setdefault((secret, tuple(x for x, _ in subset)), {})
                counts[values] = counts.get(values, 0) + 1
        check(f"every polynomial, threshold {threshold}", right, True)
        uniform = all(len(c) == p ** (threshold - 1) and set(c.values()) == {1} for c in seen.values())
        check(f"secrecy, threshold {threshold}", uniform, True)
    shares = list(zip(indices, fields.split(3, 3, [4], [[5, 6]], indices)))
    for count in [4, 5, 6]:
        for position in range(count):
            for value in range(p):
                changed = [(x, [value] if i == position else y) for i, (x, y) in enumerate(shares[:count])]
                expected = None if changed == shares[:count] else "inconsistent-share"
                check(f"share {position} of {count} is {value}", refusal(fields.combine, 3, 3, changed), expected)
    for n, bits, k in [(6, 1, 3), (7, 1, 4), (12, 1, 4), (13, 1, 5), (3, 30, 32), (3, 31, 33), (2, 60, 61), (1, 61, None)]:
        got = None
        try:
            got = fields.field_bits(n, bits)
        except Refused:
            pass
        check(f"field for {n}, {bits}", got, k)
    for k, p in fields.PRIMES.items():
        key = hashlib.sha256(bytes([k])).digest()
        words = rings.mask(key, k, 200)  # the same words, k bits of each
        size = rings.word_size(k)
        check(f"field mask {k}", size == (4 if k < 33 else 8) and fields.mask(key, k, 100), [w for w in words if w < p][:100])


def check_validator():
    """The validator of the schemas says no, and knows 1 from true."""
    person = {
        "type": "object", "required": ["a"], "additionalProperties": False,
        "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "array", "items": {"const": 1}, "maxItems": 2}},
    }
    either = {"oneOf": [{"type": "null"}, {"type": "string", "pattern": "^[0-9a-f]{2}$"}, person]}
    for value in [None, "0f", {"a": 1}, {"a": 2, "b": []}, {"a": 2, "b": [1, 1]}]:
        check(f"valid {value}", check_schemas.fault(value, either), None)
    wrong = ["0F", "0", "0f\n", "00f", "", 1, True, [], {}, {"a": 0}, {"a": True}, {"a": 1.0}, {"a": 1, "c": 1},
             {"a": 1, "b": [1, True]}, {"a": 1, "b": [1, 1, 1]}, {"a": 1, "b": {}}]
    for value in wrong:
        check(f"invalid {value}", check_schemas.fault(value, either) is None, False)
    check("two forms", check_schemas.fault(1, {"oneOf": [{"const": 1}, {"type": "integer"}]}) is None, False)


def check_rings():
    check("packed", rings.pack(3, [1, 2, 7]).hex(), "d101")  # 001, 010, 111 from the lowest bit: 1 11 010 001
    for bits in range(1, 65):
        elements = [(2**bits - 1) * i // 6 for i in range(7)]
        check(f"packing {bits}", rings.unpack(bits, 7, rings.pack(bits, elements)), elements)
    for n, q, w in [(1, 1, 1), (3, 16, 1), (4, 16, 1), (65537, 16, 1), (1000, 8, 100), (2**32, 32, 1)]:
        largest = n * w * (2**q - 1)
        bits = rings.capacity_bits(n, q, w)
        check(f"capacity {n} {q} {w}", 2**bits > largest >= 2 ** (bits - 1), True)
    check("capacity above 64", refusal(rings.capacity_bits, 2**32 + 2, 32), "capacity-above-64-bits")


def check_quantizer():
    values = [-1.0, 1.0, 1.5, -0.0]
    got, clipped = quantizer.encode(values, 8, 1.0, Generator(bytes(32)))
    check("edges", (got[:3], clipped), ([0, 255, 255], 1))
    check("middle", got[3] in (127, 128), True)
    try:
        quantizer.encode([0.0, math.nan], 8, 1.0, Generator(bytes(32)))
        check("NaN", None, 1)
    except quantizer.NotFinite as error:
        check("NaN", error.coordinate, 1)
    generator = Generator(bytes([7]) * 32)
    got, _ = quantizer.encode([0.1] * 20000, 2, 1.0, generator)
    check("unbiased", abs(quantizer.decode_mean([sum(got)], 20000, 2, 1.0)[0] - 0.1) < 0.02, True)


def check_rounds():
    """The sum that the server works out from the bytes is the sum of the inputs of those who are in it."""
    context = {
        "task": b"selftest", "round": 1, "attempt": 0, "modelDigest": bytes(32), "parametersDigest": bytes(32),
    }
    ids, bits = [1, 4, 6], 33

    def inputs_and_generators(seed):
        inputs, generators = {}, {}
        for u in ids:
            draw = Generator(keys.simulation_key(seed, "input", context, u))
            inputs[u] = [int.from_bytes(draw.read(8), "little") % 2**bits for _ in range(3)]
            generators[u] = Generator(keys.simulation_key(seed, "party", context, u))
        return inputs, generators

    def total(inputs, who):
        return [sum(inputs[u][i] for u in who) % 2**bits for i in range(3)]

    session = plain.make_session(bits, 3, 2, ids, 9, context)
    inputs, _ = inputs_and_generators(1)
    check("plain", plain.run(session, 9, 2, inputs, {4})[1:], ([1, 6], total(inputs, [1, 6])))
    check("plain, too few", refusal(plain.run, session, 9, 2, inputs, {4, 6}), "abort at 0")

    private = {j: hashlib.sha256(bytes([j])).digest() for j in (10, 11, 12)}
    helper_keys = [public_key(private[j]) for j in (10, 11, 12)]
    identities = {u: hashlib.sha256(bytes([u])).digest() for u in ids}
    identity_keys = [ed25519.public_key(identities[u]) for u in ids]
    session = additive.make_session(bits, 3, 2, ids, [10, 11, 12], helper_keys, identity_keys, context)
    inputs, generators = inputs_and_generators(2)
    log = Transcript(session, Faults(lost={1: 0}))
    got = additive.run(session, 2, identities, private, inputs, generators, log)
    check("additive", got, ([4, 6], total(inputs, [4, 6])))

    for threshold, lost, answered in [(2, {}, [11, 12]), (2, {11: 0}, [12]), (2, {1: 0, 12: 0}, [11])]:
        # Three helpers are a leader and two aggregators, of which both must answer.
        session = shamir.make_session(bits, 3, 2, threshold, ids, [10, 11, 12], helper_keys, identity_keys, context)
        inputs, generators = inputs_and_generators(20)
        log = Transcript(session, Faults(lost=lost))
        run = (session, 2, identities, private, inputs, generators, log)
        if len(answered) < threshold:
            check(f"shamir, lost {lost}", refusal(shamir.run, *run), "abort at 2")
        else:
            check(f"shamir, lost {lost}", shamir.run(*run), (ids, total(inputs, ids), answered))

    for threshold in [2, 3]:
        for sends in [0, 1, 2]:
            session = peers.make_session(bits, 3, 2, threshold, ids, context)
            inputs, generators = inputs_and_generators(30)
            outcomes = peers.run(session, 2, inputs, generators, Transcript(session, Faults(lost={4: sends})))
            who = ids if sends else [1, 6]
            expected = [("sum", who, total(inputs, who)), ("lost", None, None), ("sum", who, total(inputs, who))]
            if threshold == 3 and sends < 2:
                expected = [("too-few-parties", None, None), ("lost", None, None), ("too-few-parties", None, None)]
            got = [(o["outcome"], o["included"], o["sum"]) for o in outcomes.values()]
            if (threshold, sends) != (3, 2):  # with T = N there are two sends
                check(f"peer-to-peer {threshold} of 3, lost after {sends} sends", got, expected)

    # Every set of parties that is gone from the start, where two of three aggregators and two contributors must stay.
    helpers = [10, 11, 12, 13]
    private[13] = hashlib.sha256(bytes([13])).digest()
    session = shamir.make_session(
        1, 2, 2, 2, ids, helpers, [public_key(private[j]) for j in helpers], identity_keys, context
    )
    check("shamir field", session.field_bits, 3)
    for gone in itertools.chain.from_iterable(itertools.combinations([*ids, 11, 12, 13], n) for n in range(7)):
        inputs, generators = inputs_and_generators(2)
        inputs = {u: [x % 2 for x in vector[:2]] for u, vector in inputs.items()}
        log = Transcript(session, Faults(lost=dict.fromkeys(gone, 0)))
        run = (session, 2, identities, private, inputs, generators, log)
        left, answered = [u for u in ids if u not in gone], [j for j in helpers[1:] if j not in gone]
        if len(left) < 2:
            check(f"shamir, lost {gone}", refusal(shamir.run, *run), "abort at 0")
        elif len(answered) < 2:
            check(f"shamir, lost {gone}", refusal(shamir.run, *run), "abort at 2")
        else:
            expected = [sum(inputs[u][i] for u in left) % 2 for i in range(2)]
            check(f"shamir, lost {gone}", shamir.run(*run), (left, expected, answered))

    # Every way in which four peers are lost, whole sends and parts of them: who learns a sum learns the right one, and the same.
    four = [1, 4, 6, 8]
    ways = [("lost", 0), ("lost", 1), ("lost", 2), ("partial", (0, 1)), ("partial", (0, 2)), ("partial", (1, 1)), ("partial", (1, 2)),
            ("partial", (2, 1)), ("partial", (2, 2)), (None, None)]
    session = peers.make_session(4, 1, 2, 3, four, context)
    for choice in itertools.product(ways, repeat=2):
        for first, second in [(1, 4), (4, 8), (6, 8)]:
            faults = {"lost": {}, "partial": {}}
            for u, (kind, value) in zip((first, second), choice):
                if kind:
                    faults[kind][u] = value
            inputs = {u: [u + 5] for u in four}
            generators = {u: Generator(hashlib.sha256(bytes([u])).digest()) for u in four}
            outcomes = peers.run(session, 2, inputs, generators, Transcript(session, Faults(**faults)))
            learned = [o for o in outcomes.values() if o["outcome"] == "sum"]
            right = all(o["sum"] == [sum(u + 5 for u in o["included"]) % 16] for o in learned)
            check(f"peers {faults}", right and all(o == learned[0] for o in learned), True)
            if not faults["lost"] and not faults["partial"]:
                check("peers, nobody lost", len(learned), 4)

    session = secagg.make_session("secagg", bits, 3, 2, 2, 0, None, ids, None, 9, context)
    seed = sealing.signed(session, bytes(32), 1, 10, bytes(32), bytes(48))
    leader_session = shamir.make_session(bits, 3, 2, 2, ids, helpers, [bytes(32)] * 4, identity_keys, context)
    peer_session = peers.make_session(bits, 3, 2, 2, ids, context)
    for at, kind, body in [
        (session, 0x33, {"sharers": b"\7", "shares": [{"from": 4, "box": bytes(88)}]}),
        (session, 0x35, {"survivors": b"\5"}),
        (leader_session, 0x40, {"masked": [[1, 2, 3], [4, 5, 6]], "seeds": [seed] * 3}),
        (leader_session, 0x43, {"contributors": [1, 4]}),
        (peer_session, 0x53, {"contributors": ids, "elements": [7, 8, 9]}),
    ]:
        data = wire.encode(at, kind, body)
        check(f"wire {kind}", wire.decode(at, data), (kind, body))
        for cut in range(len(data)):
            check(f"wire {kind} cut at {cut}", refusal(wire.decode, at, data[:cut]) is None, False)


# scheme, clients, helpers, minimum cohort, threshold, faults; then the ends and who is in the sum, worked out by hand.
OUTCOMES = [
    ("plain", 5, 1, 3, None, [("loss", 4, 0)], "DXDDDL", "10111"),
    ("plain", 5, 1, 5, None, [("corruption", 4, 0)], "DDDDD0", "00000"),
    ("plain", 3, 1, 3, None, [("delay", 2, 0, {"ticks": 1000})], "DDD0", "000"),
    ("plain", 3, 1, 3, None, [("delay", 2, 0, {"ticks": 999})], "DDDL", "111"),
    # Additive sharing: an aggregator that has answered is done; the leader waits for the other in vain.
    ("additive", 4, 3, 3, None, [("loss", 1003, 1)], "DDDD2DX", "0000"),
    # One that gets no list tells the leader, who cannot do without it.
    ("additive", 4, 3, 3, None, [("partial-send", 1001, 1, {"frames": 1})], "DDDDXD1", "0000"),
    ("additive", 4, 3, 3, None, [("corruption", 1001, 1)], "DDDDT11", "0000"),
    ("additive", 4, 3, 4, None, [("trailing-byte", 2, 0)], "DDDD0TT", "0000"),
    ("shamir", 4, 4, 3, 2, [("loss", 1003, 1)], "DDDDLDXD", "1111"),
    ("shamir", 4, 4, 3, 3, [("loss", 1003, 1)], "DDDD2DXD", "0000"),
    ("shamir", 4, 4, 3, 2, [("corruption", 1001, 1)], "DDDD2111", "0000"),
    ("secagg", 5, 1, 3, 3, [("loss", 4, 2)], "DXDDDL", "10111", {"threat": 0}),
    ("secagg", 5, 1, 3, 3, [("loss", 4, 3)], "DXDDDL", "11111", {"threat": 0}),
    ("secagg", 5, 1, 3, 5, [("loss", 4, 2)], "TXTTT5", "00000", {"threat": 0}),
    ("secagg", 5, 1, 3, 5, [("corruption", 4, 0)], "T2TTT0", "00000", {"threat": 0}),
    ("secagg", 5, 1, 3, 3, [("corruption", 1001, 1)], "222223", "00000", {"threat": 0}),
    ("secagg", 5, 1, 3, 3, [("partial-send", 1001, 3, {"frames": 2})], "DD666X", "00000", {"threat": 0}),
    ("secagg", 5, 1, 3, 3, [("outage", 4, 1, {"ticks": 20_000})], "D4DDDL", "10111", {"threat": 0}),
    # With a consistency round. A signature that is missing costs its sender its word on the shares, and the round nothing.
    ("secagg", 5, 1, 3, 3, [("loss", 4, 3)], "DXDDDL", "11111", {"threat": 1}),
    ("secagg", 5, 1, 3, 3, [("corruption", 4, 3)], "D9DDDL", "11111", {"threat": 2}),
    ("secagg", 5, 1, 3, 5, [("loss", 4, 3)], "TXTTT7", "00000", {"threat": 2}),
    ("secagg", 5, 1, 3, 5, [("loss", 4, 4)], "DXDDDA", "00000", {"threat": 1}),
    ("secagg", 5, 1, 3, 3, [("partial-send", 1001, 3, {"frames": 2})], "99666X", "00000", {"threat": 1}),
    ("secagg", 5, 1, 3, 3, [("partial-send", 1001, 4, {"frames": 2})], "DD999X", "00000", {"threat": 1}),
    # Over the circulant graph: who has no root waits for it, and who has one waits for its neighborhood.
    ("secagg+", 6, 1, 3, 3, [("corruption", 1001, 1)], "2222223", "000000", {"threat": 0, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("corruption", 1001, 1)], "1111113", "000000", {"threat": 1, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("corruption", 1001, 2)], "2222223", "000000", {"threat": 2, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("partial-send", 1001, 1, {"frames": 2})], "221111X", "000000", {"threat": 1, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("partial-send", 1001, 2, {"frames": 2})], "442222X", "000000", {"threat": 1, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("loss", 4, 3)], "DXDDDDL", "111111", {"threat": 1, "neighbors": 4}),
    # The same of the root of the signatures and the witnesses; whose signature is missing waits for the root.
    ("secagg+", 6, 1, 3, 3, [("corruption", 4, 3)], "D8DDDDL", "111111", {"threat": 1, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("corruption", 1001, 5)], "888888A", "000000", {"threat": 2, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("corruption", 1001, 6)], "999999A", "000000", {"threat": 1, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("partial-send", 1001, 5, {"frames": 2})], "998888X", "000000", {"threat": 2, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("partial-send", 1001, 6, {"frames": 2})], "DD9999X", "000000", {"threat": 1, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("outage", 1001, 5, {"ticks": 20_000})], "888888A", "000000", {"threat": 2, "neighbors": 4}),
    ("secagg+", 6, 1, 3, 3, [("loss", 4, 1)], "DXDDDDL", "101111", {"threat": 2, "neighbors": 4}),
    ("secagg+", 6, 1, 6, 4, [("loss", 4, 1)], "TXTTTT3", "000000", {"threat": 2, "neighbors": 4}),
    ("secagg+", 6, 1, 6, 4, [("loss", 4, 3)], "TXTTTT7", "000000", {"threat": 1, "neighbors": 4}),
    ("secagg+", 6, 1, 6, 4, [("loss", 4, 4)], "DXDDDDA", "000000", {"threat": 1, "neighbors": 4}),
    ("secagg+", 6, 1, 6, 4, [("loss", 4, 3)], "DXDDDDA", "000000", {"threat": 0, "neighbors": 4}),
    # Peer to peer: three must have told one list. Peers 2 and 4 hold the share of 10, 6 and 8 do not.
    ("peer-to-peer", 5, 0, 3, 3, [("partial-send", 10, 0, {"frames": 2})], "1111X", "00000"),
    # With a third who holds it there is a list; peer 8 has no sum to send for it, and learns it.
    ("peer-to-peer", 5, 0, 3, 3, [("partial-send", 10, 0, {"frames": 3})], "LLLLX", "11111"),
    ("peer-to-peer", 5, 0, 3, 3, [("partial-send", 10, 0, {"frames": 1})], "LLLLX", "11110"),
    ("peer-to-peer", 5, 0, 3, 3, [("corruption", 2, 1)], "LLLLL", "11111"),
    ("peer-to-peer", 5, 0, 5, 4, [("loss", 4, 0)], "0X000", "00000"),
    ("peer-to-peer", 5, 0, 3, 3, [("loss", 4, 1), ("loss", 6, 1)], "LXXLL", "11111"),
    ("peer-to-peer", 5, 0, 3, 4, [("loss", 4, 1), ("loss", 6, 2)], "2XX22", "00000"),
    # Peer 10 holds no share of 4, says so to peer 2 alone and is gone: the others' list is peer 2's all the same.
    ("peer-to-peer", 5, 0, 3, 3, [("partial-send", 4, 0, {"frames": 3}), ("partial-send", 10, 1, {"frames": 1})], "LXLLX", "11111"),
    ("peer-to-peer", 5, 0, 3, 5, [("partial-send", 10, 0, {"frames": 1})], "2000X", "00000"),
    ("peer-to-peer", 5, 0, 3, 5, [("loss", 10, 1)], "2222X", "00000"),
]


def check_graph():
    """Trees, circles and witnesses against definitions that are written another way."""
    digest = lambda data: hashlib.sha256(data).digest()
    for count in range(1, 18):
        ids = [3 * i + 1 for i in range(count)]
        session = wire.Session("secagg+", 16, 1, b"", ids, [0], {
            "task": b"t", "round": 0, "attempt": 0, "modelDigest": bytes(32), "parametersDigest": bytes(32),
        })
        session.threat = 0
        present = {u: {name: digest(name.encode() + bytes([u])) for name in wire.ADVERTISEMENT} for u in ids if u % 2}
        tree = graph.key_tree(session, present)

        def root(low, size):
            if size > 1:
                return digest(b"\1" + root(low, size // 2) + root(low + size // 2, size // 2))
            u = ids[low] if low < count else None
            if u not in present:
                return digest(b"\0")
            return digest(b"\0" + u.to_bytes(4, "big") + b"\0" + b"".join(present[u].values()))

        check(f"depth of {count}", 2**tree.depth >= count and (count == 1 or 2 ** (tree.depth - 1) < count), True)
        check(f"root of {count}", tree.root, root(0, 2**tree.depth))
        signed = {u: digest(bytes([u])) + digest(bytes([u, u])) for u in ids if u % 3}
        leaves = [digest(b"\0" + u.to_bytes(4, "big") + signed[u]) if u in signed else digest(b"\0") for u in ids]
        leaves += [digest(b"\0")] * (2**tree.depth - count)
        while len(leaves) > 1:
            leaves = [digest(b"\1" + leaves[i] + leaves[i + 1]) for i in range(0, len(leaves), 2)]
        check(f"signature root of {count}", graph.signature_tree(session, signed).root, leaves[0])
        for position, u in enumerate(ids):
            leaf, path = graph.leaf(0, u, present.get(u)), tree.path(position)
            check(f"path {position} of {count}", graph.top(position, leaf, path), tree.root)
            others = [other for other in range(count) if other != position]
            wrong = [other for other in others if graph.top(other, leaf, path) == tree.root]
            # Two empty leaves side by side are alike.
            same = [other for other in others if other ^ 1 == position and u not in present and ids[other] not in present]
            check(f"path {position} of {count} elsewhere", wrong, same)
    # Permutations of four are equally frequent, and so are the pairs of neighbors.
    seen = {}
    for number in range(4800):
        circle = tuple(graph.circle_of(4, digest(number.to_bytes(4, "big"))))
        seen[circle] = seen.get(circle, 0) + 1
    check("permutations", len(seen), 24)
    check("permutations, chi square", sum((n - 200) ** 2 / 200 for n in seen.values()) < 60, True)  # 23 degrees of freedom
    for count, k in [(4, 2), (6, 4), (9, 4), (12, 6), (40, 12)]:
        circle = graph.circle_of(count, digest(bytes([count])))
        for position in range(count):
            near = graph.neighbors_on(circle, k, position)
            distances = [(circle.index(q) - circle.index(position)) % count for q in range(count)]
            expected = [q for q, d in enumerate(distances) if 0 < min(d, count - d) <= k // 2]
            check(f"neighbors of {position} in {count}", (near, len(near)), (expected, k))
    # Every set of survivors of a small circle: two runs are disjoint if they share no place.
    for count, k in [(6, 4), (7, 4), (8, 2), (9, 4), (9, 6)]:
        half = k // 2
        for bits in range(2**count):
            alive = [bits >> i & 1 for i in range(count)]
            sums = [sum((alive * 2)[i : i + half]) for i in range(count)]
            fewest = min(
                sums[i] + sums[j] for i in range(count) for j in range(count) if half <= (j - i) % count <= count - half
            )
            got = graph.fewest_in_two_runs(list(range(count)), k, {i for i in range(count) if alive[i]})
            if got != fewest:
                check(f"runs {count} {k} {bits}", got, fewest)
        check(f"runs {count} {k}", True, True)
    for k in range(2, 30, 2):
        for t in range(k // 2 + 1, k + 1):
            check(f"fewest {k} {t}", graph.fewest_allowed(k, t), math.ceil((3 * t - k) / 2))
    generator = Generator(bytes(32))
    counts = [0] * 5
    for _ in range(5000):
        counts[graph.uniform(generator, 5)] += 1
    check("uniform", sum((n - 1000) ** 2 / 1000 for n in counts) < 25, True)


def masking_round(scheme, threat, count, threshold, neighbors, lost, minimum=2):
    """Whether a round ends with the sum of the survivors, or where it ends."""
    ids, bits = [2 * i + 1 for i in range(count)], 17
    context = {
        "task": b"selftest", "round": 1, "attempt": 0, "modelDigest": bytes(32), "parametersDigest": bytes(32),
    }
    identities = {u: hashlib.sha256(bytes([u])).digest() for u in ids}
    session = secagg.make_session(
        scheme, bits, 2, minimum, threshold, threat, neighbors, ids, [ed25519.public_key(identities[u]) for u in ids], 0, context
    )
    inputs = {u: [u, 2**bits - u] for u in ids}
    generators = {u: Generator(keys.simulation_key(3, "party", context, u)) for u in ids}
    setup = secagg.Setup(
        minimum, inputs, generators, identities, Generator(bytes(32)), [5, 6], lambda pulse: hashlib.sha256(bytes([pulse])).digest()
    )
    made = secagg.Round(session, setup, lost)
    try:
        made.run()
    except RoundAborted as abort:
        return f"abort at {abort.stage}"
    expected = [sum(inputs[u][i] for u in made.sets["U3"]) % 2**bits for i in range(2)]
    sends = secagg.sends_of(threat)
    alive = [u for u in ids if sends.index(lost.get(u, "unmask")) >= sends.index("masked-input")]
    right = made.sets["U3"] == alive and made.total == expected and not made.log.refusals and not made.log.given_up
    return "sum" if right else "wrong"


def check_masking():
    """`secagg` and `secagg+` with nobody, every client and every pair lost after each send."""
    for threat in [0, 1, 2]:
        sends = secagg.sends_of(threat)[:-1]
        for u, v in [(1, 5), (3, 9), (5, 7)]:
            for first, second in itertools.product([*sends, None], repeat=2):
                lost = {party: send for party, send in [(u, first), (v, second)] if send}
                check(f"secagg {threat} {lost}", masking_round("secagg", threat, 5, 3, None, lost), "sum")
        check(f"secagg {threat}, too few", masking_round("secagg", threat, 3, 2, None, {1: "share-keys", 5: "start"}), "abort at 5")
        for u in [1, 3, 5, 7, 9, 11, 13]:
            for send in sends:
                check(f"secagg+ {threat} {u} {send}", masking_round("secagg+", threat, 7, 3, 4, {u: send}), "sum")
        # Of four neighbors three must stay: with t = 4 nobody can be missed who has dealt shares.
        for send in sends:
            # (the circle is cut, then too few are left to answer; in a curious round nobody looks before the end).
            expected = {"share-keys": 5, "masked-input": 7, "consistency": 10} if threat else {"share-keys": 10, "masked-input": 10}
            got = masking_round("secagg+", threat, 7, 4, 4, {1: send})
            if send in expected:
                check(f"secagg+ {threat} t = k {send}", got, f"abort at {expected[send]}")
            else:
                check(f"secagg+ {threat} t = k {send}", got.startswith("abort"), True)
        two = {1: "share-keys", 9: "masked-input", 15: "start"}
        check(f"secagg+ {threat} twelve", masking_round("secagg+", threat, 12, 5, 8, two), "sum")


def check_outcomes():
    for scheme, clients, helpers, minimum, threshold, faults, ends, included, *own in OUTCOMES:
        listed = [{"kind": kind, "party": party, "send": send, **(rest[0] if rest else {})} for kind, party, send, *rest in faults]
        case = {"scheme": scheme, "clients": clients, "helpers": helpers, "minimumContributors": minimum, "threshold": threshold}
        case |= own[0] if own else {}
        check(f"outcome of {scheme} {own} with {faults}", outcomes.outcome({**case, "faults": listed}), (ends, included))


def check_schedules():
    """What the schedules' set logic says of losses is what becomes of rounds with messages, keys and graphs."""
    seen = {}
    for number in range(250):
        draw = schedules.SplitMix64("selftest", number)
        variant = draw.choice(["secagg", "secagg-consistency", "secagg+", "secagg+-consistency"])
        cell = draw.choice([cell for cell in schedules.CELLS[variant] if cell[0] == "client" and cell[2] == "loss"])
        case = schedules.make_round(str(number), variant, cell, draw.between(schedules.fewest_clients(variant), 9), draw, 2)
        if any(fault["kind"] not in ("loss", "reordering") or fault.get("party", 0) > 1000 for fault in case["faults"]):
            continue
        sends = secagg.sends_of(case["threat"])
        # Of client 2u the byte model's is 2u - 1.
        lost = {fault["party"] - 1: sends[fault["send"]] for fault in case["faults"] if "party" in fault}
        got = masking_round(
            case["scheme"], case["threat"], case["clients"], case["threshold"], case.get("neighbors"), lost,
            case["minimumContributors"],
        )
        end = case["ends"][-1]
        check(f"schedule {number}: {case['scheme']} {lost}", got, "sum" if end == "L" else f"abort at {int(end, 16)}")
        seen[variant, end] = seen.get((variant, end), 0) + 1
    check("schedules of all ends", len(seen) >= 16, True)


def check_paillier():
    """Small cases exhaustively; python-paillier's encodings from phe 1.5.0; the keys are safe primes that are found again."""
    primes = [n for n in range(2, 3000) if all(n % d for d in range(2, math.isqrt(n) + 1))]
    check("primes below 3000", [n for n in range(3000) if paillier_numbers.is_prime(n)], primes)
    powers = {b**e for b in range(1, 60) for e in range(2, 12)}
    check("perfect powers", [n for n in range(1, 3000) if paillier_numbers.is_perfect_power(n)], [n for n in range(2, 3000) if n in powers])
    for n in (3, 5, 7, 15, 21, 45, 105, 1001):
        factors, rest = [], n
        for prime in primes:
            while rest % prime == 0:
                factors, rest = [*factors, prime], rest // prime
        legendre = [[0 if a % f == 0 else 1 if any(x * x % f == a % f for x in range(f)) else -1 for f in factors] for a in range(n)]
        check(f"jacobi mod {n}", [paillier_numbers.jacobi(a, n) for a in range(n)], [math.prod(symbols) for symbols in legendre])
    check("1001 and the small primes", math.gcd(1001, paillier_numbers.small_primes_product()), 1001)
    check("1048583 is not among them", math.gcd(1048583 * 2, paillier_numbers.small_primes_product()), 1)

    p, q = 7, 11  # 77: every plaintext with every r
    units = [r for r in range(1, 77) if math.gcd(r, 77) == 1]
    opened = all(paillier.decrypt(p, q, paillier.encrypt(77, m, r=r)) == m for m in range(77) for r in units)
    check("all encryptions mod 77", opened, True)
    check("all ciphertexts mod 77", len({paillier.encrypt(77, m, r=r) for m in range(77) for r in units}), 77 * 60)
    x, h, base = paillier.generator(77)
    check("generator mod 77", (h, base), (-x * x % 77, pow(h, 77, 77 * 77)))
    check("its powers hide nothing but zero", {paillier.decrypt(p, q, pow(base, a, 77 * 77)) for a in range(1, 200)}, {0})

    for bits in paillier_keys.STEPS:
        for prime in paillier_keys.key(bits):
            check(f"a safe prime of {bits // 2} bits", (
                prime.bit_length(), prime % 4, paillier_numbers.is_prime(prime), paillier_numbers.is_prime(prime // 2),
            ), (bits // 2, 3, True, True))
    for q in range(1, 20):
        for weight in range(1, 70):
            width = paillier_packing.Layout(512, q, 0, weight).slot_bits
            largest = weight * (2**q - 1)
            check(f"slot width {q} {weight}", 2 ** (width - 1) <= largest < 2**width, True)

    # All rounds of the least Paillier-Blum moduli have exactly one answer, and the verifier takes it.
    for p, q in [(7, 11), (7, 19), (11, 19), (19, 23)]:
        n = p * q
        w = next(w for w in range(2, n) if paillier_numbers.jacobi(w, n) == -1)
        proof = paillier_proof.prove(p, q, b"session", w)
        check(f"proof mod {n}", refusal(paillier_proof.check_answers, n, b"session", proof), None)
        check(f"proof mod {n} elsewhere", refusal(paillier_proof.check_answers, n, b"other", proof), "wrong-proof")

    n = math.prod(paillier_keys.key(512))
    for value, encoding, exponent in [  # of phe 1.5.0
        (0.1, 0x1999999999999A, -14), (1e-9, 0x44B82FA09B5A54, -21), (1000.5, 0x3E880000000000, -11), (1.0, 0x10000000000000, -13), (0.0, 0, -14),
        (7, 7, 0), (-1, n - 1, 0),
    ]:
        check(f"encoding of {value}", paillier_phe.encode(n, value), (encoding, exponent))


if __name__ == "__main__":
    for checks in [
        check_x25519, check_hkdf, check_chacha20, check_aes, check_gcm,
        check_ed25519, check_shamir, check_primes, check_fields, check_rings, check_quantizer, check_rounds, check_graph, check_masking,
        check_outcomes, check_schedules, check_paillier, check_validator,
    ]:
        checks()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)

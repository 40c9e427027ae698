# SPDX-License-Identifier: Apache-2.0
"""python-paillier as people use it, one float a ciphertext: prints the least CPU time of each operation as JSON.

Run by `Benchmarks/Peers/run paillier` inside a virtual environment that has phe and gmpy2.
"""

import json
import sys
from importlib.metadata import version

import phe
from least import least
from phe import util

if not util.HAVE_GMP:
    sys.exit("phe does not use gmpy2")

bits = int(sys.argv[1])
public, private = phe.generate_paillier_keypair(n_length=bits)
numbers = [0.5 + i / 1024 for i in range(16)]
encrypt_seconds, ciphertexts = least(lambda: [public.encrypt(number) for number in numbers], len(numbers), 3)
add_seconds, sums = least(lambda: [a + a for a in ciphertexts for _ in range(64)], 64 * len(numbers), 5)
decrypt_seconds, opened = least(lambda: [private.decrypt(a) for a in ciphertexts], len(numbers), 5)
text = json.dumps([[str(a.ciphertext(False)), a.exponent] for a in ciphertexts])
print(json.dumps({
    "peer": f"phe {version('phe')}, gmpy2 {version('gmpy2')}", "key_bits": bits,
    "encrypt": encrypt_seconds, "add": add_seconds, "decrypt": decrypt_seconds,
    "ciphertext_bytes": 2 * bits // 8, "json_bytes": len(text) / len(numbers),
    "correct": opened == numbers and private.decrypt(sums[-1]) == 2 * numbers[-1],
}))

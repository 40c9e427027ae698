# SPDX-License-Identifier: Apache-2.0
"""SecretFlow HEU's ZPaillier (DJN, exponents of |n|/2 bits, tables of the fixed base): prints the least CPU times as JSON.

Run by `Benchmarks/Peers/run paillier` inside a virtual environment that has sf-heu.
"""

import json
import sys
from importlib.metadata import version

from heu import phe
from least import least

bits = int(sys.argv[1])
kit = phe.setup(phe.SchemaType.ZPaillier, bits)
encryptor, decryptor, evaluator = kit.encryptor(), kit.decryptor(), kit.evaluator()
# As long as a packed plaintext is.
numbers = [2 ** (bits - 2) // 3 - i for i in range(32)]
plaintexts = [phe.Plaintext(phe.SchemaType.ZPaillier, number) for number in numbers]
encrypt_seconds, ciphertexts = least(lambda: [encryptor.encrypt(m) for m in plaintexts], len(numbers), 5)
add_seconds, sums = least(lambda: [evaluator.add(c, c) for c in ciphertexts for _ in range(64)], 64 * len(numbers), 5)
decrypt_seconds, opened = least(lambda: [decryptor.decrypt_raw(c) for c in ciphertexts], len(numbers), 3)
print(json.dumps({
    "peer": f"sf-heu {version('sf-heu')} ZPaillier", "key_bits": bits,
    "encrypt": encrypt_seconds, "add": add_seconds, "decrypt": decrypt_seconds,
    "ciphertext_bytes": 2 * bits // 8, "serialized_bytes": len(ciphertexts[0].serialize()),
    "correct": opened == numbers and decryptor.decrypt_raw(sums[-1]) == 2 * numbers[-1],
}))

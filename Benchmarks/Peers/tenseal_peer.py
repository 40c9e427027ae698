# SPDX-License-Identifier: Apache-2.0
"""TenSEAL's CKKS vectors, one thread: prints the least CPU time of each operation *a value* as JSON.

Run by `Benchmarks/Peers/run paillier` inside a virtual environment that has tenseal.
"""

import json
from importlib.metadata import version

import tenseal
from least import least

DEGREE, MODULI, SCALE = 8192, [60, 40, 60], 2.0**40  # 128 bits of security, one level, 4,096 values a ciphertext
context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, poly_modulus_degree=DEGREE, coeff_mod_bit_sizes=MODULI, n_threads=1)
context.global_scale = SCALE
values = [i / 4096 - 0.5 for i in range(DEGREE // 2)]
encrypt_seconds, vectors = least(lambda: [tenseal.ckks_vector(context, values) for _ in range(4)], 4 * len(values), 5)
add_seconds, sums = least(lambda: [vector + vector for vector in vectors for _ in range(4)], 16 * len(values), 5)
decrypt_seconds, opened = least(lambda: [vector.decrypt() for vector in vectors], 4 * len(values), 5)
error = max(abs(got - value) for got, value in zip(opened[0], values, strict=True))
error_of_sum = max(abs(got - 2 * value) for got, value in zip(sums[-1].decrypt(), values, strict=True))
print(json.dumps({
    "peer": f"TenSEAL {version('tenseal')} CKKS {DEGREE} {MODULI}", "encrypt": encrypt_seconds, "add": add_seconds, "decrypt": decrypt_seconds,
    "bytes": len(vectors[0].serialize()) / len(values), "max_error": error, "correct": error < 1e-6 and error_of_sum < 1e-6,
}))

# SPDX-License-Identifier: Apache-2.0
"""Both directions between fedsum and python-paillier, with its library and its `pheutil`.

Run by `Benchmarks/Peers/interchange` inside a virtual environment that has phe, gmpy2 and click.
"""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import phe
from phe import command_line, util

VALUES = [0.1, -2.5, 1e-9, 1000.5, 0.0, -1 / 3, 12345678.0, 5e-324]
OTHERS = [0.2, 2.5, 3.0, -1e-3, -7.25, 1e9, 0.125, 1.0]
passed = failed = 0


def check(what, holds):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(f"{'ok    ' if holds else 'FAILED'} {what}", flush=True)


def fedsum(*arguments):
    """(exit code, what it printed)"""
    done = subprocess.run([sys.argv[1], *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode < 0:
        check(f"fedsum {arguments[0]} ends by signal {-done.returncode}", False)
    return done.returncode, done.stdout


def pheutil(*arguments):
    command = [sys.executable, "-m", "phe.command_line", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def numbers(text):
    return [float(line) for line in text.split()]


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def vector(public, encrypted):
    """The form of the library's documentation for many numbers under one key."""
    return {"public_key": {"n": str(public.n)}, "values": [[str(e.ciphertext()), e.exponent] for e in encrypted]}


def read_vector(path, public):
    """As that documentation reads it."""
    received = json.loads(path.read_text())
    assert int(received["public_key"]["n"]) == public.n
    return [phe.EncryptedNumber(public, int(c), int(e)) for c, e in received["values"]]


def keys(path):
    """A private key file as pheutil reads it."""
    key = json.loads(path.read_text())
    public = command_line.load_public_key(key["pub"])
    return public, phe.PaillierPrivateKey(public, util.base64_to_int(key["p"]), util.base64_to_int(key["q"]))


def from_phe(folder, bits):
    """Keys and ciphertexts of python-paillier, which fedsum adds up and opens."""
    private_file, public_file = folder / "phe-private.json", folder / "phe-public.json"
    pheutil("genpkey", "--keysize", bits, private_file)
    pheutil("extract", private_file, public_file)
    public, private = keys(private_file)
    one, other = ([public.encrypt(value) for value in values] for values in (VALUES, OTHERS))
    one_file, other_file = write(folder / "one.json", vector(public, one)), write(folder / "other.json", vector(public, other))
    sum_file = folder / "sum.json"

    code, text = fedsum("decrypt", "--key", private_file, one_file)
    check("phe encrypts, fedsum decrypts", code == 0 and numbers(text) == VALUES)
    code, _ = fedsum("add", one_file, other_file, "--key", public_file, "--out", sum_file)
    expected = [private.decrypt(a + b) for a, b in zip(one, other, strict=True)]
    code, text = fedsum("decrypt", "--key", private_file, sum_file) if code == 0 else (code, "")
    check("phe encrypts two vectors of other exponents, fedsum adds and decrypts", code == 0 and numbers(text) == expected)
    opened = [private.decrypt(number) for number in read_vector(sum_file, public)] if sum_file.exists() else []
    check("phe encrypts, fedsum adds, phe decrypts", opened == expected)
    given = {int(e) for e, _ in json.loads(one_file.read_text())["values"]}
    again = {int(c) for c, _ in json.loads(sum_file.read_text())["values"]} if sum_file.exists() else given
    products = {int((a + b).ciphertext(False)) for a, b in zip(one, other, strict=True)}
    check("the sum that fedsum writes is re-randomized", not again & products and not again & given)

    integers = [public.encrypt(value) for value in (7, -3, 2**70)]
    code, text = fedsum("decrypt", "--key", private_file, write(folder / "integers.json", vector(public, integers)))
    check("integers of phe", code == 0 and numbers(text) == [7.0, -3.0, 2.0**70])
    for value in ("2.75", "1e-30"):
        single = write(folder / "single.json", pheutil("encrypt", public_file, value))
        code, text = fedsum("decrypt", "--key", private_file, single)
        check(f"pheutil encrypts {value} (one number a file), fedsum decrypts", code == 0 and numbers(text) == [float(value)])
    numeric = vector(public, one)
    numeric["public_key"]["n"] = public.n
    code, text = fedsum("decrypt", "--key", private_file, write(folder / "numeric.json", numeric))
    check("a modulus that is a JSON number", code == 0 and numbers(text) == VALUES)

    plain = write(folder / "numbers.csv", "".join(f"{value!r}\n" for value in VALUES))
    code, _ = fedsum("encrypt", "--key", public_file, plain, "--out", folder / "ours.json")
    opened = [private.decrypt(number) for number in read_vector(folder / "ours.json", public)] if code == 0 else []
    check("fedsum encrypts under a key of phe, phe decrypts", opened == VALUES)
    refusals(folder, public, private, private_file, public_file, one_file)


def refusals(folder, public, private, private_file, public_file, one_file):
    """What phe opens without a word, and fedsum must refuse."""
    n = public.n
    for name, c in [("0", 0), ("n", n), ("n squared", n * n), ("a multiple of p", 5 * private.p), ("n squared + 1", n * n + 1)]:
        bad = write(folder / "bad.json", {"public_key": {"n": str(n)}, "values": [[str(c), 0]]})
        code, text = fedsum("decrypt", "--key", private_file, bad)
        check(f"fedsum refuses to decrypt {name}", code > 0 and not text.strip())
        code, _ = fedsum("add", one_file, bad, "--key", public_file, "--out", folder / "none.json")
        check(f"fedsum refuses to add {name}", code > 0 and not (folder / "none.json").exists())
    other = {"public_key": {"n": str(n + 2)}, "values": json.loads(one_file.read_text())["values"]}
    code, text = fedsum("decrypt", "--key", private_file, write(folder / "other-key.json", other))
    check("fedsum refuses ciphertexts of another key", code > 0 and not text.strip())
    key = json.loads(public_file.read_text())
    for name, modulus in [("an even modulus", n + 1), ("a square", private.p**2), ("a prime", private.p), ("35", 35)]:
        bad = write(folder / "bad-key.json", {**key, "n": util.int_to_base64(modulus)})
        code, _ = fedsum("encrypt", "--key", bad, folder / "numbers.csv", "--out", folder / "none.json")
        check(f"fedsum refuses {name}", code > 0 and not (folder / "none.json").exists())
    wrong = json.loads(private_file.read_text())
    wrong["p"] = util.int_to_base64(private.p + 2)
    code, text = fedsum("decrypt", "--key", write(folder / "wrong.json", wrong), one_file)
    check("fedsum refuses factors of another modulus", code > 0 and not text.strip())


def from_fedsum(folder, bits):
    """Keys and ciphertexts of fedsum, which python-paillier adds up and opens."""
    code, _ = fedsum("keygen", "paillier", "--out", folder / "ours", "--bits", bits, "--format", "phe")
    check("fedsum makes a key", code == 0)
    if code != 0:
        return
    private_file, public_file = folder / "ours" / "private.json", folder / "ours" / "public.json"
    public, private = keys(private_file)
    check("phe reads it, and it has the length that was asked for", public.n.bit_length() == bits)
    check("pheutil extracts the same public key", json.loads(pheutil("extract", private_file, "-"))["n"] == json.loads(public_file.read_text())["n"])
    one, other = (write(folder / f"{i}.csv", "".join(f"{value!r}\n" for value in values)) for i, values in enumerate([VALUES, OTHERS]))
    files = [folder / "0.json", folder / "1.json"]
    codes = [fedsum("encrypt", "--key", public_file, plain, "--out", file)[0] for plain, file in zip([one, other], files, strict=True)]
    check("fedsum encrypts two vectors", codes == [0, 0])
    if codes != [0, 0]:
        return
    first, second = (read_vector(file, public) for file in files)
    check("fedsum encrypts, phe decrypts", [private.decrypt(number) for number in first] == VALUES)
    expected = [private.decrypt(a + b) for a, b in zip(first, second, strict=True)]
    code, _ = fedsum("add", *files, "--key", public_file, "--out", folder / "s.json")
    opened = [private.decrypt(number) for number in read_vector(folder / "s.json", public)] if code == 0 else []
    check("fedsum encrypts and adds, phe decrypts", opened == expected)
    mixed = [a + public.encrypt(value) for a, value in zip(first, OTHERS, strict=True)]
    code, text = fedsum("decrypt", "--key", private_file, write(folder / "mixed.json", vector(public, mixed)))
    check("fedsum encrypts, phe encrypts and adds, fedsum decrypts", code == 0 and numbers(text) == expected)
    single = write(folder / "single.json", {"v": str(first[1].ciphertext(False)), "e": first[1].exponent})
    check("fedsum encrypts, pheutil decrypts", float(pheutil("decrypt", private_file, single)) == VALUES[1])
    again = folder / "again.json"
    fedsum("encrypt", "--key", public_file, one, "--out", again)
    pairs = zip(first, read_vector(again, public), strict=True)
    check("the same numbers never give the same ciphertexts", all(a.ciphertext(False) != b.ciphertext(False) for a, b in pairs))


def main():
    folder, bits = Path(sys.argv[2]), int(sys.argv[3])
    print(f"phe {version('phe')}, keys of {bits} bits")
    from_phe(folder, bits)
    from_fedsum(folder, bits)
    print(f"{passed} passed, {failed} failed")
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

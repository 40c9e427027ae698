# SPDX-License-Identifier: Apache-2.0
"""`Benchmarks/Peers/run paillier`: ours, python-paillier, SecretFlow HEU and TenSEAL in alternation on one core."""

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
from datetime import date
from pathlib import Path

from comparison import HERE, Missing, environment, measured, note, processor, program

PEERS = ["phe", "heu", "tenseal"]
PRIMITIVES = "paillier-encrypt,paillier-add,paillier-decrypt"
OPERATIONS = ["encrypt", "add", "decrypt"]
# As Documentation/Paillier.md: 32-bit slots are 25-bit values added 128 times, 33-bit slots 32-bit values added twice, 26-bit slots 24-bit values added 4 times.
SLOT_BITS = (32, 33, 26)


def options(arguments):
    parser = argparse.ArgumentParser(
        prog="run paillier", description="Measures Paillier of Fedsum and of its peers in alternation on one core, and checks the results.",
        epilog="Example: Benchmarks/Peers/run paillier --runs 5 --key-bits 2048,3072",
    )
    parser.add_argument("--key-bits", default="2048,3072", help="lengths of n, separated by commas")
    parser.add_argument("--runs", type=int, default=3, help="of each, in alternation (3)")
    parser.add_argument("--cpu", type=int, help="the core (the last one that this process may use)")
    parser.add_argument("--fedsum", type=Path, help="the program to measure; else it is built")
    parser.add_argument("--peers-only", action="store_true", help="without ours: shows that the peers run")
    parser.add_argument("--json", type=Path, help="also write every raw run to this file")
    parser.add_argument("--environments", type=Path, help="folder of the virtual environments (beside this file)")
    return parser.parse_args(arguments)


def slots(key_bits, slot_bits):
    """Values in one plaintext."""
    return (key_bits - 2) // slot_bits


def our_run(fedsum, cpu):
    """{key bits: {form: {operation: seconds}}}; a form is the method and whether it is constant-time."""
    rows = measured([fedsum, "bench", "--primitives", PRIMITIVES, "--json"], cpu)["primitives"]
    out = {}
    for row in rows:
        parameters, operation = row["parameters"], row["name"].removeprefix("paillier-")
        timing = "constant time" if parameters.get("constant_time", True) else "look-ups"
        form = f"{parameters.get('method', 'djn')}, {timing}"
        out.setdefault(parameters["key_bits"], {}).setdefault(form, {})[operation] = row["seconds_per_operation"]
    return out


def our_seconds(forms, form, operation):
    """Adding and decrypting may be the same for several forms, and are then listed once."""
    if operation in forms.get(form, {}):
        return forms[form][operation]
    found = [times[operation] for times in forms.values() if operation in times]
    if operation == "encrypt" or not found:
        return None
    return found[0]


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def micro(seconds):
    return "–" if seconds is None else f"{seconds * 1e6:,.2f}" if seconds < 1e-4 else f"{seconds * 1e6:,.0f}"


def ratio(theirs, ours):
    return "–" if not theirs or not ours else f"{theirs / ours:,.2f}" if theirs / ours < 20 else f"{theirs / ours:,.0f}"


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def report(key_bits, ours, theirs):
    """Prints one size of key. `ours` is a list of runs, `theirs` one for each peer."""
    forms = list(dict.fromkeys(form for run in ours for form in run.get(key_bits, {}) if "encrypt" in run[key_bits][form]))
    times = {form: {op: median([our_seconds(run[key_bits], form, op) for run in ours]) for op in OPERATIONS} for form in forms}
    peers = {peer: {op: median([run[op] for run in theirs[peer]]) for op in OPERATIONS} for peer in ("phe", "heu")}
    print(f"\n|n| = {key_bits}: CPU microseconds an operation, every run, and the median\n")
    head = [f"run {i + 1}" for i in range(len(theirs["phe"]))]
    rows = [["", *head, "median"]]
    for form in forms:
        for op in OPERATIONS:
            runs = [our_seconds(run[key_bits], form, op) for run in ours]
            rows.append([f"ours ({form}) {op}", *map(micro, runs), micro(times[form][op])])
    for peer in ("phe", "heu"):
        for op in OPERATIONS:
            rows.append([f"{theirs[peer][0]['peer']} {op}", *(micro(run[op]) for run in theirs[peer]), micro(peers[peer][op])])
    print(table(rows))

    packed = slots(key_bits, SLOT_BITS[0])
    if forms:
        print("\nhow many times ours the peer takes (above 1, ours is cheaper)\n")
        rows = [["", "phe", "HEU"]]
        for form in forms:
            for op in OPERATIONS:
                rows.append([f"{op} a ciphertext, ours {form}", *(ratio(peers[peer][op], times[form][op]) for peer in ("phe", "heu"))])
            for op in OPERATIONS:
                # Both peers as people use them: one number a ciphertext.
                own = times[form][op] and times[form][op] / packed
                rows.append([
                    f"{op} a parameter, {packed} of 32 bits a ciphertext, ours {form}", *(ratio(peers[peer][op], own) for peer in ("phe", "heu")),
                ])
        print(table(rows))

    size = 2 * key_bits // 8
    ckks = {op: median([run[op] for run in theirs["tenseal"]]) for op in OPERATIONS}
    width = theirs["tenseal"][0]["bytes"]
    print("\nbytes a parameter\n")
    rows = [["", "bytes"]]
    rows += [[f"ours, {slot} bits a slot, {slots(key_bits, slot)} slots", f"{size / slots(key_bits, slot):.2f}"] for slot in SLOT_BITS]
    rows += [
        ["phe, one number a ciphertext, raw", f"{size}"], ["phe, its JSON", f"{theirs['phe'][0]['json_bytes']:,.0f}"],
        ["HEU, one number a ciphertext", f"{theirs['heu'][0]['serialized_bytes']}"], [f"{theirs['tenseal'][0]['peer']}", f"{width:.2f}"],
    ]
    print(table(rows))
    print(f"\nagainst CKKS, nanoseconds a value ({packed} values of 32 bits a ciphertext; theirs is approximate, ours exact)\n")
    rows = [["", theirs["tenseal"][0]["peer"], *(f"ours ({form})" for form in forms), *(f"{form}: ours / CKKS" for form in forms)]]
    for op in OPERATIONS:
        own = [times[form][op] and times[form][op] / packed for form in forms]
        rows.append([op, f"{ckks[op] * 1e9:,.0f}", *("–" if t is None else f"{t * 1e9:,.0f}" for t in own), *(ratio(t, ckks[op]) for t in own)])
    rows.append(["bytes", f"{width:.2f}", *[f"{size / packed:.2f}"] * len(forms), *[ratio(size / packed, width)] * len(forms)])
    print(table(rows))
    errors = ", ".join(f"{run['max_error']:.1e}" for run in theirs["tenseal"])
    print(f"largest error of CKKS, freshly encrypted: {errors}")


def main(arguments):
    given = options(arguments)
    sys.stdout.reconfigure(line_buffering=True)
    try:
        if not shutil.which("taskset"):
            raise Missing("taskset is missing: apt-get install util-linux")
        sizes = [int(bits) for bits in given.key_bits.split(",")]
        fedsum = None if given.peers_only else program(given.fedsum)
        folder = given.environments or HERE
        pythons = {peer: environment(peer, folder / f".venv-{peer}") for peer in PEERS}
        cpu = max(os.sched_getaffinity(0)) if given.cpu is None else given.cpu
        print(f"{date.today()}, {processor()}, core {cpu}, {platform.python_implementation()} {platform.python_version()}")
        ours, theirs = [], {bits: {peer: [] for peer in PEERS} for bits in sizes}
        for number in range(given.runs):
            note(f"run {number + 1} of {given.runs}")
            if fedsum:
                ours.append(our_run(fedsum, cpu))
                missing = [bits for bits in sizes if bits not in ours[-1]]
                if missing:
                    raise Missing(f"`fedsum bench --primitives {PRIMITIVES}` has no rows for keys of {missing} bits")
            for bits in sizes:
                for peer in PEERS:
                    theirs[bits][peer].append(measured([pythons[peer], HERE / f"{peer}_peer.py", bits], cpu))
        for bits in sizes:
            report(bits, ours, theirs[bits])
        print(
            "\nCPU is user + system time on one pinned core, the least of several repeats. phe and HEU encrypt and decrypt in variable time.\n"
            "Packing is ours; whoever packs by hand before phe or HEU comes to the ratios of a ciphertext for a parameter too.\n"
            "CKKS decrypts far faster a value than any Paillier, and sends several times more."
        )
        if given.json:
            given.json.write_text(json.dumps({"ours": ours, "theirs": theirs}, indent=1) + "\n")
        right = all(run["correct"] for runs in theirs.values() for peer in runs.values() for run in peer)
        if not right:
            note("a result was wrong")
        return 0 if right else 2
    except Missing as missing:
        note(f"run: {missing}")
        return 1
    except KeyboardInterrupt:
        note("interrupted: nothing is kept")
        return 1

# SPDX-License-Identifier: Apache-2.0
"""Writes every vector file and schema: `python3 generate.py OUTDIR`. The same bytes every time."""

import json
import pathlib
import sys

import cases_arithmetic
import cases_fields
import cases_graph
import cases_paillier
import cases_paillier_bytes
import cases_plan
import cases_rounds
import cases_wire
import must_fail_leader
import must_fail_masking
import must_fail_peers
import must_fail_server
import must_fail_sessions
import schedules
import schemas
import schemas_paillier

FORM = "Bytes are lowercase hex; ring elements and 64-bit integers are decimal strings. "
MUST_FAIL = (
    "Rounds of the list `rounds` in which the messages of `replaced` are other bytes than the senders' own, which are number "
    "`original` of the undisturbed round. Of `messages`, a number is that message of the undisturbed round. `refusals` says "
    "who refuses what and how; `outcome` is how the round ends."
)

MORE_FAIL = (
    " Further numbers are those of the round's `others`: what honest parties send in several cases. `added` lists messages that "
    "follow the sender's own of the same stage."
)

NUMBERS = "Numbers below n or its square are big-endian and as long as those; the keys are public, so nobody may use them."

FILES = {
    "chacha20_v1": (cases_arithmetic.chacha20, "The seeded generator: `reads` bytes at a time from `key`."),
    "mask_stream_v1": (
        cases_arithmetic.mask_stream,
        "Masks from a 32-byte mask key; sha256 is over all elements as little-endian words of wordSize bytes.",
    ),
    "packing_v1": (cases_arithmetic.packing, "Packed vectors over Z/2^b, without the RingVector header."),
    "quantizer_v1": (
        cases_arithmetic.quantizer_cases,
        "Doubles are the 16 hex digits of their IEEE 754 bits. `key` is that of the seeded generator.",
    ),
    "shamir_gf2_128_v1": (
        cases_arithmetic.shamir,
        "Shamir over GF(2^128); the coefficients a_1 ... of each of the two elements come from the seeded generator.",
    ),
    "field_mask_v1": (
        cases_fields.field_masks,
        "Masks over the field of fieldBits bits from a 32-byte mask key; wordsRead counts the words that were skipped too; "
        "sha256 is over all elements as little-endian words of wordSize bytes.",
    ),
    "shamir_prime_field_v1": (
        cases_fields.sharing,
        "The prime fields, and Shamir sharing of vectors over them: coefficients has a_1 ... of each coordinate.",
    ),
    "signing_v1": (cases_fields.signing, "Ed25519, and the signatures of sealed seeds."),
    "capacity_v1": (cases_arithmetic.capacity, "Ring bits that hold the sum; no maximumWeight means unweighted."),
    "masking_plan_v1": (
        cases_plan.plans,
        "Neighbors and threshold of secagg+ for 40 bits of security and 20 of failure; log2Probabilities to nine digits, null where something cannot happen.",
    ),
    "key_schedule_v1": (cases_wire.key_schedule, "Session digests, derived keys, commitments, simulation keys."),
    "wire_v1": (cases_wire.messages, "One message each, in a session of the list `sessions`."),
    "plain_round_v1": (cases_rounds.plain_rounds, "Whole rounds of the plain scheme."),
    "additive_round_v1": (
        cases_rounds.additive_rounds,
        "Whole rounds of additive sharing. `rand` is the seeded generator's key; `drawn` is what a client draws, in "
        "order; helperKeys has one for each helper.",
    ),
    "shamir_round_v1": (
        cases_rounds.shamir_rounds,
        "Whole rounds of Shamir sharing through a leader. `drawn` is what a client draws, in order; `answered` are the "
        "aggregators whose sums the leader uses.",
    ),
    "peer_to_peer_round_v1": (
        cases_rounds.peer_rounds,
        "Whole rounds of peer-to-peer sharing. A peer with lostAfter sends nothing more, but for the first "
        "messagesOfLastSend messages of its next send. Messages are in the order of stages, senders and receivers.",
    ),
    "secagg_round_v1": (
        cases_rounds.secagg_rounds,
        "Whole rounds of SecAgg under three threat models. `rand` is the seeded generator's key; `drawn` is what a client draws, in "
        "order. A client with lostAfter sends nothing more.",
    ),
    "secagg_plus_round_v1": (
        cases_rounds.secagg_plus_rounds,
        "Whole rounds of SecAgg+ under three threat models. `circle` says which position each place of the circle holds; "
        "`serverDrawn` is what the server draws, `beacon` what the public beacon gives for the graph and for the witnesses.",
    ),
    "masking_graph_v1": (
        cases_graph.masking_graph,
        "What the clients of SecAgg and SecAgg+ derive: trees and paths, bindings, circles and neighbors, mask bindings, statements, "
        "witnesses. "
        "sha256 is over all positions as big-endian words of 4 bytes.",
    ),
    "paillier_keys_v1": (cases_paillier.keys, "Moduli, factors, and numbers made by hashing, under Paillier. " + NUMBERS),
    "paillier_encryption_v1": (cases_paillier.encryption, "Encryption with given randomness, sums, products, decryption. " + NUMBERS),
    "paillier_packing_v1": (cases_paillier.packing, "Many values in one plaintext, with head-room. " + NUMBERS),
    "paillier_proof_v1": (
        cases_paillier_bytes.proofs,
        "Proofs that a modulus is the product of two primes that are 3 mod 4. The proof of a case is that of the list `proofs` with "
        "`bytes` put at each `offset`, the last `cut` bytes taken away, and `appended` added. " + NUMBERS,
    ),
    "paillier_serialization_v1": (cases_paillier_bytes.serialization, "Keys, ciphertexts and packed vectors as bytes. " + NUMBERS),
    "paillier_interchange_v1": (cases_paillier_bytes.phe, "The JSON and the encoded numbers of python-paillier. " + NUMBERS),
    "must_fail/session_v1": (must_fail_sessions.sessions, "Parameters that make no session."),
    "must_fail/plain_round_v1": (must_fail_server.plain_rounds, MUST_FAIL),
    "must_fail/secagg_round_v1": (lambda: must_fail_masking.masking_rounds("secagg"), MUST_FAIL + MORE_FAIL),
    "must_fail/secagg_plus_round_v1": (lambda: must_fail_masking.masking_rounds("secagg+"), MUST_FAIL + MORE_FAIL),
    "must_fail/additive_round_v1": (lambda: must_fail_leader.leader_rounds("additive"), MUST_FAIL),
    "must_fail/shamir_round_v1": (lambda: must_fail_leader.leader_rounds("shamir"), MUST_FAIL),
    "must_fail/peer_to_peer_round_v1": (must_fail_peers.peer_rounds, MUST_FAIL),
    "faulty_rounds_v1": (
        schedules.committed,
        "Rounds with faults and what must become of every party; Documentation/FaultyRounds.md says how to read them.",
    ),
}


def jsonable(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: jsonable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(entry) for entry in value]
    assert value is None or isinstance(value, (str, int)), value
    return value


def main(directory):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, (make, comment) in FILES.items():
        made = make()
        document = {"schema": f"fedsum_{name.replace('/', '_')}", "comment": comment + " " + FORM.strip()}
        document |= made if isinstance(made, dict) else {"cases": made}
        ids = [case["id"] for case in document["cases"]]
        assert len(set(ids)) == len(ids), f"{name}: an id is used twice"
        text = json.dumps(jsonable(document), indent=1, ensure_ascii=True) + "\n"
        path = directory / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
        print(f"{name}.json: {len(ids)} cases, {len(text)} bytes")
    (directory / "schemas").mkdir(exist_ok=True)
    for name, schema in (schemas.all_schemas() | schemas_paillier.all_schemas()).items():
        text = json.dumps(schema, indent=1, ensure_ascii=True) + "\n"
        (directory / "schemas" / f"{name}.schema.json").write_bytes(text.encode())


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python3 generate.py OUTDIR")
    main(sys.argv[1])

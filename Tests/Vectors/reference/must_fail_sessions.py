# SPDX-License-Identifier: Apache-2.0
"""Parameters that make no session."""

import ed25519
import peers
import secagg
import shamir
from cases_arithmetic import invalid, key_for
from cases_wire import make_context


def sessions():
    """Parameters that make no session; `error` is why."""
    cases = []
    context = make_context("must fail session")

    def case(name, error, scheme, bits, contributors, helpers, threshold, minimum=2, dimension=3):
        given = {
            "id": name, "scheme": scheme, "bits": bits, "dimension": dimension, "minimumContributors": minimum,
            "threshold": threshold, "contributors": contributors, "helpers": helpers,
        }
        keys = [bytes(32)] * len(helpers), [bytes(32)] * len(contributors)

        def make():
            if scheme == "shamir":
                shamir.make_session(bits, dimension, minimum, threshold, contributors, helpers, *keys, context)
            else:
                peers.make_session(bits, dimension, minimum, threshold, contributors, context)

        cases.append(invalid(given, error, make))

    def masking(name, error, scheme, count, threshold, threat=0, neighbors=None, identities=None, minimum=2):
        """identities: how many contributors have an enrolled key; None: they have no list of keys."""
        contributors, enrolled = list(range(1, count + 1)), None
        if identities is not None:
            enrolled = [ed25519.public_key(key_for(f"identity {u}")) for u in contributors[:identities]]
        given = {
            "id": name, "scheme": scheme, "bits": 16, "dimension": 3, "minimumContributors": minimum, "threshold": threshold,
            "contributors": contributors, "helpers": [100], "threat": threat, "identityKeys": enrolled,
        }
        given |= {} if scheme == "secagg" else {"neighbors": neighbors}
        cases.append(invalid(given, error, lambda: secagg.make_session(
            scheme, 16, 3, minimum, threshold, threat, neighbors, contributors, enrolled or [], 100, context
        )))

    four, helpers = [1, 2, 3, 4], [100, 101, 102, 103, 104]
    for aggregators, threshold in [(2, 0), (2, 1), (2, 3), (3, 1), (3, 4), (4, 2), (4, 5)]:
        case(f"shamir-{threshold}-of-{aggregators}", "threshold-out-of-range", "shamir", 16, four,
             helpers[: aggregators + 1], threshold)
    for aggregators in [0, 1]:
        case(f"shamir-{aggregators}-aggregators", "too-few-aggregators", "shamir", 16, four,
             helpers[: aggregators + 1], 1)
    for bits in [60, 61, 64]:
        case(f"shamir-four-contributors-{bits}", "capacity-above-61-bits", "shamir", bits, four, helpers, 3)
        case(f"peer-to-peer-four-{bits}", "capacity-above-61-bits", "peer-to-peer", bits, four, [], 3)
    for aggregators in [7, 8]:
        case(f"shamir-{aggregators}-aggregators-mod-7", "abscissa-not-below-prime", "shamir", 1, [1, 2, 3],
             list(range(100, 101 + aggregators)), aggregators)
    for count, threshold in [(3, 0), (3, 1), (3, 4), (4, 2), (4, 5), (5, 2), (12, 6)]:
        case(f"peer-to-peer-{threshold}-of-{count}", "threshold-out-of-range", "peer-to-peer", 16,
             list(range(1, count + 1)), [], threshold)
        masking(f"secagg-{threshold}-of-{count}", "threshold-out-of-range", "secagg", count, threshold)
    for threat in [1, 2]:
        masking(f"secagg-2-of-4-threat-{threat}", "threshold-out-of-range", "secagg", 4, 2, threat, identities=4)
    for threat in [0, 1, 2]:
        # Of four neighbors three are the fewest, two where the server is curious.
        for threshold in [0, 1, 5, 12] if threat == 0 else [0, 2, 5, 12]:
            masking(f"secagg-plus-{threshold}-of-4-neighbors-threat-{threat}", "threshold-out-of-range", "secagg+", 12, threshold,
                    threat, 4, 12)
    for neighbors in [0, 1, 3, 5, 9, 11, 12, 13, 2**32 - 2]:
        masking(f"secagg-plus-{neighbors}-neighbors-of-12", "neighbors-out-of-range", "secagg+", 12, 8, 0, neighbors)
    for count, neighbors in [(3, 2), (5, 4), (11, 10)]:
        masking(f"secagg-plus-{neighbors}-neighbors-of-{count}", "neighbors-out-of-range", "secagg+", count, neighbors, 0, neighbors)
    for threat in [1, 2]:
        masking(f"secagg-plus-odd-neighbors-threat-{threat}", "neighbors-out-of-range", "secagg+", 12, 4, threat, 5, 12)
    for scheme, neighbors, threshold in [("secagg", None, 5), ("secagg+", 4, 3)]:
        name = scheme.replace("+", "-plus")
        for what, identities in [("no-identities", None), ("empty-identities", 0), ("one-identity-missing", 7)]:
            masking(f"{name}-{what}", "missing-identity", scheme, 8, threshold, 2, neighbors, identities)
    return cases

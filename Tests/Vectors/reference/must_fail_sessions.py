# SPDX-License-Identifier: Apache-2.0
"""Parameters that make no session."""

import peers
import secagg
import shamir
from cases_arithmetic import invalid
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
            elif scheme == "peer-to-peer":
                peers.make_session(bits, dimension, minimum, threshold, contributors, context)
            else:
                secagg.make_session(bits, dimension, minimum, threshold, contributors, helpers[0], context)

        cases.append(invalid(given, error, make))

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
        case(f"secagg-{threshold}-of-{count}", "threshold-out-of-range", "secagg", 16,
             list(range(1, count + 1)), [100], threshold)
    return cases

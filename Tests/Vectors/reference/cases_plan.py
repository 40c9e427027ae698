# SPDX-License-Identifier: Apache-2.0
"""Vectors of the plans for secagg+."""

import plan
from primitives import Refused

# clients, percent that collude, percent that are lost, threat, and where it is published the answer of
# google-parfait/federated-compute, fcp/secagg/server/graph_parameter_finder_test.cc (commit de83f70).
CASES = [
    (100, 45, 45, "curious", (92, 46)), (10, 33, 33, "curious", (8, 4)), (100, 33, 33, "curious", (68, 34)),
    (1000, 33, 33, "curious", (286, 150)), (100, 30, 30, "semi-malicious", (92, 62)),
    (100, 5, 33, "curious", (28, 6)), (10000, 5, 33, "curious", (86, 29)),
    (10, 5, 33, "semi-malicious", (8, 5)), (100, 5, 33, "semi-malicious", (72, 39)),
    (1000, 5, 33, "semi-malicious", (398, 223)), (10000, 33, 5, "curious", (92, 70)),
    (100, 33, 5, "semi-malicious", (42, 37)), (10000, 33, 5, "semi-malicious", (178, 146)),
    (10, 5, 5, "curious", (2, 2)), (1000000, 5, 5, "curious", (38, 22)), (100, 5, 5, "semi-malicious", (16, 11)),
    (10000, 5, 5, "semi-malicious", (62, 44)), (1000000, 5, 5, "semi-malicious", (74, 52)),
    (1000, 33, 0, "semi-malicious", (38, 37)), (1000000, 33, 0, "semi-malicious", (50, 49)),
    (10, 0, 33, "curious", (4, 2)), (1000, 0, 33, "semi-malicious", (228, 115)), (1000, 0, 0, "active", (2, 2)),
    (100, 10, 10, "curious", None), (100, 10, 10, "semi-malicious", None), (1000, 10, 10, "active", None),
    (10000, 10, 10, "semi-malicious", None), (100000, 10, 10, "active", None), (100, 29, 7, "active", None),
    (101, 10, 10, "semi-malicious", None), (257, 20, 10, "semi-malicious", None), (16, 10, 10, "active", None),
    (4, 25, 0, "curious", None), (5, 0, 0, "active", None), (1000, 33, 10, "semi-malicious", None),
    (2000, 20, 0, "semi-malicious", None), (100, 33, 33, "semi-malicious", None), (100, 50, 50, "curious", None),
    (10, 40, 40, "semi-malicious", None), (6, 50, 0, "semi-malicious", None), (4, 75, 50, "active", None),
]


def plans():
    cases = []
    for n, a, d, threat, published in CASES:
        case = {"clients": n, "adversaryPercent": a, "dropoutPercent": d, "threat": threat}
        counts = (n, n * a // 100, n * d // 100, threat)
        name, complete = f"n-{n}-a-{a}-d-{d}-{threat}", plan.complete_graph_threshold(*counts)
        try:
            found = plan.Plan(*counts)
        except Refused as reason:
            assert published is None, name
            cases.append({
                "id": name, "result": "invalid", "error": str(reason), **case, "completeGraphThreshold": complete,
            })
            continue
        assert published in (None, (found.neighbors, found.threshold)), (name, found.neighbors, found.threshold)
        cases.append({
            "id": name, "result": "valid", **case, "neighbors": found.neighbors, "threshold": found.threshold,
            "minimumContributors": found.minimum, "cutFloor": found.cut_floor, "completeGraphThreshold": complete,
            "log2Probabilities": found.probabilities(),
        })
    return cases

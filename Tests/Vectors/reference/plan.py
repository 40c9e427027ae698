# SPDX-License-Identifier: Apache-2.0
"""Neighbors and threshold of secagg+, in integers alone: every tail is a count of subsets, divided by C(N, k).

The bounds are those of google-parfait/federated-compute, fcp/secagg/server/graph_parameter_finder.cc, and two of our own;
PairwiseMasking.docc/ChoosingNeighbors.md says what each is for.
"""

from decimal import Decimal, localcontext
from math import comb

from primitives import Refused

THREATS = ("curious", "semi-malicious", "active")


def subsets(population, marked, draws, least):
    """How many of the C(population, draws) subsets have at least `least` marked members."""
    low, high = max(least, 0, draws + marked - population), min(draws, marked)
    if low > high:
        return 0
    term = total = comb(marked, low) * comb(population - marked, draws - low)
    for x in range(low, high):
        term = term * (marked - x) * (draws - x) // ((x + 1) * (population - marked - draws + x + 1))
        total += term
    return total


def quantile(population, marked, draws, bits):
    """The largest x such that Pr[X >= x] >= 2^-bits / population."""
    whole, least = comb(population, draws), max(0, draws + marked - population)
    x = min(draws, marked)
    term, total = comb(marked, x) * comb(population - marked, draws - x), 0
    while True:
        total += term
        if x == least or (total * population << bits) >= whole:
            return x
        term = term * x * (population - marked - draws + x) // ((marked - x + 1) * (draws - x + 1))
        x -= 1


def log2(numerator, denominator):
    """Nine digits after the point, or None for 0."""
    if numerator == 0:
        return None
    with localcontext() as context:
        context.prec = 60
        exact = (Decimal(numerator) / Decimal(denominator)).ln() / Decimal(2).ln()
        return str(exact.quantize(Decimal("0.000000001")))


def is_below(numerator, denominator, bits):
    return numerator << bits < denominator


class Plan:
    def __init__(self, clients, adversaries, dropouts, threat, security=40, failure=20):
        self.clients, self.adversaries, self.dropouts = clients, adversaries, dropouts
        self.lying, self.security, self.failure = threat != "curious", security, failure
        for k in range(2, clients - 1, 2):
            if self.try_neighbors(k):
                return
        raise Refused("no-neighbors")

    def disconnected(self, k):
        """Over the pairs of runs that do not touch, all of whose clients are gone."""
        bad = min(self.clients, self.adversaries + self.dropouts)
        return self.clients * (self.clients - k - 1) * comb(bad, k), 2 * comb(self.clients, k)

    def cuts(self, k, marked, least):
        """Over all pairs of disjoint runs."""
        pairs = self.clients * (self.clients - k + 1)
        return pairs * subsets(self.clients, marked, k, least), 2 * comb(self.clients, k)

    def try_neighbors(self, k):
        n = self.clients
        if not is_below(*self.disconnected(k), self.security + 1):
            return False
        corrupt = quantile(n, self.adversaries, k, self.security + 1)
        least = ((corrupt + k) // 2 if self.lying else corrupt) + 1
        if least > k - quantile(n, self.dropouts, k, self.failure):
            return False
        t = max(least, 2)
        cut_floor = -((k - 3 * t) // 2)
        minimum = 3
        if self.lying:
            if not is_below(*self.cuts(k, self.adversaries, cut_floor), self.security + 1):
                minimum = max(3, n - self.dropouts)
            asked = max(cut_floor, k - (n - minimum))
            if not is_below(*self.cuts(k, self.adversaries, asked), self.security + 1):
                return False
            if not is_below(*self.cuts(k, self.dropouts, k - cut_floor + 1), self.failure):
                return False
        self.neighbors, self.threshold, self.minimum = k, t, minimum
        self.cut_floor = cut_floor if self.lying else None
        return True

    def probabilities(self):
        """log2 of each bound on what luck could do; null where it cannot happen, or where nobody asks."""
        n, k, t, whole = self.clients, self.neighbors, self.threshold, comb(self.clients, self.neighbors)
        out = {
            "disconnected": log2(*self.disconnected(k)),
            "exposed": log2(n * subsets(n, self.adversaries, k, 2 * t - k if self.lying else t), whole),
            "stranded": log2(n * subsets(n, self.dropouts, k, k - t + 1), whole),
            "hiddenCut": None, "brokenCircle": None, "falseStatement": None,
        }
        if self.lying:
            asked = max(self.cut_floor, k - (n - self.minimum))
            out["hiddenCut"] = log2(*self.cuts(k, self.adversaries, asked))
            out["brokenCircle"] = log2(*self.cuts(k, self.dropouts, k - self.cut_floor + 1))
            out["falseStatement"] = log2(subsets(n, (n + self.adversaries) // 2, k, t), whole)
        return out


def complete_graph_threshold(clients, adversaries, dropouts, threat):
    """The least one, or None if fewer clients may be left."""
    t = 1
    while not (2 * t > clients and (t > adversaries if threat == "curious" else 2 * t > clients + adversaries)):
        t += 1
    return t if t <= clients - dropouts else None

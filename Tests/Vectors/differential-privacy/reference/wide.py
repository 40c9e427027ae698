#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accounting values far from the usual parameters, at high precision: python3 wide.py, which needs mpmath.

Independent of the Swift code: definitions and plain numerical integration, no rearrangement. Writes *_wide.json beside the
folder of this file.
"""

import json
from pathlib import Path

from mpmath import erfc, exp, fsum, inf, log, mp, mpf, npdf, sqrt

mp.dps = 40
FOLDER = Path(__file__).resolve().parent.parent


def upper_tail(x):
    return erfc(x / sqrt(mpf(2))) / 2


def text(value):
    return mp.nstr(value, 17)


def write(name, doc, rows):
    document = {"name": name, "doc": doc, "versions": {"mpmath": "1.3.0"}, "params": {}, "rows": rows}
    (FOLDER / f"{name}_wide.json").write_text(json.dumps(document, indent=1) + "\n")


def rdp(q, z, alpha):
    """log E[((1 - q) + q exp((2x - 1)/2z^2))^alpha] / (alpha - 1) over x ~ N(0, z^2)."""
    q, z, alpha = mpf(q), mpf(z), mpf(alpha)

    def integrand(x):
        return npdf(x, 0, z) * ((1 - q) + q * exp((2 * x - 1) / (2 * z * z))) ** alpha

    # The trapezoid rule, for an integrand that is analytic up to |Im x| < pi z^2.
    low, high = -13 * z, max(alpha, 2) + 13 * z
    step = min(z / 3, mpf("0.3") * z * z)
    count = int((high - low) / step) + 1
    value = step * fsum(integrand(low + step * k) for k in range(count + 1))
    return log(value) / (alpha - 1)


def gdp_delta(mu, epsilon):
    return upper_tail(epsilon / mu - mu / 2) - exp(epsilon) * upper_tail(epsilon / mu + mu / 2)


def bisect(function, low, high):
    """The zero of a decreasing function."""
    for _ in range(130):
        middle = (low + high) / 2
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def single_step_delta(q, z, epsilon):
    """The larger one of both directions, for one sampled step."""
    def outcome(loss):
        weight = (exp(loss) - 1 + q) / q
        return z * z * log(weight) + mpf(1) / 2 if weight > 0 else -inf

    x = outcome(epsilon)
    removing = (1 - q) * upper_tail(x / z) + q * upper_tail((x - 1) / z) - exp(epsilon) * upper_tail(x / z)
    x = outcome(-epsilon)
    if x == -inf:
        return removing
    lower0, lower1 = 1 - upper_tail(x / z), 1 - upper_tail((x - 1) / z)
    adding = lower0 - exp(epsilon) * ((1 - q) * lower0 + q * lower1)
    return max(removing, adding)


def main():
    rows = []
    for q, z, alpha in [
        ("1e-6", "0.3", "1.01"), ("1e-6", "1", "1.5"), ("1e-5", "5", "2.5"), ("1e-4", "0.4", "7.7"), ("0.3", "0.25", "3.3"),
        ("0.9", "0.7", "1.001"), ("0.999", "2", "10.9"), ("0.5", "50", "9.7"), ("0.01", "20", "1.1"), ("0.2", "100", "33.5"),
        ("0.05", "1.5", "200.5"), ("1e-3", "0.2", "2.2"), ("0.7", "0.3", "64.25"), ("1e-8", "1", "4.5"),
    ]:
        rows.append({"q": float(q), "noise_multiplier": float(z), "alpha": float(alpha),
                     "rdp": text(rdp(float(q), float(z), float(alpha)))})
    for q, z, alpha in [(1e-6, 0.3, 2), (0.999, 3, 5), (0.3, 0.2, 40), (0.01, 30, 1024), (1e-8, 2, 3)]:
        # Integer orders: the binomial sum.
        total = mpf(0)
        for k in range(alpha + 1):
            total += mp.binomial(alpha, k) * (1 - mpf(q)) ** (alpha - k) * mpf(q) ** k * exp(
                mpf(k) * (k - 1) / (2 * mpf(z) ** 2))
        rows.append({"q": q, "noise_multiplier": z, "alpha": alpha, "rdp": text(log(total) / (alpha - 1))})
    write("rdp_points", "RDP of one Poisson-sampled Gaussian step, by 40-digit trapezoid sums or the binomial sum.", rows)

    rows = []
    for mu, epsilon in [
        ("1e-4", "0"), ("1e-4", "1e-4"), ("1e-3", "0.01"), ("0.02", "0.001"), ("0.02", "1"), ("0.049", "0.2"), ("0.051", "0.26"),
        ("0.3", "3"), ("3", "1e-3"), ("3", "60"), ("10", "0.1"), ("10", "49"), ("10", "200"), ("20", "180"), ("30", "1000"),
    ]:
        rows.append({"mu": mu, "epsilon": epsilon, "delta": text(gdp_delta(mpf(mu), mpf(epsilon)))})
    write("gdp_dual", "delta of mu-GDP at epsilon, 40 digits.", rows)

    rows = []
    for epsilon, delta in [
        ("1e-4", "1e-5"), ("0.001", "1e-12"), ("0.01", "0.1"), ("0", "1e-3"), ("0.05", "1e-30"), ("5", "1e-100"), ("20", "1e-9"),
        ("100", "1e-5"), ("3", "0.5"), ("1000", "1e-6"),
    ]:
        epsilon_, delta_ = mpf(epsilon), mpf(float(delta))
        epsilon_ = mpf(float(epsilon))
        sigma = exp(bisect(lambda s: gdp_delta(exp(-s), epsilon_) - delta_, mpf(-6), mpf(16)))
        rows.append({"epsilon": epsilon, "delta": delta, "l2_sensitivity": "1", "sigma_analytic": text(sigma),
                     "mu": text(1 / sigma)})
    write("analytic_gaussian", "Smallest sigma by 130 bisections at 40 digits.", rows)

    rows = []
    for q, z, delta in [
        (0.01, 1.0, 1e-5), (0.5, 1.0, 1e-5), (0.9, 0.6, 1e-3), (0.1, 0.5, 1e-9), (0.001, 2.0, 1e-6), (0.3, 10.0, 1e-4),
        (0.99, 3.0, 1e-12), (0.2, 0.4, 1e-2), (0.05, 0.3, 1e-6), (1e-4, 0.7, 1e-8), (0.6, 30.0, 1e-3),
    ]:
        epsilon = bisect(lambda e: single_step_delta(mpf(q), mpf(z), e) - mpf(delta), mpf(0), mpf(200))
        rows.append({"q": q, "noise_multiplier": z, "delta": delta, "epsilon": text(epsilon)})
    write("sampled_gaussian_step", "epsilon of one Poisson-sampled Gaussian step, from the closed form of delta.", rows)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws Gaussian noise with OpenDP (exact, on the integers) and numpy (in doubles), and prints samples a second as JSON.

Run by `run noise`. Every result is checked: mean and variance within seven standard errors.
"""

import argparse
import json
import math
import time

import numpy
import opendp.prelude as dp
from importlib.metadata import version


def checked(name, values, sigma):
    values = numpy.asarray(values, dtype=float) / sigma
    n = len(values)
    right = abs(values.mean()) < 7 / math.sqrt(n) and abs((values**2).mean() - 1) < 7 * math.sqrt(2 / n)
    if not right:
        raise SystemExit(f"{name} gave a wrong result for sigma {sigma}")


def rate(name, draw, count, sigma, repeats):
    """The most samples a CPU second of several repeats."""
    least = math.inf
    for _ in range(repeats):
        begin = time.process_time()
        values = draw(count)
        least = min(least, time.process_time() - begin)
    checked(name, values, sigma)
    return count / least


def opendp_mechanism(sigma, count):
    space = dp.vector_domain(dp.atom_domain(T="i64"), size=count), dp.l2_distance(T="i64")
    return dp.m.make_gaussian(*space, scale=float(sigma))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sigma", type=int, required=True)
    parser.add_argument("--opendp-samples", type=int, default=50_000)
    parser.add_argument("--numpy-samples", type=int, default=1 << 20)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    dp.enable_features("contrib")
    mechanism = opendp_mechanism(given.sigma, given.opendp_samples)
    zeros = [0] * given.opendp_samples
    generator = numpy.random.default_rng()
    result = {
        "sigma": given.sigma,
        "opendp": rate("opendp", lambda _: mechanism(zeros), given.opendp_samples, given.sigma, given.repeats),
        "numpy": rate(
            "numpy", lambda n: generator.normal(0, given.sigma, n), given.numpy_samples, given.sigma, given.repeats
        ),
        "versions": {name: version(name) for name in ["opendp", "numpy"]},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

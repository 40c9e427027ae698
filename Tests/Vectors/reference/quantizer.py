# SPDX-License-Identifier: Apache-2.0
"""The stochastic fixed-point quantizer: q bits, clip C, IEEE doubles in exactly this order of operations."""

import math

from primitives import Refused


class NotFinite(Refused):
    def __init__(self, coordinate):
        super().__init__("not-finite")
        self.coordinate = coordinate


def encode(values, bits, clip, generator):
    """Returns the integers and the number of clipped coordinates."""
    for coordinate, x in enumerate(values):
        if not math.isfinite(x):
            raise NotFinite(coordinate)
    top = float(2**bits - 1)
    factor = top / (2.0 * clip)
    out, clipped = [], 0
    for x in values:
        if x < -clip or x > clip:
            clipped += 1
        x = min(max(x, -clip), clip)
        y = min((x + clip) * factor, top)
        f = math.floor(y)
        t = (y - float(f)) * 4294967296.0
        ti = math.floor(t)
        r = generator.word32()
        if r != ti:
            out.append(f + (1 if r < ti else 0))
        else:
            r2 = generator.word32()
            out.append(f + (1 if r2 < math.floor((t - float(ti)) * 4294967296.0) else 0))
    return out, clipped


def encode_weighted(values, weight, maximum_weight, bits, clip, generator):
    """The contributed vector [w, w * X_0, ...] as plain integers, and the number of clipped coordinates."""
    if not 0 <= weight <= maximum_weight:
        raise Refused("weight-out-of-range")
    encoded, clipped = encode(values, bits, clip, generator)
    return [weight] + [weight * e for e in encoded], clipped


def decode_mean(sums, contributors, bits, clip):
    step = 2.0 * clip / float(2**bits - 1)
    return [float(s) / float(contributors) * step - clip for s in sums]


def decode_weighted_mean(sums, bits, clip):
    """sums[0] is the sum of the weights."""
    if sums[0] == 0:
        raise Refused("zero-weight")
    step = 2.0 * clip / float(2**bits - 1)
    return [float(s) / float(sums[0]) * step - clip for s in sums[1:]]

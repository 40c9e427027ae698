# SPDX-License-Identifier: Apache-2.0
"""The plain scheme: the server sees every vector. It is the baseline of every other scheme."""

import wire
from rings import add
from transcript import RoundAborted, Transcript


def run(session, server, minimum_contributors, inputs, lost, log=None):
    """inputs: id -> vector; lost: the ids that send nothing. Returns (transcript, who is in the sum, the sum)."""
    log = log or Transcript(session)
    for u in session.contributors:
        if u not in lost:
            log.send(0, u, server, 0x10, {"elements": inputs[u]})
    arrived = log.received(0, server)
    if len(arrived) < minimum_contributors:
        raise RoundAborted(0, server, log)
    total = [0] * session.dimension
    for body in arrived.values():
        total = add(session.bits, total, body["elements"])
    return log, sorted(arrived), total


def make_session(bits, dimension, minimum_contributors, contributors, server, context):
    parameters = wire.plain_parameters(bits, dimension, minimum_contributors)
    return wire.Session("plain", bits, dimension, parameters, contributors, [server], context)

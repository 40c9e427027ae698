# SPDX-License-Identifier: Apache-2.0
"""One round of Flower's SecAgg+ in one process: its own client mod, its own server workflow, no network.

Run by `Benchmarks/Peers/run flower` inside a virtual environment that has flwr; prints one JSON document.

What is ours here is only what lies between the two: a grid that takes every message through Flower's serialization to
bytes and back and hands it to the mod of the client, and a strategy that passes the sum on. Both are charged to nobody,
nor is making the vectors. So the figures are Flower's computation alone, and flatter it a little: its serialization to
protobuf is not in them, whereas our encoding and decoding is in ours.
"""

import argparse
import json
import logging
import sys
import time
from importlib.metadata import version

import numpy as np
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.common import Code, FitIns, FitRes, Parameters, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_CONFIGS, Key
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.compat.common import recorddict_compat as compat
from flwr.proto.recorddict_pb2 import RecordDict as RecordDictProto
from flwr.server.client_proxy import ClientProxy
from flwr.server.compat.legacy_context import LegacyContext
from flwr.server.workflow import SecAggPlusWorkflow
from flwr.server.workflow.constant import MAIN_CONFIGS_RECORD, MAIN_PARAMS_RECORD
from flwr.server.workflow.constant import Key as WorkflowKey
from flwr.supercore.task_identity import TaskIdentity

# Flower's defaults, written out because the check of its result needs them.
CLIPPING_RANGE = 8.0
QUANTIZATION_RANGE = 1 << 22
MODULUS_RANGE = 1 << 32
MAX_WEIGHT = 1000.0


def arguments():
    parser = argparse.ArgumentParser(description="One round of Flower's SecAgg+, measured and checked.")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--dimension", type=int, default=100_000)
    parser.add_argument("--dropouts", type=int, default=10)
    parser.add_argument("--shares", type=int, default=21, help="odd: an even number makes every client of 1.41 fail")
    parser.add_argument("--threshold", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Clients:
    """Vectors that are cheap to make and different from one another, and the weights that Flower multiplies them by."""

    def __init__(self, options):
        generator = np.random.default_rng(options.seed)
        self.pattern = generator.normal(0, 0.1, options.dimension).astype(np.float32)
        self.shifts = {i: np.float32(x) for i, x in enumerate(generator.normal(0, 0.1, options.clients), 1)}
        self.weights = {i: int(w) for i, w in enumerate(generator.integers(100, 1000, options.clients), 1)}
        self.lost = set(generator.choice(options.clients, options.dropouts, replace=False) + 1)

    def vector(self, node):
        return self.pattern + self.shifts[node]

    def mean(self, nodes):
        """The true weighted mean in double precision, with the weights as Flower rounds them."""
        ratios = {i: round(self.weights[i] / MAX_WEIGHT * QUANTIZATION_RANGE) / QUANTIZATION_RANGE for i in nodes}
        total = sum(ratios.values())
        mean = np.zeros(len(self.pattern))
        for node, ratio in ratios.items():
            mean += self.vector(node).astype(np.float64) * (ratio / total)
        return mean, total


class Proxy(ClientProxy):
    """Carries a node id; Flower talks to the node through the grid."""

    def __init__(self, node):
        super().__init__(str(node))
        self.node_id = node

    def _never(self, *_):
        raise AssertionError("the workflow talks to nodes through the grid only")

    get_properties = get_parameters = fit = evaluate = reconnect = _never


class Strategy:
    """Selects every client, and takes the sum as the workflow made it."""

    def __init__(self, nodes):
        self.nodes = nodes
        self.result = None
        self.charged_elsewhere = 0.0

    def configure_fit(self, _round, _parameters, _manager):
        # No model is sent out: that costs the same under every scheme, and is no part of this.
        return [(Proxy(node), FitIns(Parameters([], "numpy.ndarray"), {})) for node in self.nodes]

    def aggregate_fit(self, _round, results, failures):
        assert not failures, failures
        self.result = results[0][1].parameters
        return None, {}


class Grid:
    """Takes messages to clients and back, as bytes, and keeps the accounts."""

    def __init__(self, clients, nodes):
        self.clients = clients
        self.states = {node: Context(0, node, {}, RecordDict(), {}) for node in nodes}
        self.client_seconds = {}
        self.upload_bytes = {}
        self.vector_bytes = 0
        self.seconds_inside = 0.0

    def send_and_receive(self, messages, *, timeout=None):
        start = time.process_time()
        replies = [reply for message in messages if (reply := self.answer(message))]
        self.seconds_inside += time.process_time() - start
        return replies

    def answer(self, message):
        node = message.metadata.dst_node_id
        content, _ = self.carry(message.content)
        stage = content.config_records[RECORD_KEY_CONFIGS][Key.STAGE]
        if stage == "collect_masked_vectors" and node in self.clients.lost:
            return None
        received = Message(content, dst_node_id=node, message_type=message.metadata.message_type, group_id="1")
        training = 0.0

        def train(request, _context):
            nonlocal training
            begin = time.process_time()
            result = FitRes(
                Status(Code.OK, ""), ndarrays_to_parameters([self.clients.vector(node)]), self.clients.weights[node], {}
            )
            reply = Message(compat.fitres_to_recorddict(result, False), reply_to=request)
            training = time.process_time() - begin
            return reply

        begin = time.process_time()
        reply = secaggplus_mod(received, self.states[node], train)
        seconds = time.process_time() - begin - training
        self.client_seconds[stage] = self.client_seconds.get(stage, 0.0) + seconds
        content, size = self.carry(reply.content)
        self.upload_bytes[stage] = self.upload_bytes.get(stage, 0) + size
        if stage == "collect_masked_vectors":
            vectors = reply.content.config_records[RECORD_KEY_CONFIGS][Key.MASKED_PARAMETERS]
            self.vector_bytes += sum(map(len, vectors))
        return Message(content, reply_to=received)

    @staticmethod
    def carry(content):
        """Through bytes, so that no two parties share an object; and how many bytes."""
        data = recorddict_to_proto(content).SerializeToString()
        return recorddict_from_proto(RecordDictProto.FromString(data)), len(data)


def main():
    options = arguments()
    logging.getLogger("flwr").setLevel(logging.ERROR)
    # Who makes a message, which Flower asks of the process.
    TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 0, 0
    nodes = list(range(1, options.clients + 1))
    clients = Clients(options)
    grid, strategy = Grid(clients, nodes), Strategy(nodes)
    context = LegacyContext(Context(0, 0, {}, RecordDict(), {}), strategy=strategy)
    context.state.config_records[MAIN_CONFIGS_RECORD] = ConfigRecord({WorkflowKey.CURRENT_ROUND: 1})
    context.state.array_records[MAIN_PARAMS_RECORD] = compat.parameters_to_arrayrecord(
        Parameters([], "numpy.ndarray"), True
    )
    workflow = SecAggPlusWorkflow(
        options.shares, options.threshold, max_weight=MAX_WEIGHT, clipping_range=CLIPPING_RANGE,
        quantization_range=QUANTIZATION_RANGE, modulus_range=MODULUS_RANGE,
    )

    server_seconds = {}

    def timed(name):
        stage = getattr(workflow, name + "_stage")

        def run(*parameters):
            inside, start = grid.seconds_inside, time.process_time()
            done = stage(*parameters)
            server_seconds[name] = time.process_time() - start - (grid.seconds_inside - inside)
            return done

        setattr(workflow, name + "_stage", run)

    for name in ("setup", "share_keys", "collect_masked_vectors", "unmask"):
        timed(name)
    workflow(grid, context)
    if strategy.result is None:
        sys.exit("flower: the workflow halted without a result")

    (result,) = parameters_to_ndarrays(strategy.result)
    survivors = [node for node in nodes if node not in clients.lost]
    mean, total = clients.mean(survivors)
    error = float(np.abs(result - mean).max())
    # Stochastic rounding moves each client's value by less than a step; the workflow decodes the sum of the integers
    # and divides by the sum of the weights. The last term is single precision's.
    step = 2 * CLIPPING_RANGE / (QUANTIZATION_RANGE - 1)
    bound = len(survivors) * step / total + float(np.abs(mean).max()) * 2.0**-20
    wrong = float(np.abs(clients.mean(nodes)[0] - mean).max())
    print(
        json.dumps(
            {
                "peer": f"flwr {version('flwr')}",
                "clients": options.clients, "dimension": options.dimension, "dropouts": options.dropouts,
                "shares": options.shares, "threshold": options.threshold,
                # Means over the clients that were there at the stage's beginning, as in `fedsum bench`.
                "client_cpu_seconds": {k: v / options.clients for k, v in grid.client_seconds.items()},
                "server_cpu_seconds": server_seconds,
                "upload_bytes_per_client": sum(grid.upload_bytes.values()) / options.clients,
                "vector_bytes_per_parameter": grid.vector_bytes / len(survivors) / options.dimension,
                "max_error": error, "error_bound": bound, "error_of_mean_with_the_lost": wrong,
                "correct": error <= bound < wrong,
            }
        )
    )


if __name__ == "__main__":
    main()

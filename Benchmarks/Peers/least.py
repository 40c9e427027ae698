# SPDX-License-Identifier: Apache-2.0
"""The least CPU time of several repeats, an operation."""

import gc
import time


def least(work, operations, repeats):
    """(seconds an operation, what the work gives); one more run before the clock starts."""
    result, best = work(), float("inf")
    gc.disable()
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    gc.enable()
    return best / operations, result

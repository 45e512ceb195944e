"""What all contenders share: their arguments, the scheme's figures, and how a piece of work is measured."""

import argparse
import json
import resource
import time

# The scheme of ../pack, in fen; rates in hundredths. The equality check holds these figures against the pack.
DEDUCTIBLES = [100_000, 50_000, 30_000]
BANDS = [(0, 80), (1_000_000, 85), (5_000_000, 90)]
CEILING = 15_000_000

# What a contender writes, money in fen.
COLUMNS = ["setl_id", "act_pay_dedc", "pool_base_amt", "hifp_pay", "psn_part_amt"]


def arguments(tasks):
    """Task, claims, where to write, threads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=tasks)
    parser.add_argument("--claims", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def cpu_seconds():
    """User and system seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Work:
    """Begins when the contender's libraries are there; what came before is its start-up."""

    def __init__(self):
        self.startup_cpu_seconds = cpu_seconds()
        self.begun = time.monotonic()

    def done(self, **found):
        """Says on standard output how long it took and what was found."""
        seconds = time.monotonic() - self.begun
        print(json.dumps({"seconds": seconds, "startup_cpu_seconds": self.startup_cpu_seconds, **found}))


def marginal(amount, greatest):
    """Hundredths of fen paid of an amount from 0 on, band by band; `greatest(a, b)` is the library's own."""
    paid, rate_before = 0, 0
    for from_amount, rate in BANDS:
        paid = paid + (rate - rate_before) * greatest(amount - from_amount, 0)
        rate_before = rate
    return paid

#!/usr/bin/env python3
"""What this machine can do, beside one run of the whole job.

usage: benches/peers/machine.py [--rows N] [--threads N] [--json]"""

import argparse
import json
import sys

# Bytecode would name the folders of whoever ran this.
sys.dont_write_bytecode = True

import limits
from harness import PACK, build, claims, machine, measure, python, warm


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3_000_000, help="settlements (default: 3,000,000)")
    parser.add_argument("--threads", type=int, default=2, help="threads (default: 2)")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    asked = parser.parse_args()
    on, inside, programs = machine(), python(), build()
    path, _ = claims(asked.rows, inside, programs["tongchou"])
    out = path.parent / "results" / "run"
    command = [programs["tongchou"], "run", "--json", "--quiet", "--rules", PACK, "--claims", path, "--overwrite"]
    warm(path)
    seconds = measure([*command, "--threads", asked.threads, "--out", out])["wall_seconds"]
    found = limits.measured(programs["limits"], path, out / "adjudicated.parquet", asked.threads)
    if asked.json:
        print(json.dumps({"machine": on, "job_seconds": seconds, "limits": found}, indent=1))
    else:
        print(limits.table(found, seconds))


main()

#!/usr/bin/env python3
"""tongchou beside DuckDB, Polars, pandas and OpenFisca-core on the same claims, every row compared.

usage: benches/peers/compare.py [--rows N] [--rounds N] [--threads N] [--out FOLDER]

Needs Python 3.11 and cargo; everything else is installed into a cache. See README.md beside this file."""

import argparse
import datetime
import json
import subprocess
import sys
from pathlib import Path

# Bytecode would name the folders of whoever ran this.
sys.dont_write_bytecode = True

import limits
from harness import HERE, PACK, REPOSITORY, build, claims, machine, measure, median, own_peak_mib, python, say
from harness import versions, warm

CONTENDERS = ["duckdb", "polars", "pandas", "openfisca"]
SHOWN = {"duckdb": "DuckDB", "polars": "Polars", "pandas": "pandas", "openfisca": "OpenFisca-core"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3_000_000, help="settlements (default: 3,000,000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each of all contenders in turn (default: 5)")
    parser.add_argument("--threads", type=int, default=2, help="threads of everybody (default: 2)")
    today = datetime.date.today().isoformat()
    default = HERE.parent / "results" / f"{today}_peers"
    parser.add_argument("--out", type=Path, default=default, help="folder of the raw result")
    parser.add_argument("--quote", type=Path, metavar="FILE", help="put the table between the marks of a document, too")
    parser.add_argument("--no-machine", action="store_true", help="leave out what the machine can do")
    return parser.parse_args()


class Bench:
    """Programs, claims, and where results of a round are put."""

    def __init__(self, asked):
        self.threads = asked.threads
        self.python = python()
        self.programs = build()
        self.claims, self.made = claims(asked.rows, self.python, self.programs["tongchou"])
        self.results = self.claims.parent / "results"
        self.results.mkdir(exist_ok=True)
        self.adjudicated = self.results / "run" / "adjudicated.parquet"

    def job(self, threads):
        """The whole job, as a person starts it. All of its process counts."""
        command = [self.programs["tongchou"], "run", "--json", "--quiet", "--rules", PACK, "--claims", self.claims]
        found = measure([*command, "--threads", threads, "--overwrite", "--out", self.adjudicated.parent])
        return {**found, "seconds": found["wall_seconds"], "said": {"rows": found["said"]["balance"]["in"]["rows"]}}

    def fold(self, threads):
        """Read, group, fold, add up: nothing is written. All of its process counts."""
        command = [self.programs["fold"], "--rules", PACK, "--claims", self.claims, "--threads", threads]
        found = measure(command)
        return {**found, "seconds": found["wall_seconds"]}

    def contender(self, name, task):
        """A contender. What counts begins when its libraries are loaded."""
        command = [self.python, HERE / "contenders" / f"with_{name}.py", task, "--claims", self.claims]
        command += ["--out", self.result(name, task), "--threads", self.threads]
        found = measure(command, {"PYTHONDONTWRITEBYTECODE": "1"})
        startup = found["said"].pop("startup_cpu_seconds")
        seconds = found["said"].pop("seconds")
        return {**found, "seconds": seconds, "cpu_seconds": found["cpu_seconds"] - startup}

    def result(self, name, task):
        return self.results / f"{name}_{task}.parquet"

    def round(self):
        """Everything once, in turn."""
        all_threads = self.threads
        found = {"duckdb copy": self.contender("duckdb", "copy"), "tongchou job": self.job(all_threads)}
        found |= {f"{name} write": self.contender(name, "write") for name in CONTENDERS}
        found |= {"tongchou job, one thread": self.job(1)}
        found |= {"tongchou fold": self.fold(all_threads)}
        found |= {f"{name} fold": self.contender(name, "fold") for name in CONTENDERS}
        found |= {"tongchou fold, one thread": self.fold(1)}
        sums = {what: one["said"]["sum_fen"] for what, one in found.items() if "sum_fen" in one["said"]}
        if len(set(sums.values())) != 1:
            sys.exit(f"the sums differ: {sums}")
        return found

    def equal(self):
        """Every row of every contender against the project's; the end where one differs."""
        pairs = [f"{name}={self.result(name, 'write')}" for name in CONTENDERS]
        command = [self.python, HERE / "equal.py", self.adjudicated, *pairs]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"the results differ, or the claims do not reach every part of the scheme\n{done.stdout}")
        return json.loads(done.stdout)


def ratio(rounds, one, other, of="seconds"):
    """One in the other: the median of the rounds, each ratio within its round."""
    return median([found[one][of] / found[other][of] for found in rounds])


def row(rounds, what, shown, ours=None):
    """A line of the table; behind it the project's seconds as a multiple of this one's."""
    middle = {name: median([found[what][name] for found in rounds]) for name in ["seconds", "cpu_seconds", "peak_mib"]}
    multiples = [f"{ratio(rounds, ours, what, of):.2f}" if ours else "" for of in ["seconds", "cpu_seconds"]]
    measured = f"{middle['seconds']:.2f} | {middle['cpu_seconds']:.2f} | {middle['peak_mib']:,.0f}"
    return f"| {shown} | {measured} | {' | '.join(multiples)} |"


def table(told):
    """What docs quote."""
    rounds, threads, made = told["rounds"], told["threads"], told["claims"]
    job, fold = "tongchou job", "tongchou fold"
    own = "**tongchou**"
    lines = [
        f"{made['rows']:,} settlements of {made['persons']:,} persons, {threads} threads, medians of {len(rounds)} rounds.",
        "",
        "| | seconds | CPU seconds | peak MiB | tongchou / it, seconds | CPU seconds |",
        "|---|---|---|---|---|---|",
        "| *copy* | | | | | |",
        row(rounds, "duckdb copy", "DuckDB, a plain copy of the claims", job),
        row(rounds, job, f"{own}, the whole job, 46 columns"),
        "| *adjudicate and write* | | | | | |",
        *[row(rounds, f"{name} write", f"{SHOWN[name]}, 5 columns", job) for name in CONTENDERS],
        row(rounds, job, f"{own}, the whole job, 46 columns"),
        "| *adjudicate and add up, nothing written* | | | | | |",
        *[row(rounds, f"{name} fold", SHOWN[name], fold) for name in CONTENDERS],
        row(rounds, fold, own),
        "| *one thread* | | | | | |",
        row(rounds, f"{job}, one thread", f"{own}, the whole job, 46 columns"),
        row(rounds, f"{fold}, one thread", f"{own}, nothing written"),
        "",
        f"One thread takes {ratio(rounds, f'{job}, one thread', job):.2f} times as long as {threads} for the whole job, and"
        f" {ratio(rounds, f'{fold}, one thread', fold):.2f} times where nothing is written.",
        "",
        compared(told["equal"]),
        "",
        ran_on(told),
    ]
    return "\n".join(lines) + "\n"


def compared(equal):
    """How many rows were compared, and what the claims reach."""
    rows, reached = equal["reached"]["rows"], equal["reached"]
    counts = ", ".join(f"{SHOWN[name]} {found['equal']:,}" for name, found in equal["contenders"].items())
    return (
        f"Rows equal to the project's in every amount, of {rows:,}: {counts}. {reached['above_the_first_band']:,} of them"
        f" are paid above the first band, {reached['within_the_third_band']:,} in the third alone,"
        f" {reached['cut_by_the_ceiling']:,} are cut by the ceiling."
    )


def ran_on(told):
    """Where, and what with; and whether anybody else was there."""
    on, of = told["machine"], told["versions"]
    load = on["load_before"][0]
    busy = f" The machine was busy when it began (load {load}): compare CPU seconds, not seconds." if load > 0.5 else ""
    names = ["duckdb", "polars", "pandas", "pyarrow", "numpy", "openfisca-core", "python"]
    versions_of = ", ".join(f"{name} {of[name]}" for name in names)
    return (
        f"{on['cores']} cores of {on['processor']}, {on['memory_gib']} GiB, {on['system']}; {on['rustc']};"
        f" tongchou {of['tongchou']} ({of['commit']}), {versions_of}.{busy}"
    )


def quote(asked, text):
    """Puts the table into a document, between its marks, with the command and the raw result."""
    begins, ends = "<!-- peers -->\n", "<!-- /peers -->"
    document = asked.quote.read_text()
    if begins not in document or ends not in document:
        sys.exit(f"{asked.quote} has no marks {begins.strip()} and {ends}")
    before, rest = document.split(begins, 1)
    folder = asked.out.resolve()
    result = folder.relative_to(REPOSITORY) if folder.is_relative_to(REPOSITORY) else asked.out
    up = "../" * len(asked.quote.resolve().relative_to(REPOSITORY).parent.parts)
    said = f"`{command(asked)}`, raw result [`{result}`]({up}{result}):\n\n"
    asked.quote.write_text(before + begins + said + text + ends + rest.split(ends, 1)[1])


def command(asked):
    """What was typed, without where results go."""
    return f"benches/peers/compare.py --rows {asked.rows} --rounds {asked.rounds} --threads {asked.threads}"


def main():
    asked = arguments()
    told = {"command": command(asked), "machine": machine()}
    bench = Bench(asked)
    told |= {"versions": versions(bench.python, bench.programs["tongchou"]), "claims": bench.made}
    told |= {"threads": asked.threads, "rounds": []}
    warm(bench.claims)
    for number in range(1, asked.rounds + 1):
        say(f"round {number} of {asked.rounds}")
        told["rounds"].append(bench.round())
        told["equal"] = bench.equal()
    told["harness_peak_mib"] = own_peak_mib()
    text = table(told)
    if not asked.no_machine:
        say("what the machine can do")
        told["limits"] = limits.measured(bench.programs["limits"], bench.claims, bench.adjudicated, asked.threads)
        seconds = median([found["tongchou job"]["seconds"] for found in told["rounds"]])
        text += "\n" + limits.table(told["limits"], seconds)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "peers.json").write_text(json.dumps(told, indent=1) + "\n")
    (asked.out / "peers.md").write_text(text)
    if asked.quote:
        quote(asked, text)
    print(text)


main()

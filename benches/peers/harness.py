"""What is measured with: the programs built, the packages installed, and processes run under watch.

Standard library only, and little of it: a child's peak memory begins with what its parent had resident."""

import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PACK = HERE / "pack"
MIB = 1 << 20
CARGO = os.environ.get("CARGO", "cargo")


def target():
    """Where cargo builds, and where made data are kept."""
    return Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")).resolve()


def say(text):
    """Progress; results alone go to standard output."""
    print(text, file=sys.stderr, flush=True)


def digest(paths):
    """Of what stands in files."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def python():
    """The Python of a virtual environment with the pinned packages, made on first use."""
    pinned = HERE / "requirements.txt"
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tongchou"
    folder = cache / f"peers-{digest([pinned])}"
    inside = folder / "bin" / "python"
    if not (folder / "complete").exists():
        say(f"install {pinned.relative_to(REPOSITORY)}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pinned]
        subprocess.run(install, check=True)
        (folder / "complete").touch()
    return inside


def build():
    """The program as it is shipped, and the benches, by name."""
    say("build")
    command = [CARGO, "bench", "--no-run", "--bench", "fold", "--bench", "limits", "--message-format=json"]
    built = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in built.splitlines() if line.startswith("{")]
    programs = {m["target"]["name"]: Path(m["executable"]) for m in messages if m.get("executable")}
    missing = {"tongchou", "fold", "limits"} - programs.keys()
    if missing:
        sys.exit(f"cargo built no {', '.join(missing)}")
    return programs


def warm(path):
    """Reads a file once, piece by piece, so that the first who is measured does not pay for the disk."""
    with open(path, "rb") as file:
        while file.read(MIB):
            pass


def own_peak_mib():
    """The least a child's peak can be told as."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(command, environment=None):
    """Runs a process to its end: wall and CPU seconds, the most memory it had, what it said."""
    # What the process before wrote is not to be written back under this one.
    os.sync()
    started = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    # A process that fills the pipe of its errors waits for ever; these print a line or two.
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {process.returncode}\n{process.stderr.read()}")
    process.stderr.close()
    process.stdout.close()
    kibibytes = used.ru_maxrss if platform.system() == "Linux" else used.ru_maxrss / 1024
    return {
        "wall_seconds": wall,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": kibibytes / 1024,
        "said": json.loads(said),
    }


def median(values):
    """The value in the middle; of an even number the mean of both."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def machine():
    """What this ran on."""

    def line(path, begins):
        try:
            lines = Path(path).read_text().splitlines()
        except OSError:
            return ""
        return next((one.split(":", 1)[1].strip() for one in lines if one.startswith(begins)), "")

    def said(*command):
        return subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    kibibytes = line("/proc/meminfo", "MemTotal").removesuffix(" kB") or "0"
    return {
        "processor": line("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(kibibytes) / MIB, 1),
        "system": f"{platform.system()} {platform.release()}",
        "rustc": said("rustc", "--version"),
        "cargo": CARGO if CARGO == "cargo" else "not the plain one: this build may not be what is shipped",
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def versions(inside, program):
    """Of everything that is compared."""
    names = [line.split("==")[0] for line in (HERE / "requirements.txt").read_text().split()]
    ask = (
        "import json, platform, sys; from importlib.metadata import version;"
        " print(json.dumps({'python': platform.python_version(), **{name: version(name) for name in sys.argv[1:]}}))"
    )
    said = subprocess.run([inside, "-c", ask, *names], check=True, stdout=subprocess.PIPE, text=True).stdout
    engine = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    git = ["git", "-C", REPOSITORY, "describe", "--always", "--dirty"]
    commit = subprocess.run(git, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    return {"tongchou": engine[-1], "commit": commit or "unknown", **json.loads(said)}


def claims(rows, inside, program):
    """Claims of two years, made on first use: the file, and what it holds."""
    parts = [HERE / "prepare.py", *PACK.glob("*.csv")]
    folder = target() / "peers" / f"{rows}-{digest(parts)}"
    told = folder / "made.json"
    if not told.exists():
        say(f"make {rows} claims")
        folder.mkdir(parents=True, exist_ok=True)
        years = []
        for year in ["2023", "2024"]:
            # Some of what is made is a reversal, or care that the pack does not answer.
            most, persons = str(rows * 53 // 100 + 1_000), str(max(rows // 3, 1))
            made = folder / year
            synth = [program, "synth", "--quiet", "--overwrite", "--rows", most, "--persons", persons, "--seed", "1"]
            subprocess.run([*synth, "--year", year, "--format", "parquet", "--rules", PACK, "--out", made], check=True)
            years.append(made / "claims.parquet")
        subprocess.run([inside, HERE / "prepare.py", *years, str(rows), folder], check=True)
    return folder / "claims.parquet", json.loads(told.read_text())

"""What the machine can do with the same bytes, and the whole job as a multiple of it. Standard library only."""

import os
import time

from harness import MIB, measure

# Larger than what a disk's own cache holds.
DISK_BYTES = 2 << 30
BLOCK = 8 << 20


def read_from_storage():
    """Bytes this process has had fetched from disks; `None` where the system does not tell."""
    try:
        with open("/proc/self/io") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("read_bytes"))
    except OSError:
        return None


def disk(folder):
    """A file of random bytes written until the disk has it, then read back without the system's cache."""
    path = folder / "disk"
    block = os.urandom(BLOCK)
    file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC)
    try:
        started = time.monotonic()
        for _ in range(DISK_BYTES // BLOCK):
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(file, rest) :]
        os.fsync(file)
        writing = time.monotonic() - started
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.lseek(file, 0, os.SEEK_SET)
        into, fetched = bytearray(BLOCK), read_from_storage()
        started = time.monotonic()
        while os.readv(file, [into]):
            pass
        reading = time.monotonic() - started
    finally:
        os.close(file)
        path.unlink()
    after = read_from_storage()
    return {
        "bytes": DISK_BYTES,
        "write_mib_s": DISK_BYTES / MIB / writing,
        "read_mib_s": DISK_BYTES / MIB / reading,
        "read_from_storage": None if fetched is None else (after - fetched) / DISK_BYTES,
    }


def measured(program, claims, adjudicated, threads):
    """Disk, memory, decoding, encoding, compressing."""
    found = measure([program, "--claims", claims, "--adjudicated", adjudicated, "--threads", threads])["said"]
    return {**found, "disk": disk(claims.parent), "claims_bytes": claims.stat().st_size}


def table(found, job=None):
    """What docs quote; with the seconds of a whole job, that as a multiple."""
    decode, few, encode, zstd, memory = (
        found[name]
        for name in ["decode_claims", "decode_few_columns", "encode_adjudicated", "zstd_1", "memory_copy"]
    )
    on = found["disk"]
    stored = on["read_from_storage"]
    cached = "" if stored is None else f" ({100 * stored:.0f} % of it from storage)"
    threads = found["threads"]
    lines = [
        f"| what the machine can do, {found['rows']:,} rows | one thread | {threads} threads |",
        "|---|---|---|",
        f"| decode the claims, all columns (arrow-rs) | {decode['seconds_one']:.2f} s | {decode['seconds_all']:.2f} s |",
        f"| decode the six columns that the others read (arrow-rs) | {few['seconds_one']:.2f} s | {few['seconds_all']:.2f} s |",
        f"| encode the 46 columns into memory (arrow-rs) | {encode['seconds_one']:.2f} s | {encode['seconds_all']:.2f} s |",
        f"| zstd level 1, values of the 46 columns ({found['zstd_1_ratio']:.1f} : 1)"
        f" | {zstd['mib_s_one']:,.0f} MiB/s | {zstd['mib_s_all']:,.0f} MiB/s |",
        f"| copy memory | {memory['mib_s_one']:,.0f} MiB/s | {memory['mib_s_all']:,.0f} MiB/s |",
        f"| write {on['bytes'] / MIB:,.0f} MiB to the disk, synced | {on['write_mib_s']:,.0f} MiB/s | |",
        f"| read them back{cached} | {on['read_mib_s']:,.0f} MiB/s | |",
    ]
    if job:
        both = decode["seconds_all"] + encode["seconds_all"]
        # Twice: outputs are read back and summed again.
        moved = (found["claims_bytes"] + encode["bytes"]) / MIB / on["read_mib_s"] + encode["bytes"] / MIB / on["write_mib_s"]
        lines += [
            "",
            f"The whole job took {job:.2f} s on {threads} threads: **{job / both:.2f} x** decoding and encoding the same"
            f" bytes on them ({both:.2f} s), and {job / moved:.1f} x what the disk needs for them ({moved:.2f} s: claims read,"
            " outputs written and read back).",
        ]
    return "\n".join(lines) + "\n"

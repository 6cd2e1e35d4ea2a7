#!/usr/bin/env python3
"""Measures what one drawing costs on the running stack of `make serve`: the figures of docs/capacity.md.

Sends every picture of tests/drawings once, with a few bytes behind it so that no answer comes from the cache, and reads
CPU time and memory of API, worker and slots from /proc, bytes from the store. Needs a stack with no other work.
"""

import json
import os
import statistics
import sys
import time
import urllib.request
import uuid
from pathlib import Path

from ops_common import ROOT, Redis, api_url, load_env_file, setting

TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    load_env_file()
    drawings = sorted((ROOT / "tests/drawings").glob("*.png"))
    pids = {file.stem: int(file.read_text()) for file in (ROOT / ".run").glob("cad-*.pid")}
    if "cad-worker-1" not in pids:
        print("measure_capacity: no stack of `make serve` runs here", file=sys.stderr)
        return 1
    slots = children(pids["cad-worker-1"])
    processes = [*pids.values(), *slots]
    redis = Redis(setting("REDIS_URL"))
    commands_before = figure(redis, "stats", "total_commands_processed")
    store_before, cpu_before = figure(redis, "memory", "used_memory"), {pid: cpu(pid) for pid in processes}
    rows, jobs = [], []
    for drawing in drawings:
        before, start = sum(cpu(slot) for slot in slots), time.monotonic()
        job = submit(drawing.read_bytes() + uuid.uuid4().bytes, drawing.name)
        rows.append((sum(cpu(slot) for slot in slots) - before, time.monotonic() - start, drawing))
        jobs.append(job["id"])
        print(f"{drawing.stem:28} {job['state']:10} {rows[-1][0]:6.2f} CPU s {rows[-1][1]:6.2f} s", flush=True)
    if children(pids["cad-worker-1"]) != slots:
        print("measure_capacity: slots were replaced meanwhile, so their CPU time is lost; run it again", file=sys.stderr)
        return 1
    count = len(drawings)
    seconds = [row[0] for row in rows]
    spent = {pid: cpu(pid) - cpu_before[pid] for pid in processes}
    print(f"slots: {statistics.mean(seconds):.2f} CPU s a drawing (median {statistics.median(seconds):.2f}, most {max(seconds):.2f})")
    print(f"API: {spent[pids['cad-api']] / count * 1000:.0f} CPU ms a drawing; worker without slots: {spent[pids['cad-worker-1']] / count * 1000:.0f}")
    print(f"memory at its peak: API {peak(pids['cad-api'])} MB, worker {peak(pids['cad-worker-1'])} MB, a slot {max(map(peak, slots))} MB")
    grown = figure(redis, "memory", "used_memory") - store_before
    print(f"store: {grown / count / 1000:.0f} kB a job while drawing and cached answer are kept, "
          f"of which drawings {statistics.mean(row[2].stat().st_size for row in rows) / 1000:.0f} kB")
    commands = figure(redis, "stats", "total_commands_processed") - commands_before
    print(f"store: {commands / count:.0f} commands a drawing, polls and heartbeats among them")
    namespace = setting("NAMESPACE")
    kept = [sum(redis.ask("MEMORY", "USAGE", f"{namespace}:{{{job}}}:{part}") or 0 for part in ("job", "result", "events", "gone")) for job in jobs]
    print(f"store: {statistics.mean(kept) / 1000:.0f} kB a job of record, result and events")
    for path in ("/health", "/metrics"):
        print(f"{path} answers in {statistics.median(answer_ms(path) for _ in range(20)):.0f} ms")
    return 0


def children(pid: int) -> "list[int]":
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return sorted(found)


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def figure(redis: Redis, section: str, name: str) -> int:
    return int(redis.ask("INFO", section).split(f"\n{name}:".encode())[1].split(b"\r")[0])


def submit(body: bytes, name: str) -> dict:
    boundary = uuid.uuid4().hex
    form = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
            + body + f"\r\n--{boundary}--\r\n".encode())
    request = urllib.request.Request(f"{api_url()}/api/v1/ocr/extract", form, {
        "Content-Type": f"multipart/form-data; boundary={boundary}", "Prefer": "wait=60"})
    with urllib.request.urlopen(request, timeout=90) as response:
        job = json.load(response)
    while job["state"] in ("pending", "in_progress"):
        with urllib.request.urlopen(f"{api_url()}/api/v1/jobs/{job['id']}?wait=60", timeout=90) as response:
            job = json.load(response)
    return job


def answer_ms(path: str) -> float:
    start = time.monotonic()
    urllib.request.urlopen(api_url() + path, timeout=5).read()
    return (time.monotonic() - start) * 1000


if __name__ == "__main__":
    sys.exit(main())

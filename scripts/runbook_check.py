#!/usr/bin/env python3
"""Executes the bash blocks of docs/runbook.md against the stack of `make serve`; stops at the first that fails.

A block runs as an operator would paste it, and must end well. A comment before it says more:
`<!-- check: KEY="VALUE" ... -->` with the keys
  expect      a regular expression that its output must hold; may stand several times
  foreground  the block goes on until Ctrl-C: it is ended once its output holds this
  exit        the exit code it must have, where that is not 0
  before, after  commands around the block, in the same shell
  empty-ok    commands that match this may find nothing
  leaves-out  lines that match this are not executed, for the `reason`
  skip        the block can't run on one machine, for this reason
Ports, namespace and addresses of the environment take the place of the standard ones.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ops_common import ROOT

RUNBOOK = ROOT / "docs/runbook.md"
LOG = ROOT / "reports/runbook-check.log"
# Builds and starts of a debug fleet on a busy machine.
LIMIT_SECONDS = 300
# Stands in the output between what prepares a block and the block's own words.
MARK = "--- the block itself"
KEYS = {"expect", "foreground", "exit", "before", "after", "empty-ok", "leaves-out", "reason", "skip"}


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--only", default="", metavar="TEXT", help="only sections whose heading contains this")
    options.add_argument("--keep-going", action="store_true", help="goes on after a block that fails")
    options.add_argument("--list", action="store_true", help="shows the blocks, executes nothing")
    arguments = options.parse_args()
    blocks = [block for block in read_blocks() if arguments.only.lower() in block["place"].lower()]
    LOG.parent.mkdir(exist_ok=True)
    failed, done, skipped = 0, 0, 0
    with LOG.open("w", encoding="utf-8") as log:
        for block in blocks:
            if "skip" in block:
                skipped += 1
                print(f"skip  {block['line']:4}  {block['place']}: {block['skip']}")
                continue
            if arguments.list:
                print(f"runs  {block['line']:4}  {block['place']}")
                continue
            start = time.monotonic()
            problem, output = execute(block)
            log.write(f"=== line {block['line']}: {block['place']}\n{block['text']}\n--- output\n{output}\n")
            log.flush()
            if problem is None:
                done += 1
                left_out = f" (left out: {block['leaves-out']}: {block['reason']})" if "leaves-out" in block else ""
                print(f"ok    {block['line']:4}  {block['place']}, {time.monotonic() - start:.1f} s{left_out}", flush=True)
                continue
            failed += 1
            print(f"FAIL  {block['line']:4}  {block['place']}: {problem}\n{indented(block['text'])}\n      --- its output ends with")
            print(indented("\n".join(output.splitlines()[-25:])), flush=True)
            if not arguments.keep_going:
                break
    print(f"runbook: {done} blocks do what they say, {failed} don't, {skipped} can't run here; log: {LOG.relative_to(ROOT)}")
    return 1 if failed else 0


def indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.splitlines())


def read_blocks() -> "list[dict]":
    blocks, headings, attributes = [], {}, None
    lines = RUNBOOK.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        if match := re.match(r"(#+) (.+)", line):
            headings = {level: title for level, title in headings.items() if level < len(match[1])} | {len(match[1]): match[2]}
        elif line.startswith("<!-- check:"):
            attributes = attributes_of(line, number + 1)
        elif line.startswith("```"):
            end = number + 1 + lines[number + 1 :].index("```")
            text = "\n".join(lines[number + 1 : end])
            is_settings = all(re.match(r"#|$|[A-Z0-9_]+=\S+$", row) for row in lines[number + 1 : end])
            if line == "```bash" and not is_settings:
                place = " > ".join(title for level, title in sorted(headings.items()) if level > 1)
                blocks.append({"line": number + 1, "place": place, "text": text, **(attributes or {})})
            elif attributes:
                sys.exit(f"runbook_check: line {number + 1}: a check stands before a block that is not executed")
            attributes, number = None, end
        elif line.strip() and attributes is not None:
            sys.exit(f"runbook_check: line {number + 1}: a check stands before something that is no block")
        number += 1
    return blocks


def attributes_of(line: str, number: int) -> dict:
    found = {}
    inside = line.removeprefix("<!-- check:").removesuffix("-->")
    for key, value in re.findall(r'([a-z-]+)="((?:[^"\\]|\\.)*)"', inside):
        if key not in KEYS:
            sys.exit(f"runbook_check: line {number}: the key {key} is not known")
        value = value.replace('\\"', '"')
        if key == "expect":
            found.setdefault("expect", []).append(value)
        else:
            found[key] = value
    if not found or ("leaves-out" in found) != ("reason" in found):
        sys.exit(f"runbook_check: line {number}: the check is not understood: {line}")
    return found


def execute(block: dict) -> "tuple[str | None, str]":
    lines = []
    for row in block["text"].splitlines():
        if "leaves-out" in block and re.search(block["leaves-out"], row):
            continue
        if "empty-ok" in block and re.search(block["empty-ok"], row):
            row += " || [ $? = 1 ]"
        lines.append(row)
    script = "\n".join([block.get("before", ""), f"echo '{MARK}'", here("\n".join(lines)), block.get("after", "")])
    environment = {"CAD_URL": f"http://127.0.0.1:{os.environ.get('PORT', '8000')}", **os.environ, "PATH": f"{ROOT / os.environ.get('BIN_DIR', 'target/release')}:{os.environ['PATH']}"}
    with tempfile.NamedTemporaryFile("w+", suffix=".out", errors="replace") as output:
        process = subprocess.Popen(["bash", "-e", "-c", script], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                                   # In a background job Ctrl-C is ignored, and would be in the block.
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        if "foreground" in block:
            problem = interrupt_once_seen(process, Path(output.name), block["foreground"])
        else:
            problem = await_end(process, int(block.get("exit", 0)))
        text = Path(output.name).read_text(encoding="utf-8", errors="replace")
    own = text.partition(MARK)[2]
    missing = [pattern for pattern in block.get("expect", []) if not re.search(pattern, own)]
    if problem is None and missing:
        problem = f"its output does not hold {missing[0]}"
    return problem, text


def here(text: str) -> str:
    """The block with this environment's ports and addresses."""
    for name, standard in (("PORT", "8000"), ("METRICS_PORT", "9090")):
        text = re.sub(rf"(?<=[:{{,]){standard}\b", os.environ.get(name, standard), text)
    if os.environ.get("REDIS_URL"):
        text = text.replace("redis://localhost:6379", os.environ["REDIS_URL"]).replace("redis-cli ", f"redis-cli -u {os.environ['REDIS_URL']} ")
    return text


def await_end(process: subprocess.Popen, expected: int) -> "str | None":
    try:
        code = process.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"it has not ended within {LIMIT_SECONDS} s"
    return None if code == expected else f"it ended with exit code {code}, not {expected}"


def interrupt_once_seen(process: subprocess.Popen, output: Path, pattern: str) -> "str | None":
    end, problem = time.monotonic() + LIMIT_SECONDS, f"its output did not hold {pattern} within {LIMIT_SECONDS} s"
    while time.monotonic() < end:
        if re.search(pattern, output.read_text(encoding="utf-8", errors="replace")):
            problem = None
            break
        if process.poll() is not None:
            return f"it ended with exit code {process.returncode} before its output held {pattern}"
        time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return problem or "it did not end within 60 s of Ctrl-C"
    return problem


if __name__ == "__main__":
    sys.exit(main())

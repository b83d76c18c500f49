"""Runs the README's own lines in a clean clone, as a newcomer would.

    readme.py README.md CLONE SCRATCH

A fenced block is run when the word "ci" follows its language:

    ```sh ci
    each line is run by one bash -e, in the clone; the block must succeed

    ```sh ci background wait=9092,8081
    goes on running until the next background block or the end; the next block starts when
    these loopback ports answer. It is ended with SIGINT and must then be gone within 10 s

    ```text ci
    the output of the block before: every line of it must be in the real output, in this
    order. Numbers and ids may differ; a line of three dots stands for anything.

Blocks of the languages sh and bash without "ci" are listed as not run.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time

START_LIMIT = 240  # seconds for a background block's ports; the first compile is in there
BLOCK_LIMIT = 300  # seconds for one foreground block
STOP_LIMIT = 10  # seconds from SIGINT to the end; the promise is 5, go run adds its own


def blocks(text):
    """Yields (info, body, line number) of each fenced block; fences may be indented."""
    fence = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```[ ]*$", re.M | re.S)
    for match in fence.finditer(text):
        indent = len(match[1])
        body = "".join(line[indent:] if line[:indent].isspace() else line for line in match[3].splitlines(True))
        yield match[2].split(), body, text.count("\n", 0, match.start()) + 1


def normal(line):
    """A line with what may differ from run to run taken out."""
    line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)
    line = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>", line)
    line = re.sub(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "<time>", line)
    line = re.sub(r"\b\d[\d.,:]*(k|M|ns|µs|ms|s|m|B|KiB|MiB)?(?![A-Za-z])", "#", line)
    return " ".join(line.split())


def missing(expected, output):
    """The first expected line that is not in the output at its place, or None."""
    lines = iter([normal(line) for line in output.splitlines()])
    for line in expected.splitlines():
        want = normal(line)
        if want and want not in ("...", "…") and want not in lines:
            return line
    return None


class Block:
    """One running or finished block of shell lines."""

    def __init__(self, where, body, clone, scratch):
        self.where, self.log = where, os.path.join(scratch, f"line-{where}.log")
        env = dict(os.environ, HOME=scratch)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["bash", "-e", "-c", body],
                cwd=clone, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
                # A shell that runs jobs in the background lets them inherit an ignored SIGINT.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def fail(self, why):
        print(self.output()[-4000:])
        sys.exit(f"FAILED: README line {self.where}: {why}")

    def finish(self):
        try:
            code = self.process.wait(BLOCK_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            self.fail(f"not done within {BLOCK_LIMIT} s")
        if code != 0:
            self.fail(f"exit code {code}")

    def wait_ports(self, ports):
        end = time.monotonic() + START_LIMIT
        for port in ports:
            while not listening(port):
                if self.process.poll() is not None:
                    self.fail(f"ended before port {port} answered")
                if time.monotonic() > end:
                    self.fail(f"port {port} does not answer within {START_LIMIT} s")
                time.sleep(0.1)

    def group_alive(self):
        """Whether any process of the block is left: go run's child outlives it at times."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
            return True
        except ProcessLookupError:
            return False

    def stop(self):
        if self.process.poll() is not None:
            self.fail("a background block ended by itself")
        started = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        while self.group_alive():
            if time.monotonic() - started > STOP_LIMIT:
                self.kill()
                self.fail(f"still running {STOP_LIMIT} s after SIGINT")
            time.sleep(0.05)
        print(f"line {self.where}: ended {time.monotonic() - started:.1f} s after SIGINT")

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def main(readme, clone, scratch):
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    last = background = None
    expectations = []  # (block, expected text, line), looked at when the block is over

    def settle(block):
        for owner, expected, where in expectations:
            if owner is block and (line := missing(expected, block.output())) is not None:
                block.fail(f"the output shown at line {where} has a line that was not printed: {line!r}")

    def stop_background():
        if background:
            background.stop()
            settle(background)

    ran = 0
    try:
        for info, body, where in blocks(text):
            if "ci" not in info[1:]:
                if info[:1] in (["sh"], ["bash"]):
                    print(f"line {where}: not marked for execution: {body.strip().splitlines()[0]}")
                continue
            if info[0] == "text":
                if last is None:
                    sys.exit(f"FAILED: README line {where}: an output without a block before it")
                expectations.append((last, body, where))
                if last is not background:
                    settle(last)
                continue
            if "background" in info:
                stop_background()
                background = None
            started = time.monotonic()
            last = Block(where, body, clone, scratch)
            ran += 1
            if "background" in info:
                background = last
                ports = [int(p) for word in info if word.startswith("wait=") for p in word[5:].split(",")]
                last.wait_ports(ports)
                print(f"line {where}: up after {time.monotonic() - started:.1f} s: {body.strip()}")
            else:
                last.finish()
                print(f"line {where}: {time.monotonic() - started:.1f} s: {body.strip()}")
                print("".join(f"    {line}\n" for line in last.output().splitlines()[-12:]), end="")
        stop_background()
        background = None
    finally:
        for block in (background, last):
            if block:
                block.kill()
    if ran == 0:
        sys.exit("FAILED: the README has no block marked for execution")
    print(f"{ran} blocks of the README ran, {len(expectations)} shown outputs agree")


if __name__ == "__main__":
    main(*sys.argv[1:])

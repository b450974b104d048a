"""What the comparisons share: a peer and gan-bench take turns on one machine, so that a drift of
the machine's speed meets both.

Each way of running the peer is a process of its own (the script itself with --worker), which gets a
number of steps on a line of its input and answers with the seconds that one of them took.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time

CASES = ["mnist-mlp", "toy", "dcgan28"]
BATCH = {"mnist-mlp": 100, "toy": 200, "dcgan28": 64}


class Missing(Exception):
    """The peer, or a part of it that a mode needs, is not installed."""


class Worker:
    """A peer ready to make steps."""

    def __init__(self, script, case, mode, threads):
        self.threads = threads
        environment = dict(os.environ)
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            environment[name] = str(threads)
        command = [sys.executable, script, "--worker", case, mode, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)
        answer = self.process.stdout.readline()
        if answer != "ready\n":
            self.close()
            raise Missing(answer.strip() or "the worker ended; see its message above")

    def steps(self, count):
        """Makes steps; returns the seconds of one."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("error: the peer ended in the middle of a measurement")
        return float(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def work(make, case, mode, threads):
    """The other side of a Worker.

    make(case, mode, threads) returns a function that makes a number of steps and comes back only
    when they are done.
    """
    if hasattr(os, "sched_setaffinity"):  # before the peer starts any threads
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    try:
        run = make(case, mode, threads)
        run(3)  # compiles what is to be compiled
    except Missing as missing:
        print(missing, flush=True)
        return
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        run(int(line))
        print((time.perf_counter() - start) / int(line), flush=True)


def bench(program, case, threads, seconds):
    """The seconds of a step by gan-bench, without the first steps."""
    command = [program, "--cases", case, "--threads", str(threads), "--repeats", "1", "--seconds",
               str(seconds)]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(lines.splitlines()[0])["seconds"]


def compare(script, name, version, case, mode, arguments):
    """Prints a line for a case, with the peer's best number of threads."""
    bench(arguments.bench, case, arguments.threads, 0.01)  # fails here if it has no such case
    workers = []
    try:
        for n in range(1, arguments.threads + 1):
            workers.append(Worker(script, case, mode, n))
        line = take_turns(workers, case, arguments)
    finally:
        for w in workers:
            w.close()
    print(json.dumps({"case": case, "peer": name, "version": version, "mode": mode} | line),
          flush=True)


def take_turns(workers, case, arguments):
    """The numbers of a line."""
    one = {w: min(w.steps(2), w.steps(2)) for w in workers}
    count = {w: max(1, math.ceil(arguments.seconds / one[w])) for w in workers}
    trial = {w: statistics.median(w.steps(count[w]) for _ in range(3)) for w in workers}
    best = min(workers, key=trial.get)
    peer, own = [], []
    for _ in range(arguments.rounds):
        peer.append(best.steps(count[best]))
        own.append(bench(arguments.bench, case, arguments.threads, arguments.seconds))
    ratios = [p / o for p, o in zip(peer, own)]
    return {
        "peer_threads": best.threads,
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "peer_seconds": statistics.median(peer),
        "seconds": statistics.median(own),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
    }


def main(script, name, find, modes, make):
    """The program of a script.

    find() returns the peer's version or raises Missing; modes are the ways to run it; make is as in
    work().
    """
    if sys.argv[1:2] == ["--worker"]:
        work(make, sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(
        description=f"Trains the same networks with {name} and with libgan, by turns, and prints a "
        "line of JSON for each case and mode; ratio is the peer's time by libgan's.")
    parser.add_argument("bench", metavar="GAN-BENCH", help="the program gan-bench")
    parser.add_argument("--cases", default=",".join(CASES), help="[%(default)s]")
    parser.add_argument("--modes", default=",".join(modes), help="[%(default)s]")
    parser.add_argument("--threads", type=int, default=2,
                        help="of libgan; of the peer the best number up to this [%(default)s]")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each [%(default)s]")
    parser.add_argument("--seconds", type=float, default=2, help="of a turn [%(default)s]")
    arguments = parser.parse_args()
    chosen = {"--cases": (arguments.cases.split(","), CASES),
              "--modes": (arguments.modes.split(","), modes)}
    for option, (values, known) in chosen.items():
        for value in values:
            if value not in known:
                parser.error(f"{option}: '{value}' is none of {', '.join(known)}")
    if arguments.threads < 1 or arguments.rounds < 1 or not arguments.seconds > 0:
        parser.error("--threads, --rounds and --seconds are above 0")
    try:
        version = find()
    except Missing as missing:
        raise SystemExit(f"skipped: {missing}") from None
    for case in chosen["--cases"][0]:
        for mode in chosen["--modes"][0]:
            try:
                compare(script, name, version, case, mode, arguments)
            except Missing as missing:
                print(f"{case}, {mode}: left out: {missing}", file=sys.stderr)
            except subprocess.CalledProcessError:
                print(f"{case}, {mode}: left out: gan-bench failed", file=sys.stderr)

"""Reads the logs of test_log with code of its own, and with TensorBoard where that is installed.

    events.py TEST_LOG FOLDER
"""
import csv
import json
import math
import os
import struct
import subprocess
import sys

sys.path = [entry for entry in sys.path if os.path.abspath(entry) != os.path.dirname(__file__)]
try:
    from tensorboard.backend.event_processing import event_accumulator
except ImportError:
    event_accumulator = None

STEPS = [step ** 3 * 1000 for step in range(9)]
VALUES = [0, 1, -2.5, 0.1, 1e-300, 1e300, math.nan, math.inf, -math.inf]
THIRDS = [step / 3 for step in range(9)]
TIME = 1.5e9


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def single(value):
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff


def records(path):
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        size, crc = struct.unpack("<QI", data[at:at + 12])
        assert crc == masked(data[at:at + 8])
        event = data[at + 12:at + 12 + size]
        assert len(event) == size
        assert struct.unpack("<I", data[at + 12 + size:at + 16 + size])[0] == masked(event)
        yield event
        at += 16 + size


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """Yields the number of each field of a message, and its value."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack("<d", data[at:at + 8])[0], at + 8
        elif kind == 5:
            value, at = struct.unpack("<f", data[at:at + 4])[0], at + 4
        else:
            assert kind == 2, kind
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
        yield tag >> 3, value


def check_events(path):
    events = [list(fields(event)) for event in records(path)]
    assert events[0] == [(1, TIME), (3, b"brain.Event:2")], events[0]
    assert len(events) == 10
    for event, step, value, third in zip(events[1:], STEPS, VALUES, THIRDS):
        assert [number for number, _ in event] == [1, 2, 5]
        assert event[0][1] == TIME and event[1][1] == step
        scalars = {}
        for number, content in fields(event[2][1]):
            assert number == 1
            scalar = dict(fields(content))
            assert set(scalar) == {1, 2}
            scalars[scalar[1].decode("utf-8")] = scalar[2]
        assert list(scalars) == ["value", "loss/third"]
        assert same(scalars["value"], single(value)), (scalars, value)
        assert scalars["loss/third"] == single(third)
    print(f"{os.path.basename(path)}: {len(events)} events")


def check_with_tensorboard(path):
    if event_accumulator is None:
        print("skipped: TensorBoard is not installed, and read nothing")
        return
    found = event_accumulator.EventAccumulator(path, size_guidance={"scalars": 0})
    found.Reload()
    assert sorted(found.Tags()["scalars"]) == ["loss/third", "value"], found.Tags()
    for tag, wanted in (("value", VALUES), ("loss/third", THIRDS)):
        scalars = found.Scalars(tag)
        assert [scalar.step for scalar in scalars] == STEPS
        assert all(scalar.wall_time == TIME for scalar in scalars)
        assert all(same(s.value, single(w)) for s, w in zip(scalars, wanted)), scalars
    print(f"TensorBoard: {len(STEPS)} steps of 2 scalars")


def main(program, folder):
    os.makedirs(folder, exist_ok=True)
    subprocess.run([program, "--write", folder], check=True, stdout=subprocess.DEVNULL)
    lines = open(os.path.join(folder, "log.jsonl"), encoding="utf-8").read().splitlines()
    for line, step, value, third in zip(lines, STEPS, VALUES, THIRDS):
        record = json.loads(line, parse_constant=lambda name: sys.exit(f"{name} is no JSON"))
        number = value if math.isfinite(value) else None
        assert record == {"step": step, "value": number, "loss/third": third}, record
    rows = list(csv.reader(open(os.path.join(folder, "log.csv"), newline="", encoding="utf-8")))
    assert rows[0] == ["step", "value", "loss/third"]
    for row, step, value, third in zip(rows[1:], STEPS, VALUES, THIRDS):
        assert int(row[0]) == step and same(float(row[1]), value) and float(row[2]) == third, row
        assert all(len(text) <= len(repr(float(text))) for text in row[1:]), row
    assert len(lines) == len(rows) - 1 == len(STEPS)
    print(f"log.jsonl and log.csv: {len(lines)} records")
    path = os.path.join(folder, "events.out.tfevents.1.test")
    check_events(path)
    check_with_tensorboard(path)


assert crc32c(b"123456789") == 0xe3069283
main(*sys.argv[1:])

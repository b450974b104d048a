"""Reads the files of test_export with code of its own, and with NumPy where that is installed.

    export.py TEST_EXPORT FOLDER
"""
import ast
import math
import os
import struct
import subprocess
import sys
import zlib

sys.path = [entry for entry in sys.path if os.path.abspath(entry) != os.path.dirname(__file__)]
try:
    import numpy
except ImportError:
    numpy = None


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


VALUES = [single(math.sin(i)) for i in range(360)]


def read_npy(path):
    data = open(path, "rb").read()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    length, = struct.unpack("<H", data[8:10])
    assert (10 + length) % 64 == 0 and data[9 + length:10 + length] == b"\n"
    header = ast.literal_eval(data[10:10 + length].decode("ascii"))
    assert header["descr"] == "<f4" and header["fortran_order"] is False, header
    elements = math.prod(header["shape"])
    assert len(data) == 10 + length + 4 * elements
    return header["shape"], list(struct.unpack(f"<{elements}f", data[10 + length:]))


def read_png(path):
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        crc, = struct.unpack(">I", data[at + 8 + length:at + 12 + length])
        assert crc == zlib.crc32(kind + content)
        at += 12 + length
        if kind == b"IHDR":
            width, height, bits, colour, *rest = struct.unpack(">IIBBBBB", content)
            assert bits == 8 and rest == [0, 0, 0]
        elif kind == b"IDAT":
            packed += content
    assert kind == b"IEND"
    channels = {0: 1, 2: 3}[colour]
    lines = zlib.decompress(packed)
    size = 1 + width * channels
    assert len(lines) == size * height
    assert all(lines[y * size] == 0 for y in range(height))
    return width, height, channels, [lines[y * size + 1:(y + 1) * size] for y in range(height)]


def check_png(path, rows, columns, channels, height, width, black, white):
    w, h, c, lines = read_png(path)
    assert (w, h, c) == (columns * width, rows * height, channels)
    for y in range(h):
        for x in range(w):
            for k in range(c):
                picture = y // height * columns + x // width
                i = ((picture * c + k) * height + y % height) * width + x % width
                level = 255 * (VALUES[i] - black) / (white - black)
                assert abs(lines[y][x * c + k] - min(max(level, 0), 255)) <= 0.5 + 1e-9
    print(f"{os.path.basename(path)}: {w} x {h} points, {c} channels")


def main(program, folder):
    os.makedirs(folder, exist_ok=True)
    subprocess.run([program, "--write", folder], check=True, stdout=subprocess.DEVNULL)
    wanted = {"array": ((2, 3, 3, 5, 4), VALUES), "vector": ((360,), VALUES),
              "number": ((), VALUES[1:2]), "none": ((0, 7), [])}
    for name, (shape, values) in wanted.items():
        path = os.path.join(folder, name + ".npy")
        assert read_npy(path) == (shape, values), name
        if numpy is not None:
            array = numpy.load(path, allow_pickle=False)
            assert array.dtype == numpy.dtype("<f4") and array.shape == shape
            assert array.flags["C_CONTIGUOUS"] and array.ravel().tolist() == values
        print(f"{name}.npy: shape {shape}")
    check_png(os.path.join(folder, "colours.png"), 2, 3, 3, 5, 4, -0.5, 0.5)
    check_png(os.path.join(folder, "greys.png"), 3, 6, 1, 5, 4, -1, 1)
    if numpy is None:
        print("skipped: NumPy is not installed, and read nothing")


main(*sys.argv[1:])

"""Runs the models of test_onnx in ONNX Runtime, checks them with the onnx package where that is
installed, and compares their outputs with the library's. 77: there is no ONNX Runtime.

    onnx.py TEST_ONNX FOLDER
"""
import os
import subprocess
import sys

sys.path = [entry for entry in sys.path if os.path.abspath(entry) != os.path.dirname(__file__)]
try:
    import numpy
    import onnxruntime
except ImportError:
    print("skipped: ONNX Runtime is not installed")
    sys.exit(77)
try:
    import onnx
except ImportError:
    onnx = None


def floats(folder, name, shape):
    numbers = numpy.fromfile(os.path.join(folder, name), dtype="<f4")
    return numbers.reshape([-1] + [int(n) for n in shape[1:]])


def main(program, folder):
    os.makedirs(folder, exist_ok=True)
    subprocess.run([program, "--write", folder], check=True, stdout=subprocess.DEVNULL)
    models = sorted(name for name in os.listdir(folder) if name.endswith(".onnx"))
    assert len(models) >= 4, models
    for name in models:
        path, number = os.path.join(folder, name), name.split(".")[0]
        if onnx is not None:
            onnx.checker.check_model(path, full_check=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        inputs = session.get_inputs()
        given = {inputs[0].name: floats(folder, number + ".x", inputs[0].shape)}
        if len(inputs) > 1:
            given[inputs[1].name] = floats(folder, number + ".conditions", inputs[1].shape)
        output = session.get_outputs()[0]
        assert output.name == "output", output.name
        got = session.run(None, given)[0]
        wanted = floats(folder, number + ".y", output.shape)
        assert got.shape == wanted.shape, (name, got.shape, wanted.shape)
        worst = float(numpy.abs(got - wanted).max() / max(1, numpy.abs(wanted).max()))
        assert numpy.std(wanted) > 1e-3, "the outputs are all the same"
        assert worst < 2e-6, (name, worst)
        print(f"{name}: {len(wanted)} samples, inputs {[i.name for i in inputs]}, "
              f"largest relative difference {worst:.1e}")


main(*sys.argv[1:])

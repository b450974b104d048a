"""Trains a 1-D Gaussian through libgan.so with ctypes alone, as a binding would use it.

    toy.py LIBRARY
"""

import ctypes
import math
import sys
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_double, c_float, c_int32, c_int64
from ctypes import c_uint64, c_void_p

MEAN, DEVIATION = 3.0, 0.5
STEPS, K = 800, 5  # updates of G; updates of D before each
STEP_FN = CFUNCTYPE(c_int32, c_void_p, c_void_p)

# name: (result, arguments). A handle is a void pointer, OUT is where one is written.
OUT = POINTER(c_void_p)
FLOATS = POINTER(c_float)
STATUS = c_int32
SIGNATURES = {
    "gan_version": (c_int32, []),
    "gan_version_text": (c_char_p, []),
    "gan_rank_max": (c_int32, []),
    "gan_error_name": (c_char_p, [c_int32]),
    "gan_error_text": (c_char_p, [c_int32]),
    "gan_context_create": (STATUS, [OUT]),
    "gan_context_free": (None, [c_void_p]),
    "gan_context_message": (c_char_p, [c_void_p]),
    "gan_network_create": (STATUS, [c_void_p, c_char_p, OUT]),
    "gan_network_free": (None, [c_void_p]),
    "gan_network_input": (c_int32, [c_void_p, c_char_p, c_int32, POINTER(c_int64)]),
    "gan_network_dense": (c_int32, [c_void_p, c_int32, c_int64]),
    "gan_network_tanh": (c_int32, [c_void_p, c_int32]),
    "gan_network_output": (STATUS, [c_void_p, c_int32]),
    "gan_network_initialize": (STATUS, [c_void_p, c_uint64]),
    "gan_network_parameter_count": (c_int32, [c_void_p]),
    "gan_network_parameter_name": (c_char_p, [c_void_p, c_int32]),
    "gan_network_sample": (STATUS, [c_void_p, c_uint64, c_int64, FLOATS, c_int64]),
    "gan_optimizer_create": (STATUS, [c_void_p, c_char_p, OUT]),
    "gan_optimizer_free": (None, [c_void_p]),
    "gan_optimizer_set_number": (STATUS, [c_void_p, c_char_p, c_double]),
    "gan_optimizer_set_text": (STATUS, [c_void_p, c_char_p, c_char_p]),
    "gan_dataset_gaussian": (STATUS, [c_void_p, c_int64, c_double, c_double, c_uint64, OUT]),
    "gan_dataset_free": (None, [c_void_p]),
    "gan_trainer_create": (STATUS, [c_void_p, c_void_p, c_void_p, OUT]),
    "gan_trainer_free": (None, [c_void_p]),
    "gan_trainer_set_generator_optimizer": (STATUS, [c_void_p, c_void_p]),
    "gan_trainer_set_discriminator_optimizer": (STATUS, [c_void_p, c_void_p]),
    "gan_trainer_set_number": (STATUS, [c_void_p, c_char_p, c_double]),
    "gan_trainer_set_text": (STATUS, [c_void_p, c_char_p, c_char_p]),
    "gan_trainer_describe_option": (
        STATUS,
        [c_int32, POINTER(c_char_p), POINTER(POINTER(c_char_p)), POINTER(c_double),
         POINTER(c_double), POINTER(c_char_p)],
    ),
    "gan_trainer_run": (STATUS, [c_void_p, c_int64, STEP_FN, c_void_p]),
    "gan_trainer_metric": (STATUS, [c_void_p, c_char_p, POINTER(c_double)]),
    "gan_trainer_metric_name": (c_char_p, [c_int32]),
}


class Gan:
    """The library, its context, and calls that raise what the context says."""

    def __init__(self, path):
        self.library = ctypes.CDLL(path)  # RTLD_LOCAL: as a host with plug-ins loads it
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(self.library, name)
            function.restype, function.argtypes = result, arguments
        self.context = c_void_p()
        assert self.library.gan_context_create(byref(self.context)) == 0

    def __getattr__(self, name):
        return getattr(self.library, "gan_" + name)

    def ok(self, status):
        """Raises unless the status is GAN_OK; building calls return ids, which pass too."""
        if status < 0:
            name = self.error_name(status).decode()
            raise RuntimeError(f"{name}: {self.context_message(self.context).decode()}")
        return status

    def make(self, kind, *arguments):
        """Calls gan_KIND_create, or the like, and returns the handle."""
        handle = c_void_p()
        self.ok(getattr(self, kind)(*arguments, byref(handle)))
        return handle

    def network(self, name, seed):
        """A perceptron 1-16-16-1 with tanh."""
        network = self.make("network_create", self.context, name)
        h = self.network_input(network, b"input", 1, (c_int64 * 1)(1))
        for _ in range(2):
            h = self.network_tanh(network, self.network_dense(network, h, 16))
        self.ok(self.network_output(network, self.network_dense(network, h, 1)))
        self.ok(self.network_initialize(network, seed))
        return network

    def adam(self, rate, updates):
        """Adam whose learning rate falls to 0 over that many updates."""
        optimizer = self.make("optimizer_create", self.context, b"adam")
        for key, value in {b"learning_rate": rate, b"beta1": 0.5, b"schedule_steps": updates}.items():
            self.ok(self.optimizer_set_number(optimizer, key, value))
        self.ok(self.optimizer_set_text(optimizer, b"schedule", b"cosine"))
        return optimizer

    def sample(self, network, seed, count):
        samples = (c_float * count)()
        self.ok(self.network_sample(network, seed, count, samples, count))
        return list(samples)


def mean_and_deviation(values):
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))


def check_descriptions(gan):
    """What a binding would build its keyword arguments from."""
    names, index = {}, 0
    name, choices = c_char_p(), POINTER(c_char_p)()
    low, high, text = c_double(), c_double(), c_char_p()
    while gan.trainer_describe_option(index, byref(name), byref(choices), byref(low), byref(high),
                                      byref(text)) == 0:
        assert text.value, name.value
        listed = []
        while choices and choices[len(listed)]:
            listed.append(choices[len(listed)])
        assert listed or low.value < high.value, name.value
        names[name.value] = listed
        index += 1
    assert {b"batch_size", b"seed", b"schedule"} <= set(names), names
    assert names[b"schedule"] == [b"alternating", b"simultaneous"], names
    metrics = []
    while gan.trainer_metric_name(len(metrics)):
        metrics.append(gan.trainer_metric_name(len(metrics)))
    assert {b"value", b"d_loss", b"g_loss", b"step"} <= set(metrics), metrics


def check_errors(gan):
    codes = []
    while gan.error_name(-len(codes)):
        codes.append(gan.error_name(-len(codes)).decode())
    assert codes[1] == "memory" and len(codes) == len(set(codes)) == 13, codes
    handle = c_void_p(1)
    status = gan.optimizer_create(gan.context, b"no such kind", byref(handle))
    assert codes[-status] == "key" and handle.value is None, status
    assert "no such kind" in gan.context_message(gan.context).decode()


def train(gan):
    generator, discriminator = gan.network(b"G", 1), gan.network(b"D", 2)
    data = gan.make("dataset_gaussian", gan.context, 10000, MEAN, DEVIATION, 3)
    trainer = gan.make("trainer_create", generator, discriminator, data)
    optimizers = [gan.adam(0.005, STEPS), gan.adam(0.005, STEPS * K)]
    gan.ok(gan.trainer_set_generator_optimizer(trainer, optimizers[0]))
    gan.ok(gan.trainer_set_discriminator_optimizer(trainer, optimizers[1]))
    gan.ok(gan.trainer_set_number(trainer, b"seed", 4))
    gan.ok(gan.trainer_set_number(trainer, b"discriminator_steps", K))
    gan.ok(gan.trainer_set_text(trainer, b"schedule", b"alternating"))

    losses = []

    def on_step(_user, running):
        value = c_double()
        if gan.trainer_metric(running, b"d_loss", byref(value)) != 0:
            return 1
        losses.append(value.value)
        return 0

    before, _ = mean_and_deviation(gan.sample(generator, 5, 1000))
    gan.ok(gan.trainer_run(trainer, STEPS, STEP_FN(on_step), None))
    after, deviation = mean_and_deviation(gan.sample(generator, 5, 1000))
    print(f"{STEPS} steps: mean {before:.3f} -> {after:.3f} (of {MEAN}), deviation "
          f"{deviation:.3f} (of {DEVIATION}), d_loss {losses[-1]:.4f}")

    assert len(losses) == STEPS and all(map(math.isfinite, losses)), losses[-3:]
    assert abs(before - MEAN) > 2, before
    assert abs(after - MEAN) < 0.3, after
    assert 0.3 < deviation < 0.9, deviation

    # Samples are a function of the parameters, the seed and the index.
    hundred = gan.sample(generator, 7, 100)
    assert hundred == gan.sample(generator, 7, 100)
    assert hundred[:10] == gan.sample(generator, 7, 10)
    assert hundred != gan.sample(generator, 8, 100)

    # A callback's word ends the run.
    status = gan.trainer_run(trainer, 10, STEP_FN(lambda _user, _trainer: 1), None)
    assert gan.error_name(status) == b"stopped", status

    # Any order of frees will do: the context goes first.
    gan.context_free(gan.context)
    for optimizer in optimizers:
        gan.optimizer_free(optimizer)
    gan.network_free(generator)
    gan.dataset_free(data)
    gan.trainer_free(trainer)
    gan.network_free(discriminator)


def main():
    gan = Gan(sys.argv[1])
    assert gan.rank_max() == 5
    number = tuple(map(int, gan.version_text().decode().split(".")))
    assert gan.version() == number[0] * 1000000 + number[1] * 1000 + number[2]
    check_errors(gan)
    check_descriptions(gan)
    train(gan)


if __name__ == "__main__":
    main()

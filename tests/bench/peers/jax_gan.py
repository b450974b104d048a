"""JAX beside libgan: the same networks, batches and optimizers, alternating updates, one compiled
function for a step.

    jax_gan.py GAN-BENCH [--help]

Needs JAX (any recent one; no GPU).
"""

import math
import os
import sys

import turns


def find():
    try:
        import jax
    except ImportError as error:
        raise turns.Missing(f"JAX is not installed ({error})") from None
    return jax.__version__


# ---- Layers: a network is a list of parameters and a function of them, x and a key ---------------


def dense(key, inputs, units):
    import jax

    r = math.sqrt(6 / (inputs + units))
    return [jax.random.uniform(key, (inputs, units), minval=-r, maxval=r),
            jax.numpy.zeros(units)]


def dropout(key, x, include):
    import jax

    return jax.numpy.where(jax.random.bernoulli(key, include, x.shape), x / include, 0)


def batch_norm(p, x):
    """x: [n, h, w, c]; returns the result and the statistics of the batch."""
    from jax import numpy as np

    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    return p[0] * (x - mean) / np.sqrt(variance + 1e-5) + p[1], (mean, variance)


def convolve(w, x, stride, padding):
    import jax

    return jax.lax.conv_general_dilated(x, w, (stride, stride), [(padding, padding)] * 2,
                                        dimension_numbers=("NHWC", "HWIO", "NHWC"))


def transpose(w, x, stride, padding):
    """The gradient of convolve(w, y, ...) by y; w: [kernel, kernel, out, in].

    Its own gradients are written down, as those that JAX derives are many times slower on a CPU.
    """
    import jax

    def enlarge(w, x):
        edge = w.shape[0] - 1 - padding
        return jax.lax.conv_general_dilated(
            x, jax.numpy.flip(w, (0, 1)).swapaxes(2, 3), (1, 1), [(edge, edge)] * 2,
            lhs_dilation=(stride, stride), dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def back(saved, dy):
        w, x = saved
        _, gradient = jax.vjp(lambda w: convolve(w, dy, stride, padding), w)
        return gradient(x)[0], convolve(w, dy, stride, padding)

    function = jax.custom_vjp(enlarge)
    function.defvjp(lambda w, x: (enlarge(w, x), (w, x)), back)
    return function(w, x)


# ---- Networks: (parameters, statistics, function(parameters, x, key) -> (y, statistics)) ---------


def mnist(key):
    import jax
    from jax import numpy as np

    keys = jax.random.split(key, 6)
    g = [dense(keys[0], 100, 1200), dense(keys[1], 1200, 1200), dense(keys[2], 1200, 784)]
    d = [dense(keys[3], 784, 1200), dense(keys[4], 240, 1200), dense(keys[5], 240, 1)]

    def run_g(p, z, _):
        h = jax.nn.relu(z @ p[0][0] + p[0][1])
        h = jax.nn.relu(h @ p[1][0] + p[1][1])
        return jax.nn.sigmoid(h @ p[2][0] + p[2][1]), []

    def run_d(p, x, key):
        keys = jax.random.split(key, 3)
        for i, include in enumerate((0.8, 0.5)):
            h = dropout(keys[i], x, include) @ p[i][0] + p[i][1]
            x = np.max(h.reshape(-1, 240, 5), 2)
        return dropout(keys[2], x, 0.5) @ p[2][0] + p[2][1], []

    return (g, [], run_g), (d, [], run_d)


def toy(key):
    import jax
    from jax import numpy as np

    def run(p, x, _):
        x = np.tanh(x @ p[0][0] + p[0][1])
        x = np.tanh(x @ p[1][0] + p[1][1])
        return x @ p[2][0] + p[2][1], []

    keys = jax.random.split(key, 6)
    players = [[dense(k[0], 1, 16), dense(k[1], 16, 16), dense(k[2], 16, 1)]
               for k in (keys[:3], keys[3:])]
    return (players[0], [], run), (players[1], [], run)


def dcgan(key):
    import jax
    from jax import numpy as np

    keys = iter(jax.random.split(key, 8))

    def weights(*shape):
        return 0.02 * jax.random.normal(next(keys), shape)

    def norms(*channels):
        return [[np.ones(c), np.zeros(c)] for c in channels]

    def statistics(*channels):
        return [(np.zeros(c), np.ones(c)) for c in channels]

    g = [[weights(4, 4, 256, 100), weights(3, 3, 128, 256), weights(4, 4, 64, 128),
          weights(4, 4, 1, 64)], norms(256, 128, 64)]
    d = [[weights(4, 4, 1, 64), weights(4, 4, 64, 128), weights(4, 4, 128, 256),
          weights(3, 3, 256, 1)], norms(128, 256)]

    def run_g(p, z, _):
        seen = []
        z = np.einsum("nc,hwoc->nhwo", z, p[0][0])  # transpose() of an image of one pixel
        for i in range(3):
            z = transpose(p[0][i], z, 2, 1) if i > 0 else z
            z, batch = batch_norm(p[1][i], z)
            seen.append(batch)
            z = jax.nn.relu(z)
        return np.tanh(transpose(p[0][3], z, 2, 1)), seen

    def run_d(p, x, _):
        seen = []
        x = jax.nn.leaky_relu(convolve(p[0][0], x, 2, 1), 0.2)
        for i in (1, 2):
            x, batch = batch_norm(p[1][i - 1], convolve(p[0][i], x, 2, 1))
            seen.append(batch)
            x = jax.nn.leaky_relu(x, 0.2)
        return convolve(p[0][3], x, 1, 0).reshape(-1, 1), seen

    return (g, statistics(256, 128, 64), run_g), (d, statistics(128, 256), run_d)


# ---- Optimizers: state(parameters), update(parameters, gradient, state) --------------------------


def momentum(rate):
    import jax
    from jax import numpy as np

    def update(p, gradient, v):
        v = jax.tree.map(lambda v, d: 0.5 * v - rate * d, v, gradient)
        return jax.tree.map(lambda p, v: p + v, p, v), v

    return (lambda p: jax.tree.map(np.zeros_like, p)), update


def adam(rate, beta1, beta2):
    import jax
    from jax import numpy as np

    def update(p, gradient, state):
        m, s, t = state
        t = t + 1
        m = jax.tree.map(lambda m, d: beta1 * m + (1 - beta1) * d, m, gradient)
        s = jax.tree.map(lambda s, d: beta2 * s + (1 - beta2) * d * d, s, gradient)
        return jax.tree.map(
            lambda p, m, s: p - rate * (m / (1 - beta1 ** t)) / (
                np.sqrt(s / (1 - beta2 ** t)) + 1e-8), p, m, s), (m, s, t)

    def start(p):
        return jax.tree.map(np.zeros_like, p), jax.tree.map(np.zeros_like, p), np.float32(0)

    return start, update


# ---- The game ------------------------------------------------------------------------------------


def setting(case):
    """The players, the optimizer, noise(key, m) and data(key, m)."""
    import jax

    key = jax.random.key(0)
    if case == "toy":
        return (toy(key), momentum(0.01), lambda k, m: jax.random.normal(k, (m, 1)),
                lambda k, m: 4 + 0.5 * jax.random.normal(k, (m, 1)))
    if case == "mnist-mlp":
        digits = jax.random.uniform(key, (10000, 784))
        return (mnist(key), momentum(0.1),
                lambda k, m: jax.random.uniform(k, (m, 100), minval=-3 ** 0.5, maxval=3 ** 0.5),
                lambda k, m: digits[jax.random.randint(k, (m,), 0, len(digits))])
    pictures = jax.random.uniform(key, (10000, 28, 28, 1), minval=-1)
    return (dcgan(key), adam(2e-4, 0.5, 0.5),
            lambda k, m: jax.random.normal(k, (m, 100)),
            lambda k, m: pictures[jax.random.randint(k, (m,), 0, len(pictures))])


def make(case, _mode, _threads):  # the number of threads is that of the processors at hand
    import jax

    softplus = jax.nn.softplus
    ((g, g_seen, run_g), (d, d_seen, run_d)), (start, update), noise, data = setting(case)
    m = turns.BATCH[case]

    def follow(running, batch):
        return jax.tree.map(lambda r, b: 0.9 * r + 0.1 * b, running, batch)

    def d_loss(d, x, y, keys):
        (real, seen), (fake, _) = run_d(d, x, keys[0]), run_d(d, y, keys[1])
        return 0.5 * (softplus(-real).mean() + softplus(fake).mean()), seen

    def g_loss(g, d, z, key):
        y, seen = run_g(g, z, key)
        return softplus(-run_d(d, y, key)[0]).mean(), seen

    def step(state):
        key, g, d, of_g, of_d, g_seen, d_seen = state
        keys = jax.random.split(key, 7)
        x = data(keys[1], m)
        y, _ = run_g(g, noise(keys[2], m), keys[3])
        gradient, seen = jax.grad(d_loss, has_aux=True)(d, x, y, keys[3:5])
        d, of_d = update(d, gradient, of_d)
        d_seen = follow(d_seen, seen)
        gradient, seen = jax.grad(g_loss, has_aux=True)(g, d, noise(keys[5], m), keys[6])
        g, of_g = update(g, gradient, of_g)
        return keys[0], g, d, of_g, of_d, follow(g_seen, seen), d_seen

    compiled = jax.jit(step, donate_argnums=0)
    state = jax.random.key(1), g, d, start(g), start(d), g_seen, d_seen

    def run(steps):
        nonlocal state
        for _ in range(steps):
            state = compiled(state)
        jax.block_until_ready(state)

    return run


if __name__ == "__main__":
    turns.main(os.path.abspath(sys.argv[0]), "JAX", find, ["jit"], make)

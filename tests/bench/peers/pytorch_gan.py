"""PyTorch beside libgan: the same networks, batches and optimizers, alternating updates.

    pytorch_gan.py GAN-BENCH [--help]

Needs PyTorch (any recent one; no GPU), and a C++ compiler for the mode "compile".
"""

import os
import sys

import turns


def find():
    try:
        import torch
    except ImportError as error:
        raise turns.Missing(f"PyTorch is not installed ({error})") from None
    return torch.__version__


def networks(case):
    """Returns G, D, the optimizers' factory, noise(m) and data(m)."""
    import torch
    from torch import nn

    class Maxout(nn.Module):
        def __init__(self, inputs, units, pieces):
            super().__init__()
            self.linear = nn.Linear(inputs, units * pieces)
            self.shape = (units, pieces)

        def forward(self, x):
            return self.linear(x).unflatten(1, self.shape).amax(2)

    def momentum(rate):
        return lambda p: torch.optim.SGD(p, lr=rate, momentum=0.5)

    if case == "mnist-mlp":
        g = nn.Sequential(nn.Linear(100, 1200), nn.ReLU(), nn.Linear(1200, 1200), nn.ReLU(),
                          nn.Linear(1200, 784), nn.Sigmoid())
        d = nn.Sequential(nn.Dropout(0.2), Maxout(784, 240, 5), nn.Dropout(0.5),
                          Maxout(240, 240, 5), nn.Dropout(0.5), nn.Linear(240, 1))
        digits = torch.rand(10000, 784)
        root = 3 ** 0.5
        return (g, d, momentum(0.1), lambda m: torch.empty(m, 100).uniform_(-root, root),
                lambda m: digits[torch.randint(len(digits), (m,))])
    if case == "toy":
        def toy():
            return nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(),
                                 nn.Linear(16, 1))
        return (toy(), toy(), momentum(0.01), lambda m: torch.randn(m, 1),
                lambda m: 4 + 0.5 * torch.randn(m, 1))
    g = nn.Sequential(
        nn.ConvTranspose2d(100, 256, 4, bias=False), nn.BatchNorm2d(256), nn.ReLU(),
        nn.ConvTranspose2d(256, 128, 3, 2, 1, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, 2, 1, bias=False), nn.Tanh())
    d = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),
        nn.Conv2d(128, 256, 4, 2, 1, bias=False), nn.BatchNorm2d(256), nn.LeakyReLU(0.2),
        nn.Conv2d(256, 1, 3, bias=False), nn.Flatten())
    pictures = 2 * torch.rand(10000, 1, 28, 28) - 1
    return (g, d, lambda p: torch.optim.Adam(p, lr=2e-4, betas=(0.5, 0.5)),
            lambda m: torch.randn(m, 100, 1, 1),
            lambda m: pictures[torch.randint(len(pictures), (m,))])


def make(case, mode, threads):
    import torch
    from torch.nn.functional import softplus

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    g, d, optimizer, noise, data = networks(case)
    of_g, of_d = optimizer(g.parameters()), optimizer(d.parameters())
    m = turns.BATCH[case]

    def d_loss(x, z):
        with torch.no_grad():
            y = g(z)
        return 0.5 * (softplus(-d(x)).mean() + softplus(d(y)).mean())

    def g_loss(y):
        return softplus(-d(y)).mean()

    def new_samples(z):
        return g_loss(g(z))

    d_parameters = list(d.parameters())

    def step_d(x, z):
        of_d.zero_grad(set_to_none=True)
        d_loss(x, z).backward()

    def step_g(loss, z):
        of_g.zero_grad(set_to_none=True)
        for p in d_parameters:  # their gradients are not needed here
            p.requires_grad_(False)
        loss(z).backward()
        for p in d_parameters:
            p.requires_grad_(True)

    if mode == "compile":
        d_loss, new_samples = torch.compile(d_loss), torch.compile(new_samples)

    def run(steps):
        for _ in range(steps):
            step_d(data(m), noise(m))
            of_d.step()
            step_g(new_samples, noise(m))
            of_g.step()

    return run


if __name__ == "__main__":
    turns.main(os.path.abspath(sys.argv[0]), "PyTorch", find, ["eager", "compile"], make)

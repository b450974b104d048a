// A user's program in C++17: handles in unique_ptr, a lambda as callback.
#include <gan/gan.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace
{

struct Free {
    void operator()(gan_context *p) const
    {
        gan_context_free(p);
    }
    void operator()(gan_network *p) const
    {
        gan_network_free(p);
    }
    void operator()(gan_dataset *p) const
    {
        gan_dataset_free(p);
    }
    void operator()(gan_trainer *p) const
    {
        gan_trainer_free(p);
    }
};

template <class T> using Handle = std::unique_ptr<T, Free>;

Handle<gan_network> build(gan_context *context, const char *name)
{
    gan_network *network = nullptr;
    if (gan_network_create(context, name, &network) != GAN_OK) {
        return nullptr;
    }
    Handle<gan_network> owner(network);
    const std::int64_t dims[] = {1};
    std::int32_t h = gan_network_input(network, "input", 1, dims);
    h = gan_network_tanh(network, gan_network_dense(network, h, 8));
    if (gan_network_output(network, gan_network_dense(network, h, 1)) != GAN_OK) {
        return nullptr;
    }
    return owner;
}

int run(gan_context *context)
{
    const Handle<gan_network> G = build(context, "G"), D = build(context, "D");
    gan_dataset *data = nullptr;
    gan_trainer *trainer = nullptr;
    if (!G || !D || gan_dataset_gaussian(context, 1000, 4, 0.5, 1, &data) != GAN_OK) {
        return 1;
    }
    const Handle<gan_dataset> data_owner(data);
    if (gan_trainer_create(G.get(), D.get(), data, &trainer) != GAN_OK) {
        return 1;
    }
    const Handle<gan_trainer> trainer_owner(trainer);
    int steps = 0;
    const gan_step_fn count = [](void *user, gan_trainer *) -> std::int32_t {
        ++*static_cast<int *>(user);
        return 0;
    };
    std::vector<float> samples(10);
    if (gan_trainer_run(trainer, 5, count, &steps) != GAN_OK ||
        gan_network_sample(G.get(), 7, 10, samples.data(), 10) != GAN_OK) {
        return 1;
    }
    std::printf("C++: libgan %s, %d steps, a sample is %g\n", gan_version_text(), steps,
                static_cast<double>(samples[0]));
    return steps == 5 && std::isfinite(samples[0]) && samples[0] != samples[1] ? 0 : 1;
}

} // namespace

int main()
{
    gan_context *context = nullptr;
    if (gan_context_create(&context) != GAN_OK) {
        return 1;
    }
    const Handle<gan_context> owner(context);
    const int status = run(context);
    if (status != 0) {
        std::fprintf(stderr, "failed: %s\n", gan_context_message(context));
    }
    return status;
}

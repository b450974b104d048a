/* Prints what the library computes with here, and what comes of it: a training of convolutional
 * networks, large enough that its products are cut into bands. The script machines.sh runs it on
 * several processors and with several BLAS. One KEY=VALUE a line.
 *   machine [THREADS [STEPS [WRONG [PRODUCTS]]]]
 * WRONG is added to the first number of the data, for the script to see what it would see; PRODUCTS
 * says who makes them. */
#include <gan/gan.h>

#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 12, PIXELS = SIDE * SIDE, COUNT = 64, BATCH = 16, STEPS = 4 };

static gan_context *context;

static void check(int32_t status)
{
    if (status < 0) {
        fprintf(stderr, "%s\n", gan_context_message(context));
        exit(EXIT_FAILURE);
    }
}

static gan_network *make_generator(void)
{
    gan_network *G;
    check(gan_network_create(context, "G", &G));
    int32_t h = gan_network_input(G, "z", 1, (int64_t[]){20});
    h = gan_network_batch_norm(G, gan_network_dense(G, h, 16 * 36), 1, 1e-5, 0.1);
    h = gan_network_reshape(G, gan_network_relu(G, h), 3, (int64_t[]){16, 6, 6});
    h = gan_network_transposed_convolution(G, h, 1, (int64_t[]){4, 4}, (int64_t[]){2, 2},
                                           (int64_t[]){1, 1}, NULL, GAN_BIAS_UNTIED);
    check(gan_network_output(G, gan_network_tanh(G, h)));
    return G;
}

static gan_network *make_discriminator(void)
{
    gan_network *D;
    check(gan_network_create(context, "D", &D));
    int32_t h = gan_network_input(D, "x", 3, (int64_t[]){1, SIDE, SIDE});
    h = gan_network_convolution(D, h, 32, (int64_t[]){5, 5}, NULL, (int64_t[]){2, 2},
                                GAN_BIAS_TIED);
    h = gan_network_max_pool(D, gan_network_leaky_relu(D, h, 0.2), (int64_t[]){3, 3},
                             (int64_t[]){2, 2});
    h = gan_network_maxout(D, gan_network_dropout(D, h, 0.8), 300, 4);
    check(gan_network_output(D, gan_network_dense(D, gan_network_softplus(D, h), 1)));
    return D;
}

/* FNV-1a of the numbers' bits; prints every 101st of them. */
static void digest(const float *values, int64_t count, uint64_t *hash)
{
    const unsigned char *bytes = (const unsigned char *)values;
    for (int64_t i = 0; i < count * (int64_t)sizeof *values; i++) {
        *hash = (*hash ^ bytes[i]) * 0x100000001b3;
    }
    for (int64_t i = 0; i < count; i += 101) {
        printf(" %.9g", (double)values[i]);
    }
}

static void print_parameters(gan_network *network, uint64_t *hash)
{
    for (int32_t i = 0; i < gan_network_parameter_count(network); i++) {
        const char *parameter = gan_network_parameter_name(network, i);
        int64_t dims[GAN_RANK_MAX], elements = 1;
        int32_t rank;
        check(gan_network_parameter_shape(network, parameter, &rank, dims, GAN_RANK_MAX));
        for (int32_t j = 0; j < rank; j++) {
            elements *= dims[j];
        }
        float *values = malloc((size_t)elements * sizeof *values);
        if (values == NULL) {
            exit(EXIT_FAILURE);
        }
        check(gan_network_get_parameter(network, parameter, values, elements));
        digest(values, elements, hash);
        free(values);
    }
}

static gan_dataset *make_data(double wrong)
{
    static float x[COUNT * PIXELS];
    for (int i = 0; i < COUNT * PIXELS; i++) {
        x[i] = (float)(i * 37 % 101 + i / PIXELS * 3 % 7) / 60 - 1;
    }
    x[0] += (float)wrong;
    gan_dataset *data;
    check(gan_dataset_from_floats(context, COUNT, 3, (int64_t[]){1, SIDE, SIDE}, x, &data));
    return data;
}

int main(int argc, char **argv)
{
    static float samples[100 * PIXELS];
    check(gan_context_create(&context));
    check(gan_context_set_threads(context, argc > 1 ? atoi(argv[1]) : 1));
    check(gan_context_set_products(context, argc > 4 ? argv[4] : GAN_PRODUCTS_AUTO));
    gan_network *G = make_generator(), *D = make_discriminator();
    gan_dataset *data = make_data(argc > 3 ? atof(argv[3]) : 0);
    gan_trainer *trainer;
    check(gan_trainer_create(G, D, data, &trainer));
    gan_optimizer *optimizers[2];
    for (int i = 0; i < 2; i++) {
        check(gan_optimizer_create(context, GAN_MOMENTUM, &optimizers[i]));
        check(gan_optimizer_set_number(optimizers[i], GAN_LEARNING_RATE, 0.05));
    }
    check(gan_trainer_set_generator_optimizer(trainer, optimizers[0]));
    check(gan_trainer_set_discriminator_optimizer(trainer, optimizers[1]));
    check(gan_trainer_set_number(trainer, GAN_R1, 0.1));
    check(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, BATCH));
    check(gan_trainer_run(trainer, argc > 2 ? atoi(argv[2]) : STEPS, NULL, NULL));
    check(gan_network_sample(G, 1, 100, samples, 100 * PIXELS));

    for (int32_t i = 0; gan_backend_name(i) != NULL; i++) {
        printf("%s=%s\n", gan_backend_name(i), gan_backend_text(gan_backend_name(i)));
    }
    printf("made_by=%s\n", gan_context_products(context));
    uint64_t hash = 0xcbf29ce484222325;
    printf("numbers=");
    print_parameters(G, &hash);
    print_parameters(D, &hash);
    digest(samples, 100 * PIXELS, &hash);
    printf("\ndigest=%016llx\n", (unsigned long long)hash);

    gan_trainer_free(trainer);
    gan_optimizer_free(optimizers[0]);
    gan_optimizer_free(optimizers[1]);
    gan_dataset_free(data);
    gan_network_free(D);
    gan_network_free(G);
    gan_context_free(context);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

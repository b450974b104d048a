/* A user's program in strict C11: trains a little and draws a sample. */
#include <gan/gan.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static int failed(gan_context *context, const char *what)
{
    fprintf(stderr, "%s: %s\n", what, gan_context_message(context));
    return 1;
}

static int32_t build(gan_network *network, const char *input)
{
    int32_t h = gan_network_input(network, input, 1, (int64_t[]){1});
    h = gan_network_tanh(network, gan_network_dense(network, h, 8));
    return gan_network_output(network, gan_network_dense(network, h, 1));
}

int main(void)
{
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", GAN_VERSION_MAJOR, GAN_VERSION_MINOR,
             GAN_VERSION_PATCH);
    if (strcmp(version, gan_version_text()) != 0) {
        fprintf(stderr, "headers are %s, the library is %s\n", version, gan_version_text());
        return 1;
    }
    gan_context *context = NULL;
    if (gan_context_create(&context) != GAN_OK) {
        return failed(NULL, "context");
    }
    gan_network *G = NULL, *D = NULL;
    gan_dataset *data = NULL;
    gan_trainer *trainer = NULL;
    float samples[10];
    int status = 1;
    if (gan_network_create(context, "G", &G) != GAN_OK || build(G, "z") != GAN_OK ||
        gan_network_create(context, "D", &D) != GAN_OK || build(D, "x") != GAN_OK) {
        failed(context, "networks");
    } else if (gan_dataset_gaussian(context, 1000, 4, 0.5, 1, &data) != GAN_OK ||
               gan_trainer_create(G, D, data, &trainer) != GAN_OK) {
        failed(context, "trainer");
    } else if (gan_trainer_run(trainer, 5, NULL, NULL) != GAN_OK ||
               gan_network_sample(G, 7, 10, samples, 10) != GAN_OK) {
        failed(context, "training");
    } else if (!isfinite((double)samples[0]) || samples[0] == samples[1]) {
        fprintf(stderr, "samples %g, %g\n", (double)samples[0], (double)samples[1]);
    } else {
        printf("C: libgan %s, a sample is %g\n", version, (double)samples[0]);
        status = 0;
    }
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    gan_network_free(D);
    gan_network_free(G);
    gan_context_free(context);
    return status;
}

#include <gan/types.h>
#include <gan/version.h>

#define TEXT(x) #x
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

/* Indexed by -code. */
static const struct {
    const char *name, *text;
} errors[] = {
    {"ok", "no error"},
    {"memory", "out of memory"},
    {"argument", "invalid argument"},
    {"shape", "shapes do not fit together"},
    {"range", "number outside its range"},
    {"key", "no such name"},
    {"state", "object is not in the right state"},
    {"buffer", "buffer too small"},
    {"io", "input or output failed"},
    {"format", "malformed file"},
    {"numeric", "not a finite number"},
    {"stopped", "stopped by the caller's callback"},
    {"unsupported", "not supported"},
};

enum { ERROR_COUNT = sizeof errors / sizeof errors[0] };

const char *gan_error_name(int32_t code)
{
    return code <= 0 && code > -ERROR_COUNT ? errors[-code].name : NULL;
}

const char *gan_error_text(int32_t code)
{
    return code <= 0 && code > -ERROR_COUNT ? errors[-code].text : "unknown error";
}

int32_t gan_rank_max(void)
{
    return GAN_RANK_MAX;
}

int32_t gan_version(void)
{
    return GAN_VERSION_MAJOR * 1000000 + GAN_VERSION_MINOR * 1000 + GAN_VERSION_PATCH;
}

const char *gan_version_text(void)
{
    return VERSION(GAN_VERSION_MAJOR, GAN_VERSION_MINOR, GAN_VERSION_PATCH);
}

#define _GNU_SOURCE /* memfd_create */

#include "fuzz.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const fuzz_target *const fuzz_targets[] = {
    &fuzz_tensors, &fuzz_network, &fuzz_trainer,     &fuzz_idx,   &fuzz_gzip,    &fuzz_cifar,
    &fuzz_raw,     &fuzz_calls,   &fuzz_description, &fuzz_lines, &fuzz_columns, &fuzz_events,
    &fuzz_folder,  NULL};

void fuzz_status(const gan_context *context, int32_t status)
{
    must(status <= GAN_OK && gan_error_name(status) != NULL);
    if (status != GAN_OK) {
        const char *message = gan_context_message(context);
        must(message[0] != '\0');
        must(strpbrk(message, "\n\r\t") == NULL);
        must(strlen(message) < 1024);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

enum { BEFORE = 16 }; /* bytes before a block, which hold its size */

static void *allocate(void *user, size_t size)
{
    fuzz_heap *heap = user;
    if (heap->limit > 0 &&
        (size > (size_t)heap->limit || heap->bytes + (int64_t)size > heap->limit)) {
        return NULL;
    }
    char *memory = malloc(size + BEFORE);
    must(memory != NULL);
    memcpy(memory, &size, sizeof size);
    memset(memory + BEFORE, 0xa5, size < 4096 ? size : 4096);
    heap->blocks++;
    heap->bytes += (int64_t)size;
    heap->peak = heap->bytes > heap->peak ? heap->bytes : heap->peak;
    return memory + BEFORE;
}

static void release(void *user, void *memory)
{
    fuzz_heap *heap = user;
    char *start = (char *)memory - BEFORE;
    size_t size;
    memcpy(&size, start, sizeof size);
    heap->blocks--;
    heap->bytes -= (int64_t)size;
    free(start);
}

gan_context *fuzz_context(fuzz_heap *heap)
{
    gan_context *context;
    heap->blocks = heap->bytes = heap->peak = 0;
    must(gan_context_create_with_allocator(allocate, release, heap, &context) == GAN_OK);
    must(gan_context_set_threads(context, 1) == GAN_OK);
    return context;
}

void fuzz_end(gan_context *context, const fuzz_heap *heap)
{
    gan_context_free(context);
    must(heap->blocks == 0 && heap->bytes == 0);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static char folder[512];

static void remove_folder(void)
{
    DIR *open = opendir(folder);
    if (open != NULL) {
        for (const struct dirent *one = readdir(open); one != NULL; one = readdir(open)) {
            unlinkat(dirfd(open), one->d_name, 0);
        }
        closedir(open);
    }
    rmdir(folder);
}

const char *fuzz_path(const char *name)
{
    static char paths[8][600];
    static int turn;
    if (folder[0] == '\0') {
        const char *places[] = {"/dev/shm", getenv("TMPDIR"), "/tmp", "."};
        for (size_t i = 0; i < FUZZ_COUNT(places) && folder[0] == '\0'; i++) {
            if (places[i] != NULL && access(places[i], W_OK) == 0) {
                snprintf(folder, sizeof folder, "%s/gan-fuzz-XXXXXX", places[i]);
                folder[0] = mkdtemp(folder) != NULL ? folder[0] : '\0';
            }
        }
        must(folder[0] != '\0');
        atexit(remove_folder);
    }
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_all(int file, const uint8_t *bytes, size_t size)
{
    must(ftruncate(file, 0) == 0);
    for (size_t done = 0; done < size;) {
        const ssize_t more = pwrite(file, bytes + done, size - done, (off_t)done);
        must(more > 0);
        done += (size_t)more;
    }
}

const char *fuzz_file(const uint8_t *bytes, size_t size)
{
    static char path[600];
    static int file = -1;
    if (file < 0) {
        file = memfd_create("gan-fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        if (file < 0 || access(path, R_OK) != 0) {
            snprintf(path, sizeof path, "%s", fuzz_path("input"));
            FILE *made = fopen(path, "w+b");
            must(made != NULL);
            file = fileno(made);
        }
    }
    write_all(file, bytes, size);
    return path;
}

size_t fuzz_read(const char *path, uint8_t *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    const size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

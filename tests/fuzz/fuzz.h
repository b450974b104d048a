/* What the fuzz targets share. A target takes any bytes and aborts, with a line that says why, when
 * the library does not do with them what it promises. The same functions are driven by libFuzzer
 * (engine.c) and, over the files of the corpus, by an ordinary test (replay.c). */
#ifndef GAN_TESTS_FUZZ_H
#define GAN_TESTS_FUZZ_H

#include <gan/gan.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Targets --------------------------------------------------------------------------------- */

typedef struct {
    const char *name; /* of its folder in corpus/ */
    void (*run)(const uint8_t *bytes, size_t size);
    void (*seed)(void); /* writes files to start from, with fuzz_seed */
} fuzz_target;

extern const fuzz_target fuzz_tensors, fuzz_network, fuzz_trainer, fuzz_idx, fuzz_gzip, fuzz_cifar,
    fuzz_raw, fuzz_calls, fuzz_description, fuzz_lines, fuzz_columns, fuzz_events, fuzz_folder;

/* All of them, up to NULL. */
extern const fuzz_target *const fuzz_targets[];

/* Writes the next seed of the target at hand. */
void fuzz_seed(const void *bytes, size_t size);
void fuzz_seed_file(const char *path);

/* ---- What must hold -------------------------------------------------------------------------- */

#define must(condition)                                                                    \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

/* Checks a status: one of the codes and, if it is an error, a message of one line. */
void fuzz_status(const gan_context *context, int32_t status);

/* ---- Memory ---------------------------------------------------------------------------------- */

/* A heap that counts what is taken from it, and gives no more than `limit` bytes at a time. */
typedef struct {
    int64_t blocks, bytes, peak, limit; /* limit 0: none */
} fuzz_heap;

gan_context *fuzz_context(fuzz_heap *heap);

/* Frees the context and checks that all that was taken came back. */
void fuzz_end(gan_context *context, const fuzz_heap *heap);

/* The bytes that a file of this size may make the library take beside objects that last: see
 * the table in README.md. */
enum {
    FUZZ_OBJECTS = 16384,  /* handles, texts, lists of a small network or training */
    FUZZ_INPUT = 65536,    /* the piece of a data file that is being read */
    FUZZ_INFLATE = 50000,  /* zlib's own */
    FUZZ_EXPANSION = 1032, /* of deflate, at most */
    FUZZ_HEADER = 8,       /* times the JSON of a container */
    FUZZ_COLUMN = 128      /* times the names of a log's columns */
};

/* ---- Files ----------------------------------------------------------------------------------- */

/* A path at which these bytes can be read, until the next call. */
const char *fuzz_file(const uint8_t *bytes, size_t size);

/* A path in a folder of this process, in memory where the system has such a place; the text is
 * good until the eighth call from now. The folder is removed at the end of the process. */
const char *fuzz_path(const char *name);

/* Reads a whole file, at most `room` bytes; 0 if there is none. */
size_t fuzz_read(const char *path, uint8_t *bytes, size_t room);

/* ---- Bytes as choices ------------------------------------------------------------------------ */

typedef struct {
    const uint8_t *next, *end;
} fuzz_input;

/* The next byte, 0 when there is none left. */
static inline uint8_t fuzz_byte(fuzz_input *input)
{
    return input->next < input->end ? *input->next++ : 0;
}

static inline uint64_t fuzz_word(fuzz_input *input)
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        word = word << 8 | fuzz_byte(input);
    }
    return word;
}

#define FUZZ_COUNT(array) (sizeof(array) / sizeof *(array))
#define fuzz_choose(input, array) ((array)[fuzz_byte(input) % FUZZ_COUNT(array)])

#endif

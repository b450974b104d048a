/* Every file of the corpus through every target, whichever it was found with; without libFuzzer.
 *   replay FOLDER           FOLDER has a folder for each target; fails if one is empty
 *   replay FILE             one file, through every target
 *   replay --seeds FOLDER   writes the files that fuzzing starts from */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20 };

static uint8_t bytes[FILE_MAX];
static int64_t executions, files;

static void run_file(const char *path)
{
    const size_t size = fuzz_read(path, bytes, sizeof bytes);
    files++;
    for (int32_t i = 0; fuzz_targets[i] != NULL; i++) {
        uint8_t *exact = malloc(size + (size == 0)); /* so that reading beyond its end is seen */
        must(exact != NULL);
        memcpy(exact, bytes, size);
        fuzz_targets[i]->run(exact, size);
        free(exact);
        executions++;
    }
}

/* Returns how many files the folder of a target has. */
static int64_t run_folder(const char *root, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, name);
    struct dirent **list;
    const int count = scandir(path, &list, NULL, alphasort);
    int64_t found = 0;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", root, name, list[i]->d_name);
        if (list[i]->d_name[0] != '.') {
            run_file(path);
            found++;
        }
        free(list[i]);
    }
    if (count >= 0) {
        free(list);
    }
    return found;
}

/* ---- Seeds ----------------------------------------------------------------------------------- */

static const char *seed_folder;
static int seed_count;

void fuzz_seed(const void *content, size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/seed-%02d", seed_folder, seed_count++);
    FILE *file = fopen(path, "wb");
    must(file != NULL && fwrite(content, 1, size, file) == size && fclose(file) == 0);
}

void fuzz_seed_file(const char *path)
{
    const size_t size = fuzz_read(path, bytes, sizeof bytes);
    must(size > 0);
    fuzz_seed(bytes, size);
}

static void write_seeds(const char *root)
{
    for (int32_t i = 0; fuzz_targets[i] != NULL; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", root, fuzz_targets[i]->name);
        mkdir(path, 0777);
        seed_folder = path;
        seed_count = 0;
        fuzz_targets[i]->seed();
        printf("%s: %d seeds\n", fuzz_targets[i]->name, seed_count);
    }
}

int main(int count, char **arguments)
{
    struct stat status;
    if (count == 3 && strcmp(arguments[1], "--seeds") == 0) {
        write_seeds(arguments[2]);
        return EXIT_SUCCESS;
    }
    if (count != 2 || stat(arguments[1], &status) != 0) {
        fprintf(stderr, "usage: %s FOLDER | FILE | --seeds FOLDER\n", arguments[0]);
        return EXIT_FAILURE;
    }
    if (S_ISREG(status.st_mode)) {
        run_file(arguments[1]);
        return EXIT_SUCCESS;
    }
    bool empty = false;
    int32_t targets = 0;
    for (; fuzz_targets[targets] != NULL; targets++) {
        const char *name = fuzz_targets[targets]->name;
        const int64_t found = run_folder(arguments[1], name);
        printf("%s: %lld files\n", name, (long long)found);
        empty = empty || found == 0;
    }
    printf("%lld files through %d targets: %lld executions, nothing found\n", (long long)files,
           (int)targets, (long long)executions);
    return empty ? EXIT_FAILURE : EXIT_SUCCESS;
}

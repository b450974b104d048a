#include "files.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void hold_standard_files(void)
{
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
        /* open returns the lowest number that is free */
        if (fcntl(number, F_GETFD) == -1 && open("/dev/null", O_RDWR) != number) {
            fail("cannot open /dev/null: %s", strerror(errno));
        }
    }
}

static void make_directory(const char *path)
{
    if (mkdir(path, 0777) == 0) {
        return;
    }
    int reason = errno;
    struct stat found;
    if (stat(path, &found) != 0) {
        fail("cannot make the folder %s: %s", path, strerror(reason));
    }
    if (!S_ISDIR(found.st_mode)) {
        fail("%s is not a folder", path);
    }
}

void make_directories(const char *path)
{
    size_t length = strlen(path);
    char *part = allocate(length + 1, 1);
    memcpy(part, path, length);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        make_directory(part);
        *slash = '/';
    }
    make_directory(part);
    free(part);
}

char *join_path(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = allocate(size, 1);
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

bool file_readable(const char *path)
{
    return access(path, R_OK) == 0;
}

void require_place(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    char *folder = allocate(length + 2, 1);
    memcpy(folder, length > 0 ? path : ".", length > 0 ? length : 1);
    struct stat found;
    if (access(folder, W_OK) != 0) {
        fail("cannot write %s: %s", path, strerror(errno));
    }
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode)) {
        fail("cannot write %s: it is not a file", path);
    }
    free(folder);
}

bool is_folder(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

char *find_file(const char *directory, const char *name)
{
    static const char *const endings[] = {".gz", ""};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char file[64];
        snprintf(file, sizeof file, "%s%s", name, endings[i]);
        char *path = join_path(directory, file);
        if (file_readable(path)) {
            return path;
        }
        free(path);
    }
    return NULL;
}

FILE *create_file(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fail("cannot write %s: %s", path, strerror(errno));
    }
    return file;
}

FILE *append_file(const char *path)
{
    FILE *file = fopen(path, "a+b");
    if (file == NULL) {
        fail("cannot write %s: %s", path, strerror(errno));
    }
    if (fseek(file, -1, SEEK_END) == 0) { /* not so where it is empty */
        int last = fgetc(file);
        fseek(file, 0, SEEK_END);
        if (last != '\n') {
            fputc('\n', file);
        }
    }
    return file;
}

void flush_file(FILE *file, const char *path)
{
    errno = 0;
    if (fflush(file) != 0 || ferror(file)) {
        fail("cannot write all of %s: %s", path,
             errno != 0 ? strerror(errno) : "an earlier write failed");
    }
}

void close_file(FILE *file, const char *path)
{
    flush_file(file, path);
    if (fclose(file) != 0) {
        fail("cannot write all of %s: %s", path, strerror(errno));
    }
}

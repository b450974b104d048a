/* Folders, and files that are known to be whole once they are closed. */
#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#include <stdbool.h>
#include <stdio.h>

/* Puts /dev/null in the place of stdin, stdout and stderr where they are closed, so that no other
 * file takes their numbers. Call it first. */
void hold_standard_files(void);

/* Makes a folder and those above it, as mkdir -p does. */
void make_directories(const char *path);

/* "directory/name"; the caller frees it. */
char *join_path(const char *directory, const char *name);

/* Whether the program may read a file of that name. */
bool file_readable(const char *path);

/* Whether there is a folder of that name. */
bool is_folder(const char *path);

/* The path of the file directory/name.gz, or else of directory/name; NULL if neither is there. The
 * caller frees it. */
char *find_file(const char *directory, const char *name);

/* Ends the program if no file of that name could be written. */
void require_place(const char *path);

/* Opens a file for writing, in place of one that is there. */
FILE *create_file(const char *path);

/* Opens a file to write after what it holds, which is made to end with a line; a new one if it is
 * not there. */
FILE *append_file(const char *path);

/* Hands to the system what was written to a file; ends the program if any byte of it could not be
 * written. */
void flush_file(FILE *file, const char *path);

/* Closes it; ends the program if any byte of it could not be written. */
void close_file(FILE *file, const char *path);

#endif

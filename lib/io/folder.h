/* Folders, and files that are in the way. Implemented in file.c. */
#ifndef GAN_IO_FOLDER_H
#define GAN_IO_FOLDER_H

#include "base/context.h"

/* Is told a name; what is not GAN_OK ends the list. */
typedef int32_t (*gan__name_fn)(void *user, const char *name);

/* Lists the names in a folder, in no order, without "." and "..". Errors: ARGUMENT (path is NULL or
 * empty), IO, those of `each`. */
int32_t gan__folder_list(gan_context *context, const char *path, gan__name_fn each, void *user);

/* Removes a file; returns whether there is none of that name now. */
bool gan__file_remove(const char *path);

#endif

#include "base/zlib.h"

static voidpf allocate(voidpf context, uInt items, uInt size)
{
    return gan__allocate(context, items, size);
}

static void release(voidpf context, voidpf memory)
{
    gan__release(context, memory);
}

void gan__zlib_memory(z_stream *z, gan_context *context)
{
    z->zalloc = allocate;
    z->zfree = release;
    z->opaque = context;
}

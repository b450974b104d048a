#include "io/layout.h"

#include <string.h>
#include <zlib.h>

const gan__tensor_kind gan__tensor_kinds[GAN__TENSOR_KINDS] = {
    [GAN__TENSOR_U8] = {"U8", 1},
    [GAN__TENSOR_I64] = {"I64", 8},
    [GAN__TENSOR_F32] = {"F32", 4},
    [GAN__TENSOR_F64] = {"F64", 8},
};

int64_t gan__tensor_bytes(const gan__tensor *tensor)
{
    const uint32_t kind = (uint32_t)tensor->type;
    if (kind >= GAN__TENSOR_KINDS || tensor->rank < 0 || tensor->rank > GAN__TENSOR_RANK) {
        return -1;
    }
    int64_t elements = 1;
    for (int32_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 0) {
            return -1;
        }
        elements = gan__multiply(elements, tensor->dims[i]);
        if (elements < 0) {
            return -1;
        }
    }
    return gan__multiply(elements, gan__tensor_kinds[kind].size);
}

uint32_t gan__tensor_checksum(uint32_t crc, const void *bytes, int64_t size)
{
    const uint8_t *next = bytes;
    while (size > 0) { /* zlib counts in an unsigned int, and takes NULL for the start of one */
        const uInt part = size < 1 << 30 ? (uInt)size : 1u << 30;
        crc = (uint32_t)crc32(crc, next, part);
        next += part;
        size -= part;
    }
    return crc;
}

int32_t gan__tensors_begin(gan_context *context)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1 ? GAN_OK
                      : gan__fail(context, GAN_ERROR_UNSUPPORTED,
                                  "files of tensors are little endian, this machine is not");
}

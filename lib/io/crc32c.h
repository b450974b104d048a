/* The checksum of event files. */
#ifndef GAN_IO_CRC32C_H
#define GAN_IO_CRC32C_H

#include <stdint.h>

/* CRC-32C (Castagnoli, polynomial 0x1edc6f41) of bytes. Source: RFC 3720, appendix B.4. */
uint32_t gan__crc32c(const void *bytes, int64_t size);

#endif

/* As much of the protocol buffers' wire format as writing takes. A message is written into its
 * parent; ending it puts its length in front. */
#ifndef GAN_IO_PROTOBUF_H
#define GAN_IO_PROTOBUF_H

#include "base/buffer.h"

/* Fields of a message. */
void gan__proto_int(gan__buffer *buffer, uint32_t field, int64_t value);
void gan__proto_float(gan__buffer *buffer, uint32_t field, float value);
void gan__proto_double(gan__buffer *buffer, uint32_t field, double value);
void gan__proto_bytes(gan__buffer *buffer, uint32_t field, const void *bytes, size_t size);
void gan__proto_text(gan__buffer *buffer, uint32_t field, const char *text);

/* Starts a message, or a run of bytes; returns what ends it. */
int64_t gan__proto_begin(gan__buffer *buffer, uint32_t field);
void gan__proto_end(gan__buffer *buffer, int64_t begun);

/* The 4 or 8 bytes of a number, least first, wherever it runs. */
void gan__put_bits32(char *out, uint32_t bits);
void gan__put_bits64(char *out, uint64_t bits);

#endif

// Headers and checksums of a trace.
#include "trace/encode.h"

enum {
  HEADER_CRC_AT = 60,
  CHUNK_SIZE_AT = 8,
  CHUNK_CRC_AT = 12,
  CHUNK_TIME_AT = 16,
  CHUNK_THREAD_AT = 24,
  CHUNK_FILE_AT = 28,
};

void wx_trace_put32(uint8_t *bytes, uint32_t value) {
  for (unsigned i = 0; i < 4; i++)
    bytes[i] = (uint8_t)(value >> (8 * i));
}

void wx_trace_put64(uint8_t *bytes, uint64_t value) {
  wx_trace_put32(bytes, (uint32_t)value);
  wx_trace_put32(bytes + 4, (uint32_t)(value >> 32));
}

static uint32_t get32(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint64_t get64(const uint8_t *bytes) {
  return get32(bytes) | (uint64_t)get32(bytes + 4) << 32;
}

/// CRC-32C (Castagnoli), four bits at a time: the table has 16 entries, so that it needs no setting
/// up and stays in the cache of the recorded program.
static uint32_t crc(uint32_t sum, const uint8_t *bytes, size_t size) {
  static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
                                     0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
                                     0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                     0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
  sum = ~sum;
  for (size_t i = 0; i < size; i++) {
    sum ^= bytes[i];
    sum = (sum >> 4) ^ table[sum & 15];
    sum = (sum >> 4) ^ table[sum & 15];
  }
  return ~sum;
}

static bool equals(const uint8_t *bytes, const char *text) {
  while (*text && *bytes == (uint8_t)*text) {
    bytes++;
    text++;
  }
  return !*text;
}

static void put_text(uint8_t *bytes, const char *text) {
  while (*text)
    *bytes++ = (uint8_t)*text++;
}

void wx_trace_put_header(const WxTraceHeader *header, uint8_t bytes[WX_TRACE_HEADER]) {
  for (size_t i = 0; i < WX_TRACE_HEADER; i++)
    bytes[i] = 0;
  put_text(bytes, WX_TRACE_MAGIC);
  wx_trace_put32(bytes + 8, WX_TRACE_VERSION);
  wx_trace_put32(bytes + 12, WX_TRACE_HEADER);
  wx_trace_put32(bytes + 16, WX_TRACE_CHUNK);
  wx_trace_put32(bytes + 20, header->page_size);
  wx_trace_put32(bytes + 24, header->architecture);
  wx_trace_put32(bytes + 28, header->flags);
  wx_trace_put32(bytes + HEADER_CRC_AT, crc(0, bytes, HEADER_CRC_AT));
  wx_trace_put64(bytes + WX_TRACE_EVENTS_AT, header->events);
  wx_trace_put64(bytes + WX_TRACE_LOST_AT, header->lost);
  wx_trace_put32(bytes + WX_TRACE_LOST_ERRNO_AT, header->lost_errno);
  wx_trace_put32(bytes + WX_TRACE_ENDED_AT, header->ended_by_exit);
}

const char *wx_trace_get_header(WxTraceHeader *header, uint32_t *version,
                                const uint8_t bytes[WX_TRACE_HEADER]) {
  *version = 0;
  if (!equals(bytes, WX_TRACE_MAGIC))
    return "is no trace";
  *version = get32(bytes + 8);
  if (*version != WX_TRACE_VERSION)
    return "has a version that this program does not know";
  if (get32(bytes + HEADER_CRC_AT) != crc(0, bytes, HEADER_CRC_AT))
    return "has a damaged header";
  if (get32(bytes + 12) != WX_TRACE_HEADER || get32(bytes + 16) != WX_TRACE_CHUNK)
    return "has a header of other sizes";
  *header = (WxTraceHeader){
      .page_size = get32(bytes + 20),
      .architecture = get32(bytes + 24),
      .flags = get32(bytes + 28),
      .events = get64(bytes + WX_TRACE_EVENTS_AT),
      .lost = get64(bytes + WX_TRACE_LOST_AT),
      .lost_errno = get32(bytes + WX_TRACE_LOST_ERRNO_AT),
      .ended_by_exit = get32(bytes + WX_TRACE_ENDED_AT),
  };
  return NULL;
}

void wx_trace_open_chunk(uint32_t number, const WxTraceContext *context, uint8_t *chunk) {
  put_text(chunk, WX_TRACE_CHUNK_MAGIC);
  wx_trace_put32(chunk + 4, number);
  wx_trace_put32(chunk + CHUNK_SIZE_AT, 0);
  wx_trace_put32(chunk + CHUNK_CRC_AT, 0);
  wx_trace_put64(chunk + CHUNK_TIME_AT, context->time_ns);
  wx_trace_put32(chunk + CHUNK_THREAD_AT, context->thread);
  wx_trace_put32(chunk + CHUNK_FILE_AT, context->file);
}

static uint32_t chunk_crc(const uint8_t *chunk, size_t size) {
  uint8_t first[CHUNK_CRC_AT];
  for (size_t i = 0; i < CHUNK_SIZE_AT; i++)
    first[i] = chunk[i];
  wx_trace_put32(first + CHUNK_SIZE_AT, (uint32_t)size);
  const uint32_t sum = crc(0, first, sizeof first);
  return crc(sum, chunk + CHUNK_TIME_AT, WX_TRACE_CHUNK_HEADER - CHUNK_TIME_AT + size);
}

// Size and checksum change at once: a program killed at any moment leaves a chunk that is finished
// or not, and never looks damaged.
void wx_trace_seal_chunk(uint8_t *chunk, size_t size) {
  typedef uint64_t __attribute__((may_alias)) Pair;
  _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "one store of two fields");
  if (size == 0)
    return;
  const uint64_t sum = chunk_crc(chunk, size);
  __atomic_store_n((Pair *)(void *)(chunk + CHUNK_SIZE_AT), sum << 32 | size, __ATOMIC_RELEASE);
}

const char *wx_trace_get_chunk(const uint8_t *chunk, size_t size, uint32_t number,
                               WxTraceContext *context, size_t *events, bool *sealed) {
  if (size < WX_TRACE_CHUNK_HEADER)
    return "ends inside the header of a chunk";
  if (!equals(chunk, WX_TRACE_CHUNK_MAGIC) || get32(chunk + 4) != number)
    return "expected the header of the next chunk";
  const size_t room = size - WX_TRACE_CHUNK_HEADER;
  const size_t claimed = get32(chunk + CHUNK_SIZE_AT);
  *sealed = claimed > 0;
  *events = *sealed ? claimed : room;
  if (claimed > room)
    return "ends inside a chunk";
  if (!*sealed && get32(chunk + CHUNK_CRC_AT) != 0)
    return "the header of a chunk is damaged";
  if (*sealed && get32(chunk + CHUNK_CRC_AT) != chunk_crc(chunk, claimed))
    return "the checksum of a chunk is wrong";
  *context = (WxTraceContext){get64(chunk + CHUNK_TIME_AT), get32(chunk + CHUNK_THREAD_AT),
                              get32(chunk + CHUNK_FILE_AT)};
  return NULL;
}

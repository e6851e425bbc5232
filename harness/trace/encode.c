#include "trace/encode.h"

enum {
  KIND_MASK = 15,
  HAS_THREAD = 1 << 4,
  HAS_GROWTH = 1 << 5,
  HAS_MARK = 1 << 6,
  HAS_FILE = 1 << 7,
  PAGE_SHIFT = 12,
};

static const struct {
  const char *name;
  const char *fields;
} kinds[WX_TRACE_KIND_LIMIT] = {
#define KIND_ROW(number, identifier, name, fields) [number] = {name, fields},
    WX_TRACE_KINDS(KIND_ROW)
#undef KIND_ROW
};

const char *wx_trace_kind_name(unsigned kind) {
  return kind < WX_TRACE_KIND_LIMIT ? kinds[kind].name : NULL;
}

/* Writing
 * -------------------------------------------------------------------------------------------------
 */

static uint8_t *put(uint8_t *at, uint64_t value) {
  for (; value > 0x7f; value >>= 7)
    *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

static uint64_t zigzag(int64_t value) {
  return value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;
}

static uint8_t *put_extents(uint8_t *at, const WxTraceEvent *event) {
  uint32_t count = event->extent_count;
  if (count > WX_TRACE_MOST_EXTENTS)
    count = WX_TRACE_MOST_EXTENTS;
  uint64_t end = event->offset;
  at = put(at, count);
  for (uint32_t i = 0; i < count; i++) {
    at = put(at, (event->extents[i].offset - end) >> PAGE_SHIFT);
    at = put(at, event->extents[i].size >> PAGE_SHIFT);
    end = event->extents[i].offset + event->extents[i].size;
  }
  return at;
}

static uint8_t *put_field(uint8_t *at, char field, const WxTraceEvent *event) {
  switch (field) {
  case 'o':
    return put(at, event->offset >> PAGE_SHIFT);
  case 's':
    return put(at, event->size >> PAGE_SHIFT);
  case 'p':
    return put(at, event->protection);
  case 'v':
    return put(at, event->value);
  default:
    return put_extents(at, event);
  }
}

size_t wx_trace_encode(const WxTraceEvent *event, WxTraceContext *context, uint8_t *bytes) {
  const uint64_t now = event->time_ns > context->time_ns ? event->time_ns : context->time_ns;
  const bool thread = event->thread != context->thread;
  const bool file = event->file != context->file;
  const int64_t growth = event->growth / WX_TRACE_PAGE;
  bytes[0] =
      (uint8_t)((unsigned)event->kind | (thread ? HAS_THREAD : 0U) | (growth ? HAS_GROWTH : 0U) |
                (event->mark ? HAS_MARK : 0U) | (file ? HAS_FILE : 0U));
  uint8_t *at = put(bytes + 1, now - context->time_ns);
  if (thread)
    at = put(at, event->thread);
  if (file)
    at = put(at, event->file);
  if (growth)
    at = put(at, zigzag(growth));
  for (const char *field = kinds[event->kind & KIND_MASK].fields; field && *field; field++)
    at = put_field(at, *field, event);
  *context = (WxTraceContext){now, event->thread, event->file};
  return (size_t)(at - bytes);
}

/* Reading
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  const uint8_t *at;
  const uint8_t *end;
  int failure; ///< 0, WX_TRACE_CUT or WX_TRACE_GARBAGE; the first one stays.
} Input;

static uint64_t fail(Input *input, int failure) {
  if (!input->failure)
    input->failure = failure;
  return 0;
}

static uint64_t get(Input *input) {
  uint64_t value = 0;
  for (unsigned shift = 0; !input->failure; shift += 7) {
    if (input->at == input->end)
      return fail(input, WX_TRACE_CUT);
    const uint8_t byte = *input->at++;
    const uint64_t bits = byte & 0x7f;
    if (shift > 63 || (shift == 63 && bits > 1))
      return fail(input, WX_TRACE_GARBAGE);
    value |= bits << shift;
    if (!(byte & 0x80))
      return value;
  }
  return 0;
}

static uint64_t get_up_to(Input *input, uint64_t most) {
  const uint64_t value = get(input);
  return value <= most ? value : fail(input, WX_TRACE_GARBAGE);
}

/// A number of pages as bytes, small enough that two of them can be added.
static uint64_t get_pages(Input *input) {
  return get_up_to(input, (uint64_t)1 << (61 - PAGE_SHIFT)) << PAGE_SHIFT;
}

static int64_t get_growth(Input *input) {
  const uint64_t value = get_up_to(input, (uint64_t)1 << (62 - PAGE_SHIFT));
  return (int64_t)((value >> 1) ^ (0 - (value & 1))) * WX_TRACE_PAGE;
}

static void get_extents(Input *input, WxTraceEvent *event) {
  const uint32_t count = (uint32_t)get_up_to(input, WX_TRACE_MOST_EXTENTS);
  const uint64_t last = event->offset + event->size;
  uint64_t end = event->offset;
  for (uint32_t i = 0; i < count && !input->failure; i++) {
    const uint64_t gap = get_pages(input);
    const uint64_t size = get_pages(input);
    if (gap > last - end || size == 0 || size > last - end - gap)
      fail(input, WX_TRACE_GARBAGE);
    event->extents[i] = (WxTraceExtent){end + gap, size};
    end += gap + size;
  }
  event->extent_count = count;
}

static void get_field(Input *input, char field, WxTraceEvent *event) {
  switch (field) {
  case 'o':
    event->offset = get_pages(input);
    break;
  case 's':
    event->size = get_pages(input);
    break;
  case 'p':
    event->protection = (uint8_t)get_up_to(input, 7);
    break;
  case 'v':
    event->value = get(input);
    break;
  default:
    get_extents(input, event);
    break;
  }
}

int wx_trace_decode(WxTraceEvent *event, WxTraceContext *context, const uint8_t *bytes,
                    size_t size) {
  if (size == 0 || bytes[0] == 0)
    return 0;
  const uint8_t first = bytes[0];
  const char *fields = kinds[first & KIND_MASK].fields;
  if (!fields)
    return WX_TRACE_GARBAGE;
  Input input = {bytes + 1, bytes + size, 0};
  event->kind = (WxTraceKind)(first & KIND_MASK);
  event->mark = first & HAS_MARK;
  event->time_ns = context->time_ns + get_up_to(&input, UINT64_MAX - context->time_ns);
  event->thread = first & HAS_THREAD ? (uint32_t)get_up_to(&input, UINT32_MAX) : context->thread;
  event->file = first & HAS_FILE ? (uint32_t)get_up_to(&input, UINT32_MAX) : context->file;
  event->growth = first & HAS_GROWTH ? get_growth(&input) : 0;
  event->offset = event->size = event->value = 0;
  event->protection = 0;
  event->extent_count = 0;
  for (const char *field = fields; *field; field++)
    get_field(&input, *field, event);
  if (input.failure)
    return input.failure;
  *context = (WxTraceContext){event->time_ns, event->thread, event->file};
  return (int)(input.at - bytes);
}

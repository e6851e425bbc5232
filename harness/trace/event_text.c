#include "trace/event_text.h"

#include "trace/encode.h"

#include <errno.h>

static void print_extents(const WxTraceEvent *event, FILE *stream) {
  fputs(" extents", stream);
  for (uint32_t i = 0; i < event->extent_count; i++)
    fprintf(stream, "%c%ju+%ju", i ? ',' : ' ', (uintmax_t)event->extents[i].offset,
            (uintmax_t)event->extents[i].size);
}

int wx_trace_print(const WxTraceEvent *event, FILE *stream) {
  const bool has_range = event->kind != WX_TRACE_FILE && event->kind != WX_TRACE_FORK;
  fprintf(stream, "%ju %u %s", (uintmax_t)event->time_ns, event->thread,
          wx_trace_kind_name(event->kind));
  if (event->file > 0)
    fprintf(stream, " file %u", event->file);
  if (has_range)
    fprintf(stream, " at %ju size %ju", (uintmax_t)event->offset, (uintmax_t)event->size);
  if (event->kind == WX_TRACE_COMMIT || event->kind == WX_TRACE_OTHER)
    fprintf(stream, " protection %c%c%c", event->protection & 4 ? 'r' : '-',
            event->protection & 2 ? 'w' : '-', event->protection & 1 ? 'x' : '-');
  if (event->mark)
    fputs(" mark", stream);
  if (event->growth != 0)
    fprintf(stream, " grew %jd", (intmax_t)event->growth);
  if (!has_range || event->kind == WX_TRACE_EXTENTS || event->kind == WX_TRACE_OTHER)
    fprintf(stream, " value %ju", (uintmax_t)event->value);
  if (event->kind == WX_TRACE_EXTENTS)
    print_extents(event, stream);
  fputc('\n', stream);
  return ferror(stream) ? -EIO : 0;
}

#include "output/progress.h"

#include "output/shown.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_NS = 1000000000, BETWEEN_NS = 100000000 };

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

WxProgress wx_progress_begin(bool quiet) {
  return (WxProgress){.wanted = !quiet && isatty(STDERR_FILENO), .next_ns = now_ns() + FIRST_NS};
}

void wx_progress_show(WxProgress *progress, const char *format, ...) {
  if (!progress->wanted)
    return;
  const uint64_t now = now_ns();
  if (now < progress->next_ns)
    return;
  progress->next_ns = now + BETWEEN_NS;
  progress->shown = true;
  char text[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  char *shown = wx_shown(text);
  fprintf(stderr, "\r\033[K%s", shown ? shown : "");
  fflush(stderr);
  free(shown);
}

void wx_progress_end(WxProgress *progress) {
  if (progress->shown)
    fputs("\r\033[K", stderr);
  progress->shown = false;
}

#include "preload/giveback.h"

#include <asm/errno.h>

/// What a failed punch means, and what to do.
static const struct {
  int error;
  const char *name;
  const char *advice;
} failures[] = {
    {EPERM, "EPERM", "the file is sealed, or a seccomp profile forbids fallocate(): permit it"},
    {EACCES, "EACCES", "a security module or a seccomp profile forbids fallocate(): permit it"},
    {ENOSYS, "ENOSYS", "a sandbox has no fallocate(): set DOTNET_EnableWriteXorExecute=0 there"},
    {EOPNOTSUPP, "EOPNOTSUPP",
     "this kernel cannot punch shared memory: set DOTNET_EnableWriteXorExecute=0 there"},
    {ENOMEM, "ENOMEM", "the kernel had no memory: nothing to do, later releases are tried again"},
    {EINTR, "EINTR", "a signal came in between: nothing to do, later releases are tried again"},
    {EBADF, "EBADF", "the program closed the file meanwhile: nothing to do"},
};

typedef struct {
  char *text;
  size_t length;
  size_t capacity;
} Line;

static void put_text(Line *line, const char *text) {
  while (*text && line->length < line->capacity)
    line->text[line->length++] = *text++;
}

static void put_number(Line *line, uint64_t value) {
  char digits[21];
  size_t at = sizeof digits - 1;
  digits[at] = '\0';
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  put_text(line, digits + at);
}

static void put_counted(Line *line, const char *before, uint64_t value, const char *after) {
  put_text(line, before);
  put_number(line, value);
  put_text(line, after);
}

static void put_failure(Line *line, int error) {
  for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
    if (failures[i].error != error)
      continue;
    put_text(line, ", the first by ");
    put_text(line, failures[i].name);
    put_text(line, ": ");
    put_text(line, failures[i].advice);
    return;
  }
  put_counted(line, ", the first by errno ", (uint64_t)error,
              ", which was not expected: report it");
}

size_t wx_giveback_report(const WxGivebackCounts *counts, uint32_t pid, char *text,
                          size_t capacity) {
  Line line = {.text = text, .capacity = capacity};
  put_counted(&line, "libwxreclaim[", pid, "]: ");
  put_counted(&line, "", counts->given_back, " bytes given back, ");
  put_counted(&line, "", counts->releases, " releases recognised, ");
  put_counted(&line, "", counts->empty, " were empty already, ");
  put_counted(&line, "", counts->dirty, " not zero and left alone, ");
  put_counted(&line, "", counts->failed, " failed");
  if (counts->failed)
    put_failure(&line, counts->error);
  put_text(&line, counts->aside ? "; stepped aside: the program punches its file itself\n" : "\n");
  return line.length;
}

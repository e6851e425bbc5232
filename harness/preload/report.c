#include "preload/giveback.h"

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

size_t wx_giveback_report(const WxGiveback *state, int pid, char *text, size_t capacity) {
  Line line = {.text = text, .capacity = capacity};
  put_counted(&line, "libwxreclaim[", (uint64_t)pid, "]: ");
  if (!state->seen) {
    put_text(&line, "no memfd:doublemapper here (not .NET, or W^X is off): nothing done\n");
    return line.length;
  }
  if (state->releases == 0) {
    put_text(&line, "memfd:doublemapper seen, but nothing was released as .NET 8 to 10 do it: "
                    "nothing done");
  } else {
    put_counted(&line, "", state->given_back, " bytes given back, ");
    put_counted(&line, "", state->releases, " releases recognised, ");
    put_counted(&line, "", state->empty, " were empty already, ");
    put_counted(&line, "", state->dirty, " not zero and left alone, ");
    put_counted(&line, "", state->failed, " failed");
  }
  put_text(&line, state->aside ? "; stepped aside: the program punches its file itself\n" : "\n");
  return line.length;
}

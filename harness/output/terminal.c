#include "output/terminal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>

// A number of columns, at most what a terminal can have; 0 where the text is none.
static size_t columns_of(const char *text) {
  char *end;
  if (!text || *text < '1' || *text > '9')
    return 0;
  errno = 0;
  const unsigned long columns = strtoul(text, &end, 10);
  if (*end || errno)
    return 0;
  return columns < USHRT_MAX ? columns : USHRT_MAX;
}

size_t wx_terminal_columns(int fd) {
  struct winsize size = {0};
  const size_t told = columns_of(getenv("COLUMNS"));
  if (told)
    return told;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

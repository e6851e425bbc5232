#include "cli/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

// A number of columns, 0 where the text is none.
static size_t columns_of(const char *text) {
  char *end;
  if (!text || *text < '1' || *text > '9')
    return 0;
  errno = 0;
  const unsigned long columns = strtoul(text, &end, 10);
  return *end || errno ? 0 : columns;
}

size_t wx_cli_columns(int fd) {
  struct winsize size = {0};
  const size_t told = columns_of(getenv("COLUMNS"));
  if (told)
    return told;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

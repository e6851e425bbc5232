#include "support/written.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void written_bytes(char path[WRITTEN_PATH], const char *bytes, size_t size) {
  snprintf(path, WRITTEN_PATH, "/tmp/wxbench-test-XXXXXX");
  const int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  for (size_t done = 0; done < size;) {
    const ssize_t put = write(fd, bytes + done, size - done);
    ck_assert_int_gt(put, 0);
    done += (size_t)put;
  }
  ck_assert_int_eq(close(fd), 0);
}

void written_text(char path[WRITTEN_PATH], const char *text) {
  written_bytes(path, text, strlen(text));
}

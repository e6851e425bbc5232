#include "os/text.h"

#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 * 1024, ENTRIES_SIZE = 8 * 1024 };

static int reserve(WxText *text, size_t capacity) {
  if (capacity <= text->capacity)
    return 0;
  char *data = realloc(text->data, capacity);
  if (!data)
    return -ENOMEM;
  text->data = data;
  text->capacity = capacity;
  return 0;
}

static int read_all(WxText *text, int fd, size_t most) {
  for (;;) {
    if (text->length > most)
      return -EFBIG;
    const size_t wanted = text->capacity ? text->capacity * 2 : FIRST_CAPACITY;
    if (text->length + 1 >= text->capacity && reserve(text, wanted))
      return -ENOMEM;
    const ssize_t got =
        wx_os_read(fd, text->data + text->length, text->capacity - text->length - 1);
    if (got < 0)
      return (int)got;
    if (got == 0)
      return 0;
    text->length += (size_t)got;
  }
}

int wx_text_read(WxText *text, const char *path) {
  return wx_text_read_most(text, path, SIZE_MAX);
}

int wx_text_read_most(WxText *text, const char *path, size_t most) {
  const int fd = wx_os_open(path, O_RDONLY, 0);
  text->length = 0;
  const int result = fd < 0 ? fd : read_all(text, fd, most);
  if (fd >= 0)
    wx_os_close_reader(fd);
  if (result)
    text->length = 0;
  if (text->data)
    text->data[text->length] = '\0';
  return result;
}

int wx_text_write(const char *path, const char *text) {
  const int fd = wx_os_open(path, O_WRONLY, 0);
  if (fd < 0)
    return fd;
  const ssize_t put = wx_os_write(fd, text, strlen(text));
  wx_os_close_reader(fd);
  return put < 0 ? (int)put : 0;
}

bool wx_text_is_equal(const WxText *one, const WxText *other) {
  return one->length == other->length &&
         (one->length == 0 || memcmp(one->data, other->data, one->length) == 0);
}

void wx_text_free(WxText *text) {
  free(text->data);
  *text = (WxText){0};
}

// The number that the whole of `name` spells, or -1.
static long whole_number(const char *name) {
  char *end;
  errno = 0;
  const long number = strtol(name, &end, 10);
  return *name >= '0' && *name <= '9' && *end == '\0' && errno == 0 ? number : -1;
}

static int visit_entries(const char *buffer, size_t length, int (*visit)(long, void *),
                         void *context) {
  for (size_t at = 0; at < length;) {
    const struct dirent64 *entry = (const void *)(buffer + at);
    const long number = whole_number(entry->d_name);
    const int result = number >= 0 ? visit(number, context) : 0;
    if (result)
      return result;
    at += entry->d_reclen;
  }
  return 0;
}

int wx_directory_numbers(const char *path, int (*visit)(long number, void *context),
                         void *context) {
  const int directory = wx_os_open(path, O_RDONLY | O_DIRECTORY, 0);
  if (directory < 0)
    return directory;
  _Alignas(struct dirent64) char entries[ENTRIES_SIZE];
  int result = 0;
  while (result == 0) {
    const ssize_t got = wx_os_getdents(directory, entries, ENTRIES_SIZE);
    if (got <= 0) {
      result = (int)got;
      break;
    }
    result = visit_entries(entries, (size_t)got, visit, context);
  }
  wx_os_close_reader(directory);
  return result;
}

bool wx_text_starts_with(const char *text, const char *prefix) {
  return !strncmp(text, prefix, strlen(prefix));
}

static ssize_t append(void *cookie, const char *bytes, size_t size) {
  WxText *text = cookie;
  const size_t needed = text->length + size + 1;
  const size_t doubled = 2 * text->capacity;
  if (needed > text->capacity && reserve(text, needed > doubled ? needed : doubled))
    return 0; // The stream remembers it.
  memcpy(text->data + text->length, bytes, size);
  text->length += size;
  text->data[text->length] = '\0';
  return (ssize_t)size;
}

FILE *wx_text_stream(WxText *text) {
  return fopencookie(text, "w", (cookie_io_functions_t){.write = append});
}

int wx_text_stream_end(FILE *stream, WxText *text) {
  bool lost = fflush(stream) || ferror(stream);
  lost = fclose(stream) || lost;
  if (!lost && !text->data) // Nothing was written.
    text->data = calloc(1, 1);
  if (!lost && text->data)
    return 0;
  wx_text_free(text);
  return -ENOMEM;
}

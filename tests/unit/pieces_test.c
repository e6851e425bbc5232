// Reading piece by piece: all bytes in order, failures of any read, and an end before the end.
#include "measure/pieces.h"
#include "os/count.h"
#include "support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = 3 * 1024 * 1024 };

static int make_file(void) {
  const int fd = memfd_create("pieces", 0);
  ck_assert_int_ge(fd, 0);
  uint32_t block[1024];
  for (uint32_t at = 0; at < SIZE / 4; at += 1024) {
    for (uint32_t i = 0; i < 1024; ++i)
      block[i] = at + i;
    ck_assert_int_eq(write(fd, block, sizeof block), sizeof block);
  }
  ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

// Reads to the end and keeps `kept` bytes of each piece. Returns what the last read returned.
static ssize_t read_all(WxPieces *pieces, size_t kept, size_t *total) {
  char *piece = NULL;
  size_t left = 0;
  for (*total = 0;;) {
    const ssize_t got = wx_pieces_next(pieces, left, &piece);
    if (got <= 0)
      return got;
    ck_assert_uint_gt((size_t)got, left);
    // One assertion a piece: each of them writes to the test's log.
    size_t wrong = 0;
    for (size_t i = 0; i < (size_t)got; ++i) {
      const size_t place = *total - left + i;
      wrong += (unsigned char)piece[i] != (unsigned char)((uint32_t)(place / 4) >> 8 * (place % 4));
    }
    ck_assert_uint_eq(wrong, 0);
    *total += (size_t)got - left;
    memset(piece, 0, (size_t)got - (kept < (size_t)got ? kept : (size_t)got));
    piece[got] = 0; // Both are allowed.
    left = kept < (size_t)got ? kept : (size_t)got;
  }
}

START_TEST(all_bytes_come_in_order_whatever_is_kept) {
  static const size_t kept[] = {0, 1, 4096, 50003};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; ++i) {
    WxPieces pieces = {.fd = make_file()};
    size_t total;
    ck_assert_int_eq(read_all(&pieces, kept[i], &total), 0);
    ck_assert_uint_eq(total, SIZE);
    wx_pieces_end(&pieces);
    close(pieces.fd);
  }
}
END_TEST

START_TEST(more_than_is_allowed_is_never_kept) {
  WxPieces pieces = {.fd = make_file()};
  char *piece = NULL;
  ck_assert_int_gt(wx_pieces_next(&pieces, 0, &piece), 0);
  ck_assert_int_gt(wx_pieces_next(&pieces, WX_PIECE_MAX, &piece), WX_PIECE_MAX);
  ck_assert_int_eq(wx_pieces_next(&pieces, WX_PIECE_MAX + 1, &piece), -E2BIG);
  wx_pieces_end(&pieces);
  close(pieces.fd);
}
END_TEST

START_TEST(a_read_that_fails_is_reported) {
  for (uint64_t nth = 1; nth < 30; nth += 3) {
    WxPieces pieces = {.fd = make_file()};
    size_t total;
    wx_os_inject(WX_OS_READ, nth, EIO);
    const ssize_t result = read_all(&pieces, 0, &total);
    ck_assert_int_eq(result, wx_os_inject_end() ? -EIO : 0);
    wx_pieces_end(&pieces);
    close(pieces.fd);
  }
}
END_TEST

START_TEST(a_byte_order_mark_is_left_out_and_utf_16_is_given_as_ascii) {
  static const struct {
    const char *bytes;
    size_t size;
  } files[] = {{"7f\n", 3},
               {"\xef\xbb\xbf\x37\x66\n", 6},
               {"\xff\xfe\x37\0f\0\n", 8},
               {"\xfe\xff\0\x37\0f\0\n", 8}};
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    char *piece = NULL;
    WxPieces pieces = {.fd = memfd_create("pieces", 0)};
    ck_assert_int_eq(pwrite(pieces.fd, files[i].bytes, files[i].size, 0), (ssize_t)files[i].size);
    ck_assert_int_eq(wx_pieces_next(&pieces, 0, &piece), 3);
    ck_assert_int_eq(memcmp(piece, "7f\n", 3), 0);
    ck_assert_int_eq(wx_pieces_next(&pieces, 0, &piece), 0);
    wx_pieces_end(&pieces);
    close(pieces.fd);
  }
}
END_TEST

START_TEST(an_end_before_the_end_of_the_file_frees_all) {
  for (size_t reads = 0; reads < 20; ++reads) {
    char *piece = NULL;
    WxPieces pieces = {.fd = make_file()};
    for (size_t i = 0; i < reads; ++i)
      ck_assert_int_gt(wx_pieces_next(&pieces, 0, &piece), 0);
    wx_pieces_end(&pieces);
    close(pieces.fd);
  }
}
END_TEST

WX_TEST_MAIN("pieces", all_bytes_come_in_order_whatever_is_kept, more_than_is_allowed_is_never_kept,
             a_read_that_fails_is_reported,
             a_byte_order_mark_is_left_out_and_utf_16_is_given_as_ascii,
             an_end_before_the_end_of_the_file_frees_all)

// PE images: found by headers in both layouts, named by their metadata; every bare MZ explained.
#include "attribution/images.h"
#include "attribution/pe.h"
#include "support/pe_image.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BASE UINT64_C(0x7f3fc44f0000)

// Memory with some bytes at BASE, and nothing elsewhere.
typedef struct {
  unsigned char *bytes;
  size_t size;
} Bytes;

static ssize_t read_bytes(void *context, uint64_t address, void *buffer, size_t size) {
  const Bytes *memory = context;
  if (address < BASE || address - BASE >= memory->size)
    return -EFAULT;
  const size_t left = memory->size - (size_t)(address - BASE);
  const size_t count = size < left ? size : left;
  memcpy(buffer, memory->bytes + (address - BASE), count);
  return (ssize_t)count;
}

typedef struct {
  WxPeImage image;
  WxMzHit hit;
  size_t images, hits;
} Found;

static int take_image(const WxPeImage *image, void *context) {
  Found *found = context;
  found->image = *image;
  ++found->images;
  return 0;
}

static int take_letters(const WxMzHit *hit, void *context) {
  Found *found = context;
  found->hit = *hit;
  ++found->hits;
  return 0;
}

static Found search(Bytes *bytes, uint64_t start, uint64_t end) {
  Found found = {0};
  const WxMemory memory = {read_bytes, bytes};
  const WxPeVisitor visitor = {take_image, take_letters, &found};
  ck_assert_int_eq(wx_pe_search(&memory, start, end, &visitor), 0);
  return found;
}

static void check_image(int mapped) {
  const size_t size = mapped ? WX_TEST_IMAGE_LOADED : WX_TEST_IMAGE;
  Bytes bytes = {calloc(1, size + 0x1000), size + 0x1000};
  wx_test_image(bytes.bytes + 0x100, mapped);
  const Found found = search(&bytes, BASE, BASE + bytes.size);
  ck_assert_uint_eq(found.images, 1);
  ck_assert_uint_eq(found.hits, 0);
  ck_assert_uint_eq(found.image.address, BASE + 0x100);
  ck_assert(found.image.managed && found.image.mapped == (mapped != 0));
  ck_assert_uint_eq(found.image.bytes, size);
  ck_assert_str_eq(found.image.name, "Plugin");
  for (size_t i = 0; i < 4; ++i)
    ck_assert_uint_eq(found.image.version[i], i + 1);
  free(bytes.bytes);
}

START_TEST(an_assembly_is_found_and_named_as_in_the_file_and_as_loaded) {
  check_image(0);
  check_image(1);
}
END_TEST

// The three hits of the published case.
static const struct {
  unsigned offset;
  unsigned char bytes[12];
  WxMzReason reason;
  uint64_t pointer;
  unsigned byte;
} hits[] = {
    {0x2989,
     {0x4d, 0x5a, 0x3c, 0x40, 0x7f, 0, 0, 0xb1, 5, 0, 0, 0x94},
     WX_MZ_POINTER,
     0x7f403c5a4d00,
     1},
    {0x3c61, {0x4d, 0x5a, 0xc4, 0x3f, 0x7f}, WX_MZ_POINTER, 0x7f3fc45a4d00, 1},
    {0x9ce4, {0x4d, 0x5a}, WX_MZ_NUMBER, 0, 0},
};

START_TEST(the_published_letters_are_explained) {
  for (size_t i = 0; i < sizeof hits / sizeof *hits; ++i) {
    Bytes bytes = {calloc(1, 0x10000), 0x10000};
    memcpy(bytes.bytes + hits[i].offset, hits[i].bytes, sizeof hits[i].bytes);
    const Found found = search(&bytes, BASE, BASE + bytes.size);
    ck_assert_uint_eq(found.images, 0);
    ck_assert_uint_eq(found.hits, 1);
    ck_assert_uint_eq(found.hit.address, BASE + hits[i].offset);
    ck_assert_int_eq(found.hit.reason, hits[i].reason);
    ck_assert_uint_eq(found.hit.pointer, hits[i].pointer);
    ck_assert_uint_eq(found.hit.byte, hits[i].byte);
    free(bytes.bytes);
  }
}
END_TEST

START_TEST(letters_in_text_and_headers_without_a_signature_are_told_apart) {
  Bytes bytes = {calloc(1, 0x1000), 0x1000};
  memcpy(bytes.bytes + 0x10, "some MZ text", 12);
  ck_assert_int_eq(search(&bytes, BASE, BASE + bytes.size).hit.reason, WX_MZ_TEXT);
  memset(bytes.bytes, 0, bytes.size);
  memcpy(bytes.bytes + 0x100, "MZ\x90\0\x03", 5);
  const Found found = search(&bytes, BASE, BASE + bytes.size);
  ck_assert_uint_eq(found.images, 0);
  ck_assert_int_eq(found.hit.reason, WX_MZ_NO_HEADER);
  free(bytes.bytes);
}
END_TEST

START_TEST(a_letter_alone_is_nothing) {
  Bytes bytes = {calloc(1, 0x1000), 0x1000};
  memcpy(bytes.bytes + 0x100, "M", 1);
  memcpy(bytes.bytes + 0x200, "ZM", 2);
  memcpy(bytes.bytes + 0x300, "MAZE", 4);
  bytes.bytes[bytes.size - 1] = 'M';
  const Found found = search(&bytes, BASE, BASE + bytes.size);
  ck_assert_uint_eq(found.images, 0);
  ck_assert_uint_eq(found.hits, 0);
  free(bytes.bytes);
}
END_TEST

START_TEST(an_image_across_windows_and_behind_a_hole_is_found) {
  const size_t size = 3 << 20;
  Bytes bytes = {calloc(1, size), size};
  wx_test_image(bytes.bytes + (1 << 20) - 0x10, 0);
  const Found found = search(&bytes, BASE - 0x5000, BASE + size + 0x5000);
  ck_assert_uint_eq(found.images, 1);
  ck_assert_str_eq(found.image.name, "Plugin");
  free(bytes.bytes);
}
END_TEST

START_TEST(an_image_cut_anywhere_or_with_any_byte_changed_is_survived) {
  for (size_t length = 0; length <= WX_TEST_IMAGE; ++length) {
    Bytes bytes = {malloc(WX_TEST_IMAGE), WX_TEST_IMAGE};
    wx_test_image(bytes.bytes, 0);
    bytes.size = length;
    bytes.bytes = realloc(bytes.bytes, length ? length : 1);
    const Found found = search(&bytes, BASE, BASE + WX_TEST_IMAGE);
    ck_assert_uint_le(found.images, 1);
    free(bytes.bytes);
  }
  for (size_t at = 0; at < WX_TEST_IMAGE; ++at) {
    Bytes bytes = {malloc(WX_TEST_IMAGE), WX_TEST_IMAGE};
    wx_test_image(bytes.bytes, 0);
    bytes.bytes[at] = 0xff;
    ck_assert_uint_le(search(&bytes, BASE, BASE + WX_TEST_IMAGE).images, 1);
    free(bytes.bytes);
  }
}
END_TEST

START_TEST(an_image_is_written_out_as_it_is) {
  Bytes bytes = {malloc(WX_TEST_IMAGE), WX_TEST_IMAGE};
  wx_test_image(bytes.bytes, 0);
  const Found found = search(&bytes, BASE, BASE + WX_TEST_IMAGE);
  const WxMemory memory = {read_bytes, &bytes};
  const WxImagePlace place = {&memory, "test"};
  char folder[] = "/tmp/wxbench-pe-XXXXXX", path[64], back[WX_TEST_IMAGE + 1];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/image.dll", folder);
  ck_assert_int_eq(wx_image_write(&found.image, &place, path), 0);
  FILE *file = fopen(path, "re");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fread(back, 1, sizeof back, file), WX_TEST_IMAGE);
  ck_assert_mem_eq(back, bytes.bytes, WX_TEST_IMAGE);
  fclose(file);
  ck_assert_int_eq(wx_image_write(&found.image, &place, path), -EEXIST);
  unlink(path);
  rmdir(folder);
  free(bytes.bytes);
}
END_TEST

WX_TEST_MAIN("pe", a_letter_alone_is_nothing,
             an_assembly_is_found_and_named_as_in_the_file_and_as_loaded,
             the_published_letters_are_explained,
             letters_in_text_and_headers_without_a_signature_are_told_apart,
             an_image_across_windows_and_behind_a_hole_is_found,
             an_image_cut_anywhere_or_with_any_byte_changed_is_survived,
             an_image_is_written_out_as_it_is)

// Cores of each writer, their odd forms, damage, and truncation at every byte.
#include "attribution/core.h"
#include "attribution/core_space.h"
#include "attribution/core_writer.h"
#include "support/suite.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, RW = WX_READ | WX_WRITE, RX = WX_READ | WX_EXECUTE };

static const char own[] = "/memfd:doublemapper (deleted)";
static const WxMapping mappings[] = {
    {.start = 0x400000, .end = 0x402000, .protection = WX_READ, .inode = 7, .path = "/usr/bin/a b"},
    {.start = 0x402000,
     .end = 0x404000,
     .offset = 0x2000,
     .protection = RX,
     .inode = 7,
     .path = "/usr/bin/a b"},
    {.start = 0x7f0000000000,
     .end = 0x7f0000002000,
     .offset = 0x30000,
     .protection = RX,
     .inode = 9,
     .shared = true,
     .path = own},
    {.start = 0x7f0000002000,
     .end = 0x7f0000004000,
     .offset = 0x32000,
     .inode = 9,
     .shared = true,
     .path = own},
    {.start = 0x7f0004000000, .end = 0x7f0004002000, .protection = RW, .path = ""},
    {.start = 0x7f0004002000, .end = 0x7f0004006000, .path = ""},
    {.start = 0x7f0004006000, .end = 0x7f0004008000, .protection = RW, .path = ""},
};
enum { MAPPINGS = sizeof mappings / sizeof *mappings };

// Every eight bytes hold their own address.
static void write_addresses(void *context, uint64_t address, void *buffer, size_t size) {
  (void)context;
  for (size_t i = 0; i < size; i += sizeof address) {
    const uint64_t here = address + i;
    memcpy((char *)buffer + i, &here, sizeof here);
  }
}

static const uint64_t stack_pointers[] = {0x7f0004007f00, 0x7f0004007e00};

static WxCoreRecipe recipe_of(WxCoreWriter writer) {
  return (WxCoreRecipe){.writer = writer,
                        .mappings = mappings,
                        .count = MAPPINGS,
                        .stack_pointers = stack_pointers,
                        .threads = 2,
                        .contents = write_addresses};
}

static int write_core(const WxCoreRecipe *recipe) {
  const int fd = memfd_create("core", 0);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(wx_core_write(fd, recipe), 0);
  return fd;
}

static WxCore open_core(const WxCoreRecipe *recipe) {
  WxCore core;
  ck_assert_int_eq(wx_core_read_headers(&core, write_core(recipe)), 0);
  ck_assert_msg(!core.damage.reason, "%s", core.damage.reason);
  return core;
}

START_TEST(a_kernel_core_has_a_segment_for_each_mapping_and_names_every_file) {
  const WxCoreRecipe recipe = recipe_of(WX_WRITER_KERNEL);
  WxCore core = open_core(&recipe);
  ck_assert_int_eq(core.writer, WX_WRITER_KERNEL);
  ck_assert_uint_eq(core.segment_count, MAPPINGS);
  for (size_t i = 0; i < MAPPINGS; ++i) {
    ck_assert_uint_eq(core.segments[i].start, mappings[i].start);
    ck_assert_uint_eq(core.segments[i].end, mappings[i].end);
    ck_assert_int_eq(core.segments[i].protection, mappings[i].protection);
  }
  ck_assert_uint_eq(core.file_count, 4);
  for (size_t i = 0; i < 4; ++i) {
    ck_assert_uint_eq(core.files[i].start, mappings[i].start);
    ck_assert_uint_eq(core.files[i].offset, mappings[i].offset);
    ck_assert_str_eq(core.files[i].path, mappings[i].path);
  }
  ck_assert_ptr_eq(core.files[2].path, core.files[3].path);
  ck_assert_uint_eq(core.segments[5].present, 0);
  ck_assert_uint_eq(core.thread_count, 2);
  ck_assert_uint_eq(core.threads[1].stack_pointer, stack_pointers[1]);
  ck_assert_uint_eq(core.page_size, PAGE);
  wx_core_close(&core);
}
END_TEST

START_TEST(a_gcore_core_counts_file_offsets_in_bytes) {
  const WxCoreRecipe recipe = recipe_of(WX_WRITER_GCORE);
  WxCore core = open_core(&recipe);
  ck_assert_int_eq(core.writer, WX_WRITER_GCORE);
  ck_assert_uint_eq(core.files[3].offset, 0x32000);
  ck_assert_int_eq(core.segments[5].protection, WX_READ);
  wx_core_close(&core);
}
END_TEST

START_TEST(createdump_leaves_reserved_memory_out_and_newer_ones_name_no_deleted_file) {
  WxCoreRecipe recipe = recipe_of(WX_WRITER_CREATEDUMP);
  WxCore core = open_core(&recipe);
  ck_assert_int_eq(core.writer, WX_WRITER_CREATEDUMP);
  ck_assert_uint_eq(core.file_count, 2);
  ck_assert_ptr_null(wx_core_segment(&core, 0x7f0004003000));
  wx_core_close(&core);
  recipe.names_deleted_files = true;
  core = open_core(&recipe);
  ck_assert_uint_eq(core.file_count, 4);
  wx_core_close(&core);
}
END_TEST

static bool is_partial(WxCore *core) {
  WxCoreSpace space;
  ck_assert_int_eq(wx_core_space_make(&space, core, &(WxHeapRules){0}), 0);
  const bool partial = space.partial;
  wx_core_space_free(&space);
  return partial;
}

START_TEST(a_createdump_core_without_what_its_files_had_mapped_is_partial) {
  for (WxCoreWriter writer = WX_WRITER_KERNEL; writer <= WX_WRITER_CREATEDUMP; ++writer) {
    const WxCoreRecipe recipe = recipe_of(writer);
    WxCore core = open_core(&recipe);
    ck_assert(!is_partial(&core));
    size_t kept = 0;
    for (size_t i = 0; i < core.segment_count; ++i)
      if (core.segments[i].start >= 0x7f0000000000)
        core.segments[kept++] = core.segments[i];
    ck_assert_uint_lt(kept, core.segment_count);
    core.segment_count = kept;
    // The kernel and gcore leave out what the file on disk still has.
    ck_assert_int_eq(is_partial(&core), core.writer == WX_WRITER_CREATEDUMP);
    wx_core_close(&core);
  }
}
END_TEST

START_TEST(the_number_of_segments_may_stand_in_a_section_header) {
  WxCoreRecipe recipe = recipe_of(WX_WRITER_CREATEDUMP);
  recipe.extended_count = true;
  WxCore core = open_core(&recipe);
  ck_assert_uint_eq(core.segment_count, 6);
  wx_core_close(&core);
}
END_TEST

START_TEST(segments_in_any_order_are_put_in_order) {
  WxCoreRecipe recipe = recipe_of(WX_WRITER_KERNEL);
  recipe.unsorted = true;
  WxCore core = open_core(&recipe);
  ck_assert_uint_eq(core.segment_count, MAPPINGS);
  for (size_t i = 0; i < MAPPINGS; ++i)
    ck_assert_uint_eq(core.segments[i].start, mappings[i].start);
  wx_core_close(&core);
}
END_TEST

START_TEST(a_core_without_the_file_note_says_so) {
  WxCoreRecipe recipe = recipe_of(WX_WRITER_KERNEL);
  recipe.without_file_note = true;
  WxCore core = open_core(&recipe);
  ck_assert(!core.has_file_note);
  ck_assert_uint_eq(core.segment_count, MAPPINGS);
  wx_core_close(&core);
}
END_TEST

START_TEST(memory_is_read_from_the_file_and_what_is_not_there_is_refused) {
  const WxCoreRecipe recipe = recipe_of(WX_WRITER_KERNEL);
  WxCore core = open_core(&recipe);
  uint64_t words[2];
  ck_assert_int_eq(wx_core_read(&core, 0x7f0004001ff8, words, sizeof words), 8);
  ck_assert_uint_eq(words[0], 0x7f0004001ff8);
  ck_assert_int_eq(wx_core_read(&core, 0x403000, words, sizeof words), 16);
  ck_assert_uint_eq(words[1], 0x403008);
  ck_assert_int_eq(wx_core_read(&core, 0x7f0004003000, words, sizeof words), -EFAULT);
  ck_assert_int_eq(wx_core_read(&core, 0x1000, words, sizeof words), -EFAULT);
  wx_core_close(&core);
}
END_TEST

START_TEST(more_than_65534_segments_are_read) {
  enum { COUNT = 80000 };
  WxMapping *many = calloc(COUNT, sizeof *many);
  ck_assert_ptr_nonnull(many);
  for (size_t i = 0; i < COUNT; ++i)
    many[i] = (WxMapping){.start = 0x7f0000000000 + i * 2 * PAGE,
                          .end = 0x7f0000000000 + i * 2 * PAGE + PAGE,
                          .offset = i * PAGE,
                          .protection = RX,
                          .shared = true,
                          .inode = 9,
                          .path = own};
  const WxCoreRecipe recipe = {.writer = WX_WRITER_KERNEL, .mappings = many, .count = COUNT};
  WxCore core = open_core(&recipe);
  ck_assert_uint_eq(core.segment_count, COUNT);
  ck_assert_uint_eq(core.file_count, COUNT);
  ck_assert_uint_eq(core.files[COUNT - 1].offset, (COUNT - 1) * (uint64_t)PAGE);
  ck_assert_ptr_eq(core.files[0].path, core.files[COUNT - 1].path);
  wx_core_close(&core);
  free(many);
}
END_TEST

// The section header that has the number stands at the file's end: without it, the headers end
// where the first of what they describe begins.
START_TEST(a_core_of_many_segments_that_is_cut_has_no_others_than_the_whole) {
  enum { COUNT = 70000, NOTES_AT = 128 + (COUNT + 1) * 56 };
  WxMapping *many = calloc(COUNT, sizeof *many);
  ck_assert_ptr_nonnull(many);
  for (size_t i = 0; i < COUNT; ++i)
    many[i] = (WxMapping){.start = 0x7f0000000000 + i * 2 * PAGE,
                          .end = 0x7f0000000000 + i * 2 * PAGE + PAGE,
                          .protection = RX,
                          .path = own};
  const WxCoreRecipe recipe = {.writer = WX_WRITER_KERNEL, .mappings = many, .count = COUNT};
  const off_t cuts[] = {NOTES_AT - 100 * 56, NOTES_AT, NOTES_AT + 1000000, NOTES_AT + 4000000};
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; ++i) {
    const int fd = write_core(&recipe);
    const uint64_t section = NOTES_AT + 8000000; // As the kernel has it.
    ck_assert_int_eq(pwrite(fd, &section, sizeof section, offsetof(Elf64_Ehdr, e_shoff)),
                     sizeof section);
    ck_assert_int_eq(ftruncate(fd, cuts[i]), 0);
    WxCore core;
    ck_assert_int_eq(wx_core_read_headers(&core, fd), 0);
    ck_assert_ptr_nonnull(core.damage.reason);
    ck_assert_uint_eq(core.segment_count, i ? COUNT : COUNT - 100);
    wx_core_close(&core);
  }
  free(many);
}
END_TEST

static void cut_everywhere(WxCoreWriter writer) {
  const WxCoreRecipe recipe = recipe_of(writer);
  const int whole = write_core(&recipe);
  static char bytes[1 << 20];
  const ssize_t size = pread(whole, bytes, sizeof bytes, 0);
  ck_assert(size > 0 && size < (ssize_t)sizeof bytes);
  close(whole);
  const int cut = memfd_create("cut", 0);
  for (ssize_t length = 0; length < size; length += length < 3 * PAGE ? 1 : 509) {
    ck_assert_int_eq(ftruncate(cut, 0), 0);
    ck_assert_int_eq(pwrite(cut, bytes, (size_t)length, 0), length);
    WxCore core;
    const int result = wx_core_read_headers(&core, dup(cut));
    ck_assert_ptr_nonnull(core.damage.reason);
    ck_assert_int_eq(result, length < (ssize_t)sizeof(Elf64_Ehdr) ? -EINVAL : 0);
    if (result)
      continue;
    ck_assert_uint_le(core.segment_count, MAPPINGS);
    if (length >= 3 * PAGE) {
      ck_assert_uint_ge(core.segment_count, 6);
      ck_assert_uint_gt(core.missing_bytes, 0);
    }
    wx_core_close(&core);
  }
  close(cut);
}

START_TEST(a_core_cut_at_any_byte_names_the_damage_and_keeps_what_is_whole) {
  cut_everywhere(WX_WRITER_KERNEL);
  cut_everywhere(WX_WRITER_GCORE);
  cut_everywhere(WX_WRITER_CREATEDUMP);
}
END_TEST

static const struct {
  size_t at;
  unsigned char byte;
  const char *reason;
} wrong[] = {
    {0, 'X', "expected an ELF file"},
    {EI_CLASS, ELFCLASS32, "expected an ELF file of 64 bits"},
    {EI_DATA, ELFDATA2MSB, "expected a little-endian ELF file"},
    {offsetof(Elf64_Ehdr, e_type), ET_EXEC, "expected a core (e_type 4)"},
    {offsetof(Elf64_Ehdr, e_phentsize), 32, "expected program headers of 56 bytes"},
};

START_TEST(a_core_without_memory_is_refused) {
  const WxCoreRecipe recipe = recipe_of(WX_WRITER_KERNEL);
  const int fd = write_core(&recipe);
  const uint16_t none = 0;
  ck_assert_int_eq(pwrite(fd, &none, sizeof none, offsetof(Elf64_Ehdr, e_phnum)), sizeof none);
  WxCore core;
  ck_assert_int_eq(wx_core_read_headers(&core, fd), -EINVAL);
  ck_assert_str_eq(core.damage.reason, "expected program headers of memory: this core has none");
}
END_TEST

START_TEST(what_is_no_core_is_refused_with_what_was_expected) {
  const WxCoreRecipe recipe = recipe_of(WX_WRITER_KERNEL);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    const int fd = write_core(&recipe);
    ck_assert_int_eq(pwrite(fd, &wrong[i].byte, 1, (off_t)wrong[i].at), 1);
    WxCore core;
    ck_assert_int_eq(wx_core_read_headers(&core, fd), -EINVAL);
    ck_assert_str_eq(core.damage.reason, wrong[i].reason);
  }
}
END_TEST

WX_TEST_MAIN("core", a_kernel_core_has_a_segment_for_each_mapping_and_names_every_file,
             a_gcore_core_counts_file_offsets_in_bytes,
             createdump_leaves_reserved_memory_out_and_newer_ones_name_no_deleted_file,
             a_createdump_core_without_what_its_files_had_mapped_is_partial,
             the_number_of_segments_may_stand_in_a_section_header,
             segments_in_any_order_are_put_in_order, a_core_without_the_file_note_says_so,
             memory_is_read_from_the_file_and_what_is_not_there_is_refused,
             more_than_65534_segments_are_read,
             a_core_of_many_segments_that_is_cut_has_no_others_than_the_whole,
             a_core_cut_at_any_byte_names_the_damage_and_keeps_what_is_whole,
             a_core_without_memory_is_refused, what_is_no_core_is_refused_with_what_was_expected)

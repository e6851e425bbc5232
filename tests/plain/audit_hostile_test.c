// Files made to do harm: each ends with status 2 and one line that names the damage, what stands
// before it is reported, and no more than 256 MB are used.
#include "support/suite.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_KIB = 256 * 1024, TEXT = 4096, NOTE_FILE = 0x46494c45, SEGMENTS_MAX = 1 << 20 };
#define GIB (UINT64_C(1) << 30)

static char path[] = "/tmp/wxbench-hostile-XXXXXX";
static FILE *file;

static void begin(void) {
  strcpy(strrchr(path, '-'), "-XXXXXX");
  file = fdopen(mkstemp(path), "w");
  ck_assert_ptr_nonnull(file);
}

static void put(const void *bytes, size_t size) {
  ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
}

// The file may end in a hole, which costs nothing on disk.
static void end_at(uint64_t size) {
  ck_assert_int_eq(fflush(file), 0);
  ck_assert_int_eq(ftruncate(fileno(file), (off_t)size), 0);
}

static Elf64_Ehdr core_header(uint16_t count) {
  Elf64_Ehdr header = {.e_type = ET_CORE,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_phoff = sizeof header,
                       .e_ehsize = sizeof header,
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = count};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  return header;
}

// The number of program headers in a section header, which stands between both.
static void put_extended_header(uint32_t count) {
  Elf64_Ehdr header = core_header(PN_XNUM);
  const Elf64_Shdr section = {.sh_info = count};
  header.e_shoff = sizeof header;
  header.e_phoff += sizeof section;
  put(&header, sizeof header);
  put(&section, sizeof section);
}

static Elf64_Phdr load(uint64_t start, uint64_t memory, uint64_t offset, uint64_t bytes) {
  return (Elf64_Phdr){.p_type = PT_LOAD,
                      .p_flags = PF_R | PF_W,
                      .p_vaddr = start,
                      .p_memsz = memory,
                      .p_offset = offset,
                      .p_filesz = bytes};
}

static void put_load(uint64_t start) {
  const Elf64_Phdr program = load(start, 4096, 0, 0);
  put(&program, sizeof program);
}

static void put_note(uint32_t type, uint32_t size) {
  const Elf64_Nhdr header = {.n_namesz = 5, .n_descsz = size, .n_type = type};
  put(&header, sizeof header);
  put("CORE\0\0\0", 8);
}

static void read_all(int fd, char text[TEXT]) {
  size_t length = 0;
  char rest[TEXT];
  for (ssize_t got = 1; got > 0;) {
    char *to = length < TEXT - 1 ? text + length : rest;
    got = read(fd, to, length < TEXT - 1 ? TEXT - 1 - length : sizeof rest);
    length += got > 0 && to != rest ? (size_t)got : 0;
  }
  text[length] = '\0';
  close(fd);
}

static _Noreturn void be_audit(const char *source, int errors) {
  const char *program = getenv("WXBENCH");
  const int out = open("/dev/null", O_WRONLY);
  dup2(out, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  char json[sizeof path + 8];
  snprintf(json, sizeof json, "%s.json", path);
  execl(program ? program : "build/wxbench", "wxbench", "audit", source, path, "--json", json,
        (char *)NULL);
  _exit(127);
}

// The JSON says how much was reported.
static bool is_reported(const char *expected) {
  char json[sizeof path + 8], text[256];
  snprintf(json, sizeof json, "%s.json", path);
  FILE *stream = fopen(json, "r");
  bool found = false;
  while (stream && !found && fgets(text, sizeof text, stream))
    found = strstr(text, expected) != NULL;
  if (stream)
    fclose(stream);
  unlink(json);
  return found;
}

// Audits the file that was begun. `reported` is in the JSON; NULL where nothing can be reported.
static void check(const char *source, const char *damage, const char *reported) {
  ck_assert_int_eq(fclose(file), 0);
  int ends[2], status;
  struct rusage usage;
  char text[TEXT];
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0)
    be_audit(source, ends[1]);
  close(ends[1]);
  read_all(ends[0], text);
  ck_assert_int_eq(wait4(pid, &status, 0, &usage), pid);
  const bool said = is_reported(reported ? reported : "");
  unlink(path);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == (damage ? 2 : 0), "status %x, %s",
                status, text);
  if (damage)
    ck_assert_msg(strstr(text, damage) && strchr(text, '\n') == strrchr(text, '\n'),
                  "expected one line with '%s', got '%s'", damage, text);
  else
    ck_assert_str_eq(text, "");
  ck_assert_msg(said == (reported != NULL), "expected %s in the JSON", reported);
  ck_assert_msg(usage.ru_maxrss <= MOST_KIB, "%ld KiB", usage.ru_maxrss);
}

START_TEST(a_core_that_claims_4_billion_program_headers) {
  begin();
  put_extended_header(UINT32_MAX);
  for (uint64_t i = 1; i <= 3; ++i)
    put_load(i << 30);
  check("--core", "at most 1,048,576 program headers", "\"segments\": 3");
  begin(); // As many as are read at the most are there, and nearly all are empty.
  put_extended_header(UINT32_MAX);
  for (uint64_t i = 1; i <= 3; ++i)
    put_load(i << 30);
  end_at(GIB);
  check("--core", "at most 1,048,576 program headers", "\"segments\": 3");
}
END_TEST

// Each of the files splits a segment of its own: as many parts as there can be.
START_TEST(a_core_with_as_many_segments_and_files_as_are_read) {
  enum { FILES = 1 << 19 };
  const uint64_t size = 16 + UINT64_C(24) * FILES + UINT64_C(12) * FILES;
  begin();
  put_extended_header(SEGMENTS_MAX + 1);
  const uint64_t notes =
      sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr) + sizeof(Elf64_Phdr) * (SEGMENTS_MAX + 1);
  const Elf64_Phdr note = {.p_type = PT_NOTE, .p_offset = notes, .p_filesz = 20 + size};
  put(&note, sizeof note);
  for (uint64_t i = 1; i <= SEGMENTS_MAX; ++i) {
    const Elf64_Phdr program = load(i << 16, 0xf000, 0, 0);
    put(&program, sizeof program);
  }
  put_note(NOTE_FILE, (uint32_t)size);
  put((uint64_t[]){FILES, 4096}, 16);
  for (uint64_t i = 1; i <= FILES; ++i)
    put((uint64_t[]){(i << 16) + 0x4000, (i << 16) + 0x8000, 0}, 24);
  for (unsigned i = 0; i < FILES; ++i) {
    char name[13];
    snprintf(name, sizeof name, "/file%06x", i);
    put(name, 12);
  }
  check("--core", "at most 1,048,576 program headers", "\"segments\": 1048575");
}
END_TEST

START_TEST(a_core_with_a_list_of_files_of_4_gib) {
  begin();
  const Elf64_Ehdr header = core_header(2);
  const Elf64_Phdr note = {
      .p_type = PT_NOTE, .p_offset = 4096, .p_filesz = UINT64_C(20) + UINT32_MAX};
  put(&header, sizeof header);
  put(&note, sizeof note);
  put_load(GIB);
  ck_assert_int_eq(fseek(file, 4096, SEEK_SET), 0);
  put_note(NOTE_FILE, UINT32_MAX - 3);
  put((uint64_t[]){(UINT32_MAX - 19) / 24, 4096}, 16);
  end_at(5 * GIB);
  check("--core", "NT_FILE with as many entries as it says", "\"segments\": 1");
}
END_TEST

START_TEST(a_core_whose_segment_claims_nearly_all_addresses_and_bytes) {
  begin();
  const Elf64_Ehdr header = core_header(2);
  const Elf64_Phdr all = load(4096, UINT64_MAX - 8192, 4096, UINT64_MAX - 8192);
  const Elf64_Phdr beyond = load(UINT64_MAX - 4096, 8192, UINT64_MAX, UINT64_MAX);
  put(&header, sizeof header);
  put(&all, sizeof all);
  put(&beyond, sizeof beyond);
  check("--core", "the file is cut short: memory is missing", "\"segments\": 1");
}
END_TEST

// A million threads, and each segment of notes has the same ones.
START_TEST(a_core_whose_segments_all_have_the_same_million_notes) {
  enum { NOTES = 1 << 20, SIZE = 336, SEGMENTS = 1000 };
  begin();
  const Elf64_Ehdr header = core_header(SEGMENTS);
  const uint64_t at = sizeof header + sizeof(Elf64_Phdr) * SEGMENTS;
  const Elf64_Phdr note = {
      .p_type = PT_NOTE, .p_offset = at, .p_filesz = (uint64_t)(20 + SIZE) * NOTES};
  put(&header, sizeof header);
  put_load(GIB);
  for (size_t i = 1; i < SEGMENTS; ++i)
    put(&note, sizeof note);
  static const uint64_t registers[SIZE / 8] = {[14 + 19] = GIB + 4096}; // The stack pointer.
  for (size_t i = 0; i < NOTES; ++i) {
    put_note(NT_PRSTATUS, SIZE);
    put(registers, SIZE);
  }
  check("--core", "expected fewer notes", "\"segments\": 1");
}
END_TEST

static void put_maps_line(uint64_t i, const char *name) {
  fprintf(file, "%" PRIx64 "-%" PRIx64 " rw-p 00000000 00:00 1 %s\n", i << 13, (i << 13) + 4096,
          name);
}

START_TEST(maps_whose_line_never_ends) {
  begin();
  put_maps_line(1, "/a");
  end_at(5 * GIB); // NULs, and no newline among them.
  check("--maps", "line 2: expected a shorter line", "\"mappings\": 1");
  begin();
  put_maps_line(1, "/a");
  for (size_t i = 0; i < 100000; ++i)
    put("7fffffffff", 10);
  check("--maps", "line 2: expected a shorter line", "\"mappings\": 1");
}
END_TEST

START_TEST(maps_of_more_lines_than_a_process_can_have) {
  begin();
  for (uint64_t i = 1; i <= 1500000; ++i)
    put_maps_line(i, "");
  check("--maps", NULL, "\"mappings\": 1500000");
}
END_TEST

START_TEST(maps_of_as_many_names_as_are_read) {
  begin();
  for (uint64_t i = 1; i <= 300000; ++i) {
    char name[120];
    snprintf(name, sizeof name, "/%0100" PRIu64, i);
    put_maps_line(i, name);
  }
  check("--maps", "line 262145: expected at most 262,144 different names", "\"mappings\": 262144");
  begin();
  for (uint64_t i = 1; i <= 40000; ++i) {
    char name[4100];
    snprintf(name, sizeof name, "/%04000" PRIu64, i);
    put_maps_line(i, name);
  }
  check("--maps", "different names of 32 MiB together", "\"mappings\": 8");
}
END_TEST

START_TEST(smaps_of_more_entries_than_a_process_can_have) {
  begin();
  for (uint64_t i = 1; i <= 1100000; ++i) {
    put_maps_line(i, "");
    fputs("Rss: 4 kB\nVmFlags: rd wr\n", file);
  }
  check("--smaps", NULL, "\"mappings\": 1100000");
}
END_TEST

START_TEST(smaps_whose_line_never_ends) {
  begin();
  put_maps_line(1, "");
  fputs("Rss: 4 kB\nVmFlags: rd wr\nAnonymous: ", file);
  end_at(5 * GIB);
  check("--smaps", "line 4: expected a shorter line", "\"mappings\": 1");
}
END_TEST

WX_TEST_MAIN("audit_hostile", a_core_that_claims_4_billion_program_headers,
             a_core_with_as_many_segments_and_files_as_are_read,
             a_core_with_a_list_of_files_of_4_gib,
             a_core_whose_segment_claims_nearly_all_addresses_and_bytes,
             a_core_whose_segments_all_have_the_same_million_notes, maps_whose_line_never_ends,
             maps_of_more_lines_than_a_process_can_have, maps_of_as_many_names_as_are_read,
             smaps_of_more_entries_than_a_process_can_have, smaps_whose_line_never_ends)

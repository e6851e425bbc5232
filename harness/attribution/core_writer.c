#include "attribution/core_writer.h"

#include "os/os.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, STATUS_SIZE = 336, PROGRAM_SIZE = 136, NT_FILE_TYPE = 0x46494c45 };
enum { NT_SIGINFO_TYPE = 0x53494749, SIGINFO_SIZE = 128, STACK_POINTER_AT = 112 + 19 * 8 };

// Bytes of the notes, growing.
typedef struct {
  unsigned char *bytes;
  size_t length;
  size_t capacity;
  bool failed;
} Notes;

static unsigned char *extend(Notes *notes, size_t size) {
  if (notes->capacity - notes->length < size) {
    const size_t wanted = notes->capacity * 2 + size;
    unsigned char *bytes = realloc(notes->bytes, wanted);
    if (!bytes) {
      notes->failed = true;
      return NULL;
    }
    notes->bytes = bytes;
    notes->capacity = wanted;
  }
  unsigned char *at = notes->bytes + notes->length;
  // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): there are bytes unless size is 0.
  memset(at, 0, size);
  notes->length += size;
  return at;
}

// Starts a note; returns where its descriptor goes.
static unsigned char *add_note(Notes *notes, const WxCoreRecipe *recipe, uint32_t type,
                               const char *tag, size_t size) {
  const Elf64_Nhdr header = {.n_namesz = 5, .n_descsz = (uint32_t)size, .n_type = type};
  unsigned char *at = extend(notes, sizeof header + 8 + ((size + 3) & ~(size_t)3));
  if (!at)
    return NULL;
  memcpy(at, &header, sizeof header);
  memcpy(at + sizeof header, "CORE", 4);
  if (recipe->writer == WX_WRITER_CREATEDUMP)
    memcpy(at + sizeof header + 5, tag, 3);
  return at + sizeof header + 8;
}

static bool is_named(const WxCoreRecipe *recipe, const WxMapping *mapping) {
  return mapping->path[0] == '/' &&
         (recipe->writer != WX_WRITER_CREATEDUMP || recipe->names_deleted_files ||
          !strstr(mapping->path, " (deleted)"));
}

static void add_file_note(Notes *notes, const WxCoreRecipe *recipe) {
  uint64_t count = 0, page = recipe->writer == WX_WRITER_GCORE ? 1 : PAGE;
  size_t text = 0;
  for (size_t i = 0; i < recipe->count; ++i)
    if (is_named(recipe, &recipe->mappings[i])) {
      ++count;
      text += strlen(recipe->mappings[i].path) + 1;
    }
  unsigned char *at = add_note(notes, recipe, NT_FILE_TYPE, "FIL", 16 + (size_t)count * 24 + text);
  if (!at)
    return;
  memcpy(at, &count, 8);
  memcpy(at + 8, &page, 8);
  unsigned char *path = at + 16 + count * 24;
  at += 16;
  for (size_t i = 0; i < recipe->count; ++i) {
    const WxMapping *mapping = &recipe->mappings[i];
    if (!is_named(recipe, mapping))
      continue;
    const uint64_t entry[3] = {mapping->start, mapping->end, mapping->offset / page};
    memcpy(at, entry, sizeof entry);
    at += sizeof entry;
    const size_t length = strlen(mapping->path) + 1;
    memcpy(path, mapping->path, length);
    path += length;
  }
}

static void add_notes(Notes *notes, const WxCoreRecipe *recipe) {
  unsigned char *at;
  if (recipe->writer == WX_WRITER_CREATEDUMP)
    (void)add_note(notes, recipe, NT_PRPSINFO, "PRP", PROGRAM_SIZE);
  for (size_t i = 0; i < recipe->threads; ++i)
    if ((at = add_note(notes, recipe, NT_PRSTATUS, "THR", STATUS_SIZE)))
      memcpy(at + STACK_POINTER_AT, &recipe->stack_pointers[i], 8);
  if (recipe->writer == WX_WRITER_KERNEL)
    (void)add_note(notes, recipe, NT_SIGINFO_TYPE, "", SIGINFO_SIZE);
  const uint64_t auxiliary[4] = {AT_PAGESZ, PAGE, AT_NULL, 0};
  if ((at = add_note(notes, recipe, NT_AUXV, "AUX", sizeof auxiliary)))
    memcpy(at, auxiliary, sizeof auxiliary);
  if (!recipe->without_file_note)
    add_file_note(notes, recipe);
}

// What the writer puts into the file of a mapping.
static Elf64_Phdr describe(const WxCoreRecipe *recipe, const WxMapping *mapping) {
  Elf64_Phdr header = {
      .p_type = PT_LOAD,
      .p_flags = mapping->protection,
      .p_vaddr = mapping->start,
      .p_memsz = mapping->end - mapping->start,
      .p_align = PAGE,
  };
  header.p_filesz = header.p_memsz;
  if (recipe->writer == WX_WRITER_GCORE)
    header.p_flags |= PF_R;
  else if (!mapping->protection && !mapping->shared)
    header.p_filesz = 0;
  return header;
}

// One header a mapping; createdump leaves reserved memory out and joins what is alike.
static size_t make_headers(const WxCoreRecipe *recipe, Elf64_Phdr *headers) {
  size_t count = 0;
  for (size_t i = 0; i < recipe->count; ++i) {
    const WxMapping *mapping = &recipe->mappings[i];
    const Elf64_Phdr header = describe(recipe, mapping);
    if (recipe->writer != WX_WRITER_CREATEDUMP) {
      headers[count++] = header;
      continue;
    }
    if (!mapping->protection && mapping->path[0] != '/')
      continue;
    Elf64_Phdr *last = count ? &headers[count - 1] : NULL;
    if (last && last->p_vaddr + last->p_memsz == header.p_vaddr &&
        last->p_flags == header.p_flags) {
      last->p_memsz += header.p_memsz;
      last->p_filesz += header.p_filesz;
    } else {
      headers[count++] = header;
    }
  }
  return count;
}

static int write_contents(int fd, const WxCoreRecipe *recipe, const Elf64_Phdr *header) {
  unsigned char page[PAGE];
  for (uint64_t at = 0; recipe->contents && at < header->p_filesz; at += PAGE) {
    memset(page, 0, sizeof page);
    recipe->contents(recipe->context, header->p_vaddr + at, page, sizeof page);
    const int failed = wx_os_pwrite(fd, page, sizeof page, header->p_offset + at);
    if (failed)
      return failed;
  }
  return 0;
}

static void swap_ends(Elf64_Phdr *headers, size_t count) {
  for (size_t i = 0; i + 1 < count; i += 2) {
    const Elf64_Phdr kept = headers[i];
    headers[i] = headers[i + 1];
    headers[i + 1] = kept;
  }
}

// Writes everything; `headers` has room for the note's header in front of the `count` others.
static int write_all(int fd, const WxCoreRecipe *recipe, const Notes *notes, Elf64_Phdr *headers,
                     size_t count) {
  const bool extended = recipe->extended_count || count + 1 >= PN_XNUM;
  Elf64_Ehdr header = {
      .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
      .e_type = ET_CORE,
      .e_machine = EM_X86_64,
      .e_version = EV_CURRENT,
      .e_ehsize = sizeof header,
      .e_phentsize = sizeof *headers,
      .e_phnum = (uint16_t)(extended ? PN_XNUM : count + 1),
      .e_shoff = extended ? sizeof header : 0,
      .e_shentsize = sizeof(Elf64_Shdr),
      .e_shnum = extended,
  };
  const Elf64_Shdr section = {.sh_info = (uint32_t)(count + 1)};
  header.e_phoff = sizeof header + (extended ? sizeof section : 0);
  uint64_t at = header.e_phoff + (count + 1) * sizeof *headers;
  headers[0] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = at, .p_filesz = notes->length};
  at = wx_round_up(at + notes->length, PAGE);
  for (size_t i = 1; i <= count; ++i) {
    headers[i].p_offset = at;
    at += headers[i].p_filesz;
  }
  int result = wx_os_ftruncate(fd, at);
  for (size_t i = 1; !result && i <= count; ++i)
    result = write_contents(fd, recipe, &headers[i]);
  if (recipe->unsorted)
    swap_ends(headers + 1, count);
  if (!result)
    result = wx_os_pwrite(fd, &header, sizeof header, 0);
  if (!result && extended)
    result = wx_os_pwrite(fd, &section, sizeof section, header.e_shoff);
  if (!result)
    result = wx_os_pwrite(fd, headers, (count + 1) * sizeof *headers, header.e_phoff);
  return result ? result : wx_os_pwrite(fd, notes->bytes, notes->length, headers[0].p_offset);
}

int wx_core_write(int fd, const WxCoreRecipe *recipe) {
  Notes notes = {0};
  Elf64_Phdr *headers = calloc(recipe->count + 1, sizeof *headers);
  add_notes(&notes, recipe);
  int result = -ENOMEM;
  if (headers && !notes.failed)
    result = write_all(fd, recipe, &notes, headers, make_headers(recipe, headers + 1));
  free(headers);
  free(notes.bytes);
  return result;
}

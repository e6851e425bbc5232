#include "attribution/core.h"

#include "attribution/core_reader.h"
#include "os/large.h"
#include "os/os.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENTS_MAX = 1 << 20 };

const char *wx_core_writer_name(WxCoreWriter writer) {
  static const char *const names[] = {
      [WX_WRITER_UNKNOWN] = "unknown",
      [WX_WRITER_KERNEL] = "kernel",
      [WX_WRITER_GCORE] = "gcore",
      [WX_WRITER_CREATEDUMP] = "createdump",
  };
  return names[writer];
}

const void *wx_core_reader_at(WxCoreReader *reader, uint64_t offset, size_t size) {
  const uint64_t into = offset - reader->start;
  if (offset >= reader->start && into <= reader->filled && reader->filled - into >= size)
    return reader->buffer + into;
  if (offset > INT64_MAX - WX_CORE_BUFFER)
    return NULL;
  const ssize_t got = wx_os_pread(reader->fd, reader->buffer, WX_CORE_BUFFER, offset);
  reader->start = offset;
  reader->filled = got < 0 ? 0 : (size_t)got;
  return reader->filled >= size ? reader->buffer : NULL;
}

void wx_core_damaged(WxCore *core, uint64_t offset, const char *reason) {
  if (!core->damage.reason)
    core->damage = (WxCoreDamage){offset, reason};
}

static const char *check_header(const Elf64_Ehdr *header) {
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
    return "expected an ELF file";
  if (header->e_ident[EI_CLASS] != ELFCLASS64)
    return "expected an ELF file of 64 bits";
  if (header->e_ident[EI_DATA] != ELFDATA2LSB)
    return "expected a little-endian ELF file";
  if (header->e_type != ET_CORE)
    return "expected a core (e_type 4)";
  if (header->e_phentsize != sizeof(Elf64_Phdr))
    return "expected program headers of 56 bytes";
  return NULL;
}

// How many program headers there are: above 65,534 the first section header has the number.
static uint64_t count_headers(WxCore *core, WxCoreReader *reader, const Elf64_Ehdr *header) {
  uint64_t count = header->e_phnum;
  if (count == PN_XNUM) {
    const Elf64_Shdr *section = wx_core_reader_at(reader, header->e_shoff, sizeof *section);
    if (!section || !header->e_shoff) {
      wx_core_damaged(core, header->e_shoff,
                      "expected a section header with the number of program headers");
      // As many as the file can hold.
      return SEGMENTS_MAX;
    }
    Elf64_Shdr copy;
    memcpy(&copy, section, sizeof copy);
    count = copy.sh_info;
  }
  if (count > SEGMENTS_MAX)
    wx_core_damaged(core, 0, "expected at most 1,048,576 program headers");
  return count < SEGMENTS_MAX ? count : SEGMENTS_MAX;
}

static void add_segment(WxCore *core, const Elf64_Phdr *header, uint64_t at) {
  uint64_t end;
  if (header->p_memsz == 0)
    return;
  if (__builtin_add_overflow(header->p_vaddr, header->p_memsz, &end)) {
    wx_core_damaged(core, at, "expected a segment that ends below 2^64");
    return;
  }
  const uint64_t promised = header->p_filesz < header->p_memsz ? header->p_filesz : header->p_memsz;
  const uint64_t left = header->p_offset < core->size ? core->size - header->p_offset : 0;
  const uint64_t present = promised < left ? promised : left;
  if (present < promised) {
    wx_core_damaged(core, core->size, "the file is cut short: memory is missing");
    core->missing_bytes += promised - present;
  }
  core->segments[core->segment_count++] = (WxCoreSegment){
      .start = header->p_vaddr,
      .end = end,
      .data = header->p_offset,
      .present = present,
      .protection = (uint8_t)(header->p_flags & (PF_R | PF_W | PF_X)),
  };
}

static int compare_segments(const void *left, const void *right) {
  const WxCoreSegment *a = left, *b = right;
  return a->start < b->start ? -1 : a->start > b->start;
}

// In address order, and none over another: newer kernels write them in another order.
static void put_in_order(WxCore *core) {
  bool sorted = true;
  for (size_t i = 1; i < core->segment_count; ++i)
    sorted &= core->segments[i - 1].start <= core->segments[i].start;
  if (!sorted)
    qsort(core->segments, core->segment_count, sizeof *core->segments, compare_segments);
  size_t kept = 0;
  for (size_t i = 0; i < core->segment_count; ++i) {
    WxCoreSegment segment = core->segments[i];
    const uint64_t covered = kept ? core->segments[kept - 1].end : 0;
    if (kept && segment.start < covered) {
      wx_core_damaged(core, segment.data, "expected segments that do not overlap");
      if (segment.end <= covered)
        continue;
      const uint64_t cut = covered - segment.start;
      segment.start = covered;
      segment.data += cut;
      segment.present = segment.present > cut ? segment.present - cut : 0;
    }
    core->segments[kept++] = segment;
  }
  core->segment_count = kept;
}

// Where the first of what the headers describe is: behind all of them, also where their number is
// not known.
static uint64_t first_content(uint64_t first, const Elf64_Phdr *program) {
  return program->p_filesz && program->p_offset < first ? program->p_offset : first;
}

static int read_program_headers(WxCore *core, WxCoreReader *reader, const Elf64_Ehdr *header) {
  uint64_t count = count_headers(core, reader, header);
  const uint64_t left = header->e_phoff < core->size ? core->size - header->e_phoff : 0;
  if (count > left / sizeof(Elf64_Phdr)) {
    wx_core_damaged(core, core->size, "the file is cut short: program headers are missing");
    count = left / sizeof(Elf64_Phdr);
  }
  core->segments = wx_large_alloc((size_t)(count + 1) * sizeof *core->segments);
  if (!core->segments)
    return -ENOMEM;
  uint64_t first = UINT64_MAX;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t at = header->e_phoff + i * sizeof(Elf64_Phdr);
    if (at >= first) {
      wx_core_damaged(core, at, "expected program headers before what they describe");
      break;
    }
    const void *bytes = wx_core_reader_at(reader, at, sizeof(Elf64_Phdr));
    if (!bytes) {
      wx_core_damaged(core, at, "this program header cannot be read");
      break;
    }
    Elf64_Phdr program;
    memcpy(&program, bytes, sizeof program);
    first = first_content(first, &program);
    if (program.p_type == PT_LOAD)
      add_segment(core, &program, at);
    if (program.p_type == PT_NOTE &&
        wx_core_read_notes(core, reader, program.p_offset, program.p_filesz))
      return -ENOMEM;
  }
  put_in_order(core);
  if (core->segment_count || core->damage.reason)
    return 0;
  wx_core_damaged(core, header->e_phoff, "expected program headers of memory: this core has none");
  return -EINVAL;
}

static int read_with(WxCore *core, WxCoreReader *reader) {
  struct stat status;
  const int failed = wx_os_fstat(core->fd, &status);
  if (failed)
    return failed;
  if (S_ISDIR(status.st_mode))
    return -EISDIR;
  if (S_ISFIFO(status.st_mode)) {
    wx_core_damaged(core, 0, "expected a file: a core cannot be read from a pipe");
    return -EINVAL;
  }
  core->size = (uint64_t)status.st_size;
  Elf64_Ehdr header;
  const void *bytes = wx_core_reader_at(reader, 0, sizeof header);
  if (!bytes) {
    wx_core_damaged(core, 0, "expected an ELF file");
    return -EINVAL;
  }
  memcpy(&header, bytes, sizeof header);
  const char *reason = check_header(&header);
  if (reason) {
    wx_core_damaged(core, 0, reason);
    return -EINVAL;
  }
  core->machine = header.e_machine;
  return read_program_headers(core, reader, &header);
}

int wx_core_read_headers(WxCore *core, int fd) {
  *core = (WxCore){.fd = fd};
  WxCoreReader reader = {.fd = fd, .buffer = malloc(WX_CORE_BUFFER)};
  const int result = reader.buffer ? read_with(core, &reader) : -ENOMEM;
  free(reader.buffer);
  if (result) {
    const WxCoreDamage damage = core->damage;
    wx_core_close(core);
    core->damage = damage;
  }
  return result;
}

int wx_core_open(WxCore *core, const char *path) {
  *core = (WxCore){.fd = -1};
  const int fd = wx_os_open(path, O_RDONLY, 0);
  return fd < 0 ? fd : wx_core_read_headers(core, fd);
}

const WxCoreSegment *wx_core_segment(const WxCore *core, uint64_t address) {
  size_t low = 0, high = core->segment_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (core->segments[middle].end <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low < core->segment_count && core->segments[low].start <= address ? &core->segments[low]
                                                                           : NULL;
}

ssize_t wx_core_read(const WxCore *core, uint64_t address, void *buffer, size_t size) {
  size_t done = 0;
  while (done < size) {
    const WxCoreSegment *segment = wx_core_segment(core, address + done);
    const uint64_t into = segment ? address + done - segment->start : 0;
    if (!segment || into >= segment->present)
      break;
    const uint64_t left = segment->present - into;
    const size_t wanted = size - done < left ? size - done : (size_t)left;
    const ssize_t got = wx_os_pread(core->fd, (char *)buffer + done, wanted, segment->data + into);
    if (got < 0)
      return got;
    done += (size_t)got;
    if ((size_t)got < wanted)
      break;
  }
  return done || !size ? (ssize_t)done : -EFAULT;
}

void wx_core_close(WxCore *core) {
  if (core->fd >= 0)
    wx_os_close_reader(core->fd);
  free(core->segments);
  free(core->files);
  free(core->threads);
  wx_name_pool_free(&core->names);
  *core = (WxCore){.fd = -1};
}

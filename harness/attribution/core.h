/**
   @file core.h
   The headers of an ELF core: which addresses it describes, with what protection, and which files
   were mapped there.

   Only headers and notes are read, through one small buffer; the memory in the file is read on
   request. Cores of the Linux kernel, of gdb's gcore and of createdump are known apart, since each
   leaves out or changes something else.
*/
#ifndef WX_ATTRIBUTION_CORE_H
#define WX_ATTRIBUTION_CORE_H

#include "measure/name_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Which program wrote a core.
typedef enum {
  WX_WRITER_UNKNOWN,
  WX_WRITER_KERNEL,
  WX_WRITER_GCORE,      ///< Flags reserved memory as readable.
  WX_WRITER_CREATEDUMP, ///< Leaves reserved memory out; newer ones name no deleted file.
} WxCoreWriter;

/// "kernel", "gcore", "createdump" or "unknown".
const char *wx_core_writer_name(WxCoreWriter writer);

/// One PT_LOAD.
typedef struct {
  uint64_t start;
  uint64_t end;
  uint64_t data;      ///< Where its memory is in the file,
  uint64_t present;   ///< and how many bytes of it; less than its size where they were left out or
                      ///< the file was cut.
  uint8_t protection; ///< WX_READ | WX_WRITE | WX_EXECUTE, as the writer states it.
} WxCoreSegment;

/// One entry of the note NT_FILE.
typedef struct {
  uint64_t start;
  uint64_t end;
  uint64_t offset;  ///< In the file, bytes.
  const char *path; ///< Equal paths are one pointer.
} WxCoreFile;

/// Where the registers of a thread point.
typedef struct {
  uint64_t stack_pointer;
  uint64_t thread_pointer; ///< Its control block, which glibc puts at the top of its stack; 0 where
                           ///< not known.
} WxCoreThread;

/// What is wrong with a core; the rest of it is still read.
typedef struct {
  uint64_t offset;    ///< In the file.
  const char *reason; ///< A constant phrase; NULL where nothing is damaged.
} WxCoreDamage;

/// A core, open. Segments and files are in address order.
typedef struct {
  int fd;
  uint64_t size; ///< Of the file in bytes.
  WxCoreWriter writer;
  uint16_t machine; ///< EM_X86_64, EM_AARCH64, ...
  WxCoreSegment *segments;
  size_t segment_count;
  WxCoreFile *files;
  size_t file_count;
  bool has_file_note; ///< The kernel drops NT_FILE where it would be above 4 MiB.
  WxNamePool names;
  WxCoreThread *threads; ///< Where the machine is known.
  size_t thread_count;
  size_t thread_capacity;
  size_t note_count;  ///< Of all segments of notes.
  uint64_t page_size; ///< Of the process, 0 where not said.
  uint64_t vdso;      ///< Address of the vdso, 0 where not said.
  int32_t pid;        ///< 0 where not said.
  char program[17];
  uint64_t missing_bytes; ///< Memory that the headers promise and the file has not.
  WxCoreDamage damage;    ///< The first found.
} WxCore;

/// Opens the core at `path` and reads its headers. Returns 0 also where something is damaged, with
/// core->damage set and everything that could be read; -EINVAL where it is no core of 64 bits,
/// little-endian (core->damage says what was expected); another negative errno. `core` is
/// overwritten; wx_core_close() ends it after 0 only.
int wx_core_open(WxCore *core, const char *path);

/// As wx_core_open(), on a descriptor that the core then owns (also on failure).
int wx_core_read_headers(WxCore *core, int fd);

/// Reads memory of the process. Returns the number of bytes read, less than `size` where the core
/// has no more at that place; -EFAULT where it has none at all.
ssize_t wx_core_read(const WxCore *core, uint64_t address, void *buffer, size_t size);

/// The segment that holds `address`, or NULL.
const WxCoreSegment *wx_core_segment(const WxCore *core, uint64_t address);

void wx_core_close(WxCore *core);

#endif

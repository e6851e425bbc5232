#include "attribution/core_reader.h"
#include "os/grow.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

enum {
  NOTES_MAX = 1 << 20,
  NAME_MAX_BYTES = 64,
  NT_FILE_TYPE = 0x46494c45,
  NT_SIGINFO_TYPE = 0x53494749,
  REGISTERS_OFFSET = 112, // Of the registers in struct elf_prstatus.
  PROGRAM_OFFSET = 40,    // Of pr_fname and pr_pid in struct elf_prpsinfo.
  PID_OFFSET = 24,
  WORD = 8,
};

typedef struct {
  uint32_t type;
  uint64_t offset; // Of its descriptor,
  uint64_t size;   // and that one's bytes.
} Note;

// Where a machine keeps the two among its registers; 0 where that is not known.
static const struct {
  uint16_t machine;
  uint8_t stack_pointer;
  uint8_t thread_pointer;
} machines[] = {
    {EM_X86_64, 19, 21}, // rsp, fs_base.
    {EM_AARCH64, 31, 0}, // sp; tpidr is in a note of its own.
};

static uint64_t padded(uint64_t size) {
  return (size + 3) & ~UINT64_C(3);
}

static uint64_t read_register(WxCoreReader *reader, const Note *note, uint8_t index) {
  const uint64_t at = REGISTERS_OFFSET + (uint64_t)index * WORD;
  const void *bytes =
      index && note->size >= at + WORD ? wx_core_reader_at(reader, note->offset + at, WORD) : NULL;
  uint64_t value = 0;
  if (bytes)
    memcpy(&value, bytes, sizeof value);
  return value;
}

static int add_thread(WxCore *core, WxCoreReader *reader, const Note *note) {
  WxCoreThread thread = {0};
  for (size_t i = 0; i < sizeof machines / sizeof *machines; ++i)
    if (machines[i].machine == core->machine) {
      thread.stack_pointer = read_register(reader, note, machines[i].stack_pointer);
      thread.thread_pointer = read_register(reader, note, machines[i].thread_pointer);
    }
  if (!thread.stack_pointer)
    return 0;
  WxCoreThread *grown =
      wx_grown(core->threads, &core->thread_capacity, core->thread_count, sizeof *grown);
  if (!grown)
    return -ENOMEM;
  core->threads = grown;
  core->threads[core->thread_count++] = thread;
  return 0;
}

static int read_program(WxCore *core, WxCoreReader *reader, const Note *note) {
  const size_t length = sizeof core->program - 1;
  const char *bytes = note->size >= PROGRAM_OFFSET + length
                          ? wx_core_reader_at(reader, note->offset, PROGRAM_OFFSET + length)
                          : NULL;
  if (bytes) {
    memcpy(&core->pid, bytes + PID_OFFSET, sizeof core->pid);
    memcpy(core->program, bytes + PROGRAM_OFFSET, length);
  }
  return 0;
}

static int read_auxiliary(WxCore *core, WxCoreReader *reader, const Note *note) {
  for (uint64_t at = 0; at + 2 * WORD <= note->size && at < 1024; at += 2 * WORD) {
    uint64_t pair[2];
    const void *bytes = wx_core_reader_at(reader, note->offset + at, sizeof pair);
    if (!bytes)
      return 0;
    memcpy(pair, bytes, sizeof pair);
    if (pair[0] == AT_PAGESZ)
      core->page_size = pair[1];
    if (pair[0] == AT_SYSINFO_EHDR)
      core->vdso = pair[1];
  }
  return 0;
}

static int read_file_note(WxCore *core, WxCoreReader *reader, const Note *note) {
  if (core->has_file_note) {
    wx_core_damaged(core, note->offset, "expected one note NT_FILE");
    return 0;
  }
  core->has_file_note = true;
  return wx_core_read_files(core, reader, note->offset, note->size);
}

static int see_signal(WxCore *core, WxCoreReader *reader, const Note *note) {
  (void)reader;
  (void)note;
  if (core->writer == WX_WRITER_UNKNOWN)
    core->writer = WX_WRITER_KERNEL;
  return 0;
}

static const struct {
  uint32_t type;
  int (*read)(WxCore *core, WxCoreReader *reader, const Note *note);
} note_readers[] = {
    {NT_PRSTATUS, add_thread},      {NT_PRPSINFO, read_program},   {NT_AUXV, read_auxiliary},
    {NT_FILE_TYPE, read_file_note}, {NT_SIGINFO_TYPE, see_signal},
};

// The owner's name tells the writers apart: createdump pads "CORE" with letters, gdb has notes of
// its own.
static void recognise_writer(WxCore *core, const char *name, uint32_t size) {
  if (size == 5 && !memcmp(name, "CORE", 5) && (name[5] || name[6] || name[7]))
    core->writer = WX_WRITER_CREATEDUMP;
  else if (size >= 3 && !memcmp(name, "GDB", 3) && core->writer != WX_WRITER_CREATEDUMP)
    core->writer = WX_WRITER_GCORE;
}

static int read_note(WxCore *core, WxCoreReader *reader, const Note *note) {
  for (size_t i = 0; i < sizeof note_readers / sizeof *note_readers; ++i)
    if (note_readers[i].type == note->type)
      return note_readers[i].read(core, reader, note);
  return 0;
}

int wx_core_read_notes(WxCore *core, WxCoreReader *reader, uint64_t offset, uint64_t size) {
  uint64_t end;
  if (__builtin_add_overflow(offset, size, &end) || end > core->size) {
    wx_core_damaged(core, core->size, "the file is cut short: notes are missing");
    end = core->size;
  }
  for (; offset < end && end - offset >= sizeof(Elf64_Nhdr); ++core->note_count) {
    const void *bytes = wx_core_reader_at(reader, offset, sizeof(Elf64_Nhdr));
    if (!bytes || core->note_count == NOTES_MAX) {
      wx_core_damaged(core, offset, bytes ? "expected fewer notes" : "this note cannot be read");
      return 0;
    }
    Elf64_Nhdr header;
    memcpy(&header, bytes, sizeof header);
    const uint64_t name = offset + sizeof header;
    const Note note = {header.n_type, name + padded(header.n_namesz), header.n_descsz};
    if (note.offset > end || note.size > end - note.offset) {
      wx_core_damaged(core, offset, "expected a note that ends inside its segment");
      return 0;
    }
    const uint64_t padding = padded(header.n_namesz);
    if (padding && padding <= NAME_MAX_BYTES && padding >= WORD &&
        (bytes = wx_core_reader_at(reader, name, (size_t)padding)))
      recognise_writer(core, bytes, header.n_namesz);
    else if (padding == 4 && (bytes = wx_core_reader_at(reader, name, 4)))
      recognise_writer(core, bytes, header.n_namesz);
    if (read_note(core, reader, &note))
      return -ENOMEM;
    offset = note.offset + padded(note.size);
  }
  return 0;
}

#include "attribution/images.h"

#include "measure/mapped_file.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 64 * 1024, HEAD = 8192 };

// A file read as if it were memory: addresses are offsets.
typedef struct {
  int fd;
  WxMemory memory;
} FileMemory;

static ssize_t read_file(void *context, uint64_t address, void *buffer, size_t size) {
  const FileMemory *file = context;
  return wx_os_pread(file->fd, buffer, size, address);
}

static void use_file(FileMemory *file, int fd) {
  *file = (FileMemory){fd, {read_file, file}};
}

// Binds a place to what the search itself finds.
typedef struct {
  const WxImageVisitor *visitor;
  WxImagePlace place;
} Bound;

static int bound_image(const WxPeImage *image, void *context) {
  const Bound *bound = context;
  return bound->visitor->image(image, &bound->place, bound->visitor->context);
}

static int bound_letters(const WxMzHit *hit, void *context) {
  const Bound *bound = context;
  return bound->visitor->letters(hit, &bound->place, bound->visitor->context);
}

static int search(Bound *bound, uint64_t start, uint64_t end) {
  const WxPeVisitor visitor = {bound_image, bound_letters, bound};
  return wx_pe_search(bound->place.memory, start, end, &visitor);
}

// Whether memory of this mapping may be read without changing anything.
static bool may_read(const WxSpace *space, size_t index) {
  const WxMapping *mapping = &space->mappings[index];
  if (space->is_core)
    return true;
  const bool resident =
      !space->residency || space->residency[index].rss + space->residency[index].swap > 0;
  return !mapping->shared && mapping->path[0] != '/' && mapping->protection & WX_READ &&
         strncmp(mapping->path, "[v", 2) != 0 && resident;
}

static int search_files(const WxAudit *audit, const WxImageVisitor *visitor) {
  int result = 0;
  for (size_t i = 0; !result && audit->truth.files && i < audit->truth.memfds.count; ++i) {
    const WxExtents *extents = &audit->truth.files[i].allocated;
    const int fd = wx_memfd_open(&audit->truth.memfds.items[i], audit->pid, O_RDONLY, NULL);
    if (fd < 0)
      continue; // Not allowed: the rest can still be searched.
    FileMemory file;
    use_file(&file, fd);
    Bound bound = {visitor, {&file.memory, "double mapper's file"}};
    for (size_t part = 0; !result && part < extents->count; ++part)
      result = search(&bound, extents->items[part].start, extents->items[part].end);
    wx_os_close_reader(file.fd);
  }
  return result;
}

int wx_images_search(const WxAudit *audit, uint64_t start, uint64_t end,
                     const WxImageVisitor *visitor) {
  const WxSpace *space = audit->space;
  const uint64_t last = end ? end : UINT64_MAX;
  int result = 0;
  if (!space->memory)
    return -EACCES;
  for (size_t i = wx_space_find(space, start); !result && i < space->count; ++i) {
    const WxMapping *mapping = &space->mappings[i];
    if (mapping->start >= last)
      break;
    if (!may_read(space, i))
      continue;
    Bound bound = {visitor, {space->memory, wx_owner_name((WxOwner)space->owners[i])}};
    result = search(&bound, mapping->start > start ? mapping->start : start,
                    mapping->end < last ? mapping->end : last);
  }
  return result || end ? result : search_files(audit, visitor);
}

static bool is_library(const char *path) {
  const size_t length = strlen(path);
  return length > 4 && (!strcmp(path + length - 4, ".dll") || !strcmp(path + length - 4, ".exe"));
}

int wx_images_of_files(const WxAudit *audit, const WxImageVisitor *visitor) {
  int result = 0;
  for (size_t i = 0; !result && i < audit->modules.count; ++i) {
    const WxModule *module = &audit->modules.items[i];
    unsigned char head[HEAD];
    const size_t mapping = wx_space_find(audit->space, module->start);
    if (!is_library(module->path) || mapping == audit->space->count)
      continue;
    const int fd = wx_mapped_file_open(audit->pid, &audit->space->mappings[mapping]);
    if (fd < 0)
      continue; // Deleted or replaced since, or not to be opened.
    FileMemory file;
    WxPeImage image;
    use_file(&file, fd);
    const ssize_t got = wx_os_pread(fd, head, sizeof head, 0);
    if (got > 0 && wx_pe_read_headers(&image, 0, head, (size_t)got)) {
      const WxImagePlace place = {&file.memory, module->path};
      result = wx_pe_read_metadata(&image, &file.memory);
      image.address = module->start;
      if (!result)
        result = visitor->image(&image, &place, visitor->context);
    }
    wx_os_close_reader(file.fd);
  }
  return result;
}

// Copies what can be read; a page that cannot be is zero.
static int copy(const WxPeImage *image, const WxMemory *memory, int fd) {
  unsigned char chunk[CHUNK];
  int result = 0;
  for (uint64_t done = 0; done < image->bytes;) {
    const uint64_t left = image->bytes - done;
    const size_t wanted = left < CHUNK ? (size_t)left : CHUNK;
    memset(chunk, 0, wanted);
    const ssize_t got = memory->read(memory->context, image->address + done, chunk, wanted);
    if (got != (ssize_t)wanted)
      result = -ENODATA;
    const int failed = wx_os_pwrite(fd, chunk, wanted, done);
    if (failed)
      return failed;
    done += wanted;
  }
  return result;
}

int wx_image_write(const WxPeImage *image, const WxImagePlace *place, const char *path) {
  const int fd = wx_os_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd < 0)
    return fd;
  const int result = copy(image, place->memory, fd);
  const int closed = wx_os_close(fd);
  return result ? result : closed;
}

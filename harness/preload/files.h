/**
   @file files.h
   The descriptors of this process that are a double-mapped file of the runtime: a small fixed
   table, since a process has one runtime, rarely two.

   A file enters when its size is set, which every runtime does once, through the C library (8 makes
   the file itself by a raw system call). It is known by descriptor, device and inode: a descriptor
   that was closed and now is another file is not in the table any more, without anyone telling it.
   Lookups take no lock and make no system call; wx_files_still() makes one.
*/
#ifndef WX_PRELOAD_FILES_H
#define WX_PRELOAD_FILES_H

#include "preload/raw.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { WX_FILES = 8 };

typedef struct {
  _Atomic int descriptor; ///< Plus one, so that all zero is an empty table; negative: being filled.
  _Atomic uint64_t device;
  _Atomic uint64_t inode;
} WxFile;

/// All zero is the empty table.
typedef struct {
  WxFile slots[WX_FILES];
} WxFiles;

/// Enters `fd` if it is a double-mapped file of the runtime: its name is `memfd:doublemapper`,
/// deleted, and exactly that. Returns whether it is in the table now; false also where eight such
/// files are open already.
bool wx_files_learn(WxFiles *files, int fd);

/// The slot of `fd`, or -1 where it was not entered. It may be another file since.
int wx_files_find(const WxFiles *files, int fd);

/// The descriptor in a slot, or a negative number where it is empty.
int wx_files_descriptor(const WxFiles *files, int slot);

/// Whether `fd` was entered and still is the same file. Then `*file` says its size.
bool wx_files_still(const WxFiles *files, int fd, WxRawFile *file);

#endif

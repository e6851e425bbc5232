/**
   @file library.h
   Shared libraries that are loaded while the program runs. The program that is one static file has
   another implementation (harness/static/library.c), which loads none.
*/
#ifndef WX_OS_LIBRARY_H
#define WX_OS_LIBRARY_H

#include <stddef.h>

/// What is said where none can be loaded.
#define WX_LIBRARY_NONE "this wxbench is one static file, which loads no library"

enum { WX_LIBRARY_WHY = 256 };

/// Loads a library: `path` with a slash is a file, without one it is looked for where libraries
/// are. Code of it runs. Returns 0; -ENOMEM; -ENOEXEC, or -ENOSYS where this program can load none,
/// with one phrase in `why`.
int wx_library_load(const char *path, void **library, char why[WX_LIBRARY_WHY]);

/// What the library exports under `name`, NULL for nothing.
void *wx_library_find(void *library, const char *name);

/// The name of its file, without its folder and with links followed, which has the version in it:
/// `libffi.so.8.1.2`; "" where that is not known.
void wx_library_file(void *library, char *name, size_t size);

/// Lets go of it.
void wx_library_close(void *library);

#endif

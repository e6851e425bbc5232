/* wxbench_plugin.h: an allocator of executable memory as a shared library, measured by

       wxbench run|replay|bench ... --strategy plugin:/path/lib.so

   The library exports one object, `const struct wxbench_plugin wxbench_plugin`. It has blocks, or
   functions, or both; a group that it does not have is left NULL. Nothing but this file is needed:

       cc -shared -fPIC -o lib.so lib.c

   Errors: every call returns 0 or a negative errno (`-ENOMEM`). A call that fails leaves all as it
   was, and may come again. Sizes are bytes.

   Each run loads the library in a process of its own. A file that it makes with
   memfd_create("doublemapper", ...) is found by that name, and what it holds is counted. */
#ifndef WXBENCH_PLUGIN_H
#define WXBENCH_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A new version adds members at the end; wxbench takes every version up to its own. */
#define WXBENCH_PLUGIN_VERSION 1

/* Flags. */
#define WXBENCH_WRITES_ONCE 1u /* A page of code is written once: a second map_rw is -EPERM. */
#define WXBENCH_ONE_THREAD  2u /* Not to be called by several threads at once. */

struct wxbench_plugin {
  uint32_t version; /* WXBENCH_PLUGIN_VERSION */
  uint32_t flags;
  const char *summary; /* One line: what it is. */

  /* `*self` is handed to every call. close() gives back all that is left. */
  int (*open)(void **self);
  int (*close)(void *self);

  /* Blocks, as the .NET runtime takes them. `size` of reserve is a multiple of the page size, and
     so is what commit gets; all of a call lies in one block. */

  /* Address space within [low, high); {0, UINTPTR_MAX} is anywhere. -ENOMEM where there is none. */
  int (*reserve)(void *self, size_t size, uintptr_t low, uintptr_t high, void **base);

  /* Makes pages usable: to read and run, or (`executable` 0) to read and write. They read as 0. */
  int (*commit)(void *self, void *start, size_t size, int executable);

  /* `*view` is where the bytes of [start, start + size) can be read and written until unmap_rw;
     code runs at `start` afterwards. Views may overlap. */
  int (*map_rw)(void *self, void *start, size_t size, void **view);
  int (*unmap_rw)(void *self, void *view);

  /* The whole block at `base`. */
  int (*release)(void *self, void *base);

  /* Functions, as a JIT takes them. `*code` is a multiple of 16; write() is called again to patch.
   */
  int (*allocate)(void *self, size_t size, void **code);
  int (*write)(void *self, void *code, const void *bytes, size_t size);
  int (*deallocate)(void *self, void *code);

  /* May be NULL: whether the mapping that begins at `address` is this allocator's. Without it those
     are counted that begin in a block. */
  int (*owns)(void *self, const void *address);
};

extern const struct wxbench_plugin wxbench_plugin
#if defined(__GNUC__)
    __attribute__((visibility("default")))
#endif
    ;

#ifdef __cplusplus
}
#endif

#endif

/*
   What lets a program of musl load Debian's libstdc++.so.6 and libgcc_s.so.1, which were built for
   glibc: the few names that they want and musl has not. Linked into the `dotnet` of a musl runtime,
   which is asked before the C library; no package that is served brings these libraries for musl.

     musl-gcc -rdynamic -o dotnet dotnet-host.c musl-host.c ...     (scripts/runtimes --rid
   linux-musl-x64)
*/
#include <ctype.h>
#include <link.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

// Whether there is one thread only, which permits counting references without a lock: never said.
char __libc_single_threaded = 0;

// What the processor can do, which nothing asks here: libgcc's own have versions that musl does not
// look up.
unsigned __cpu_model[4];

int __cpu_indicator_init(void) {
  return 0;
}

uint32_t arc4random(void) {
  uint32_t number = 0;
  while (getrandom(&number, sizeof number, 0) != sizeof number)
    ;
  return number;
}

size_t __strftime_l(char *text, size_t size, const char *format, const struct tm *tm,
                    locale_t locale) {
  return strftime_l(text, size, format, tm, locale);
}

// Destructors of a thread's variables. The runtime's own run at the end of the process only:
// leaving them out leaks.
int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library) {
  (void)destructor, (void)object, (void)library;
  return 0;
}

// Where the unwinding table of the code at an address is: glibc's answer to libgcc, out of a walk
// through the loaded objects.
typedef struct {
  unsigned long long flags;
  void *start, *end;
  void *object;
  void *table;
  unsigned long long reserved[7];
} Found;

typedef struct {
  uintptr_t address;
  Found *found;
} Search;

static int look(struct dl_phdr_info *info, size_t size, void *context) {
  const Search *search = context;
  void *table = NULL;
  int inside = 0;
  (void)size;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    const uintptr_t start = info->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_GNU_EH_FRAME)
      table = (void *)start;
    if (part->p_type != PT_LOAD || search->address < start ||
        search->address >= start + part->p_memsz)
      continue;
    inside = 1;
    search->found->start = (void *)start;
    search->found->end = (void *)(start + part->p_memsz);
  }
  search->found->table = table;
  return inside && table;
}

// glibc's header, which a linter sees, declares the names themselves with types of its own.
int find_object(void *address, Found *found) __asm__("_dl_find_object");

int find_object(void *address, Found *found) {
  Search search = {(uintptr_t)address, found};
  *found = (Found){0};
  return dl_iterate_phdr(look, &search) ? 0 : -1;
}

// A locale as glibc's is laid out: libstdc++ reads the tables of its character classes by their
// offset. To musl it is "C".
static struct {
  void *categories[13];
  const unsigned short *classes;
  const int *to_lower, *to_upper;
  const char *names[13];
} c_locale;

const unsigned short **classes_of(void) __asm__("__ctype_b_loc");
const int **to_lower_of(void) __asm__("__ctype_tolower_loc");
const int **to_upper_of(void) __asm__("__ctype_toupper_loc");

locale_t __newlocale(int mask, const char *name, locale_t base) {
  (void)mask, (void)name, (void)base;
  c_locale.classes = *classes_of();
  c_locale.to_lower = *to_lower_of();
  c_locale.to_upper = *to_upper_of();
  return (locale_t)&c_locale;
}

locale_t __duplocale(locale_t locale) {
  return locale;
}

void __freelocale(locale_t locale) {
  (void)locale;
}

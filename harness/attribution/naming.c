#include "attribution/naming.h"

#include <string.h>

enum {
  OF_DOUBLE_MAPPER,
  OF_TEMPLATE,
  OF_MEMFD,
  OF_FILE,
  OF_MAIN_HEAP,
  OF_ARENA,
  OF_STACK,
  OF_KERNEL,
  OF_ANONYMOUS,
  OF_GC,
  OF_LOADER_HEAP,
  OF_SHARED
};

static const WxNaming namings[] = {
    [OF_DOUBLE_MAPPER] = {.code = "double-mapper",
                          .text = "the double mapper's data, or a writable view of its code",
                          .code_text = "the double mapper's code",
                          .reserved = "reserved by the double mapper: address space, no memory"},
    [OF_TEMPLATE] = {.code = "double-mapper-template",
                     .text = "the runtime's page of stubs, mapped many times (not the double "
                             "mapper)"},
    [OF_MEMFD] = {.code = "memfd", .text = "a memfd, not the double mapper's", .shown = true},
    [OF_FILE] = {.code = "file", .text = "a mapping of a file", .shown = true},
    [OF_MAIN_HEAP] = {.code = "main-heap", .text = "malloc's main heap"},
    [OF_ARENA] = {.code = "arena",
                  .text = "a heap of malloc",
                  .reserved = "the reserved part of a heap of malloc: zero bytes of memory"},
    [OF_STACK] = {.code = "stack", .text = "a thread's stack", .stack = true},
    [OF_KERNEL] = {.code = "kernel", .text = "the kernel's own", .shown = true},
    [OF_ANONYMOUS] = {.code = "anonymous",
                      .text = "memory that its owner has named",
                      .shown = true},
    [OF_GC] = {.code = "gc", .text = "the garbage collector's", .shown = true},
    [OF_LOADER_HEAP] = {.code = "loader-heap",
                        .text = "a loader heap of the runtime, in the double mapper's file where "
                                "W^X is on",
                        .shown = true},
    [OF_SHARED] = {.code = "shared",
                   .text = "shared memory without a name: not malloc's, which is private"},
};

typedef struct {
  const char *text;
  bool whole; // Not only the beginning.
  int naming; // -1: none.
} Rule;

// The first that fits counts; pmap prints no slash before a memfd and spaces inside brackets.
static const Rule names[] = {
    {"/memfd:doublemapper (deleted)", true, OF_DOUBLE_MAPPER},
    {"memfd:doublemapper (deleted)", true, OF_DOUBLE_MAPPER},
    {"/memfd:doublemapper", true, OF_DOUBLE_MAPPER},
    {"memfd:doublemapper", true, OF_DOUBLE_MAPPER},
    {"/memfd:doublemapper-template", false, OF_TEMPLATE},
    {"memfd:doublemapper-template", false, OF_TEMPLATE},
    {"/memfd:", false, OF_MEMFD},
    {"memfd:", false, OF_MEMFD},
    {"[heap]", true, OF_MAIN_HEAP},
    {"[ heap ]", true, OF_MAIN_HEAP},
    {"[stack", false, OF_STACK},
    {"[ stack", false, OF_STACK},
    {"[anon: glibc: malloc", false, OF_ARENA},
    {"[anon: glibc: pthread stack", false, OF_STACK},
    {"[anon:", false, OF_ANONYMOUS},
    {"[anon_shmem:", false, OF_ANONYMOUS},
    {"[ anon ]", true, -1},
    {"[anon]", true, -1},
    {"[unknown]", true, -1},
    {"[", false, OF_KERNEL},
    {"", true, -1},
    {"//anon", true, -1},
    {"", false, OF_FILE},
};

static const Rule kinds[] = {
    {"GC", false, OF_GC}, {"HandleTable", false, OF_GC}, {"Stack", true, OF_STACK},
    {"Heap", true, -1},   {NULL, false, OF_LOADER_HEAP}, // Any that ends with Heap.
};

static bool fits(const Rule *rule, const char *text, size_t length) {
  static const char heap[] = "Heap";
  const size_t ending = sizeof heap - 1;
  if (!rule->text)
    return length > ending && !memcmp(text + length - ending, heap, ending);
  const size_t expected = strlen(rule->text);
  return (rule->whole ? length == expected : length >= expected) &&
         !memcmp(text, rule->text, expected);
}

static const WxNaming *find(const Rule *rules, size_t count, const char *text, size_t length) {
  for (size_t i = 0; i < count; ++i)
    if (fits(&rules[i], text, length))
      return rules[i].naming < 0 ? NULL : &namings[rules[i].naming];
  return NULL;
}

const WxNaming *wx_naming_of_name(const char *name, size_t length) {
  return find(names, sizeof names / sizeof *names, name, length);
}

const WxNaming *wx_naming_of_kind(const char *kind, size_t length) {
  return find(kinds, sizeof kinds / sizeof *kinds, kind, length);
}

const WxNaming *wx_naming_of_shared(void) {
  return &namings[OF_SHARED];
}

#include "probe/tries.h"

#include "codegen/codegen.h"
#include "measure/cgroup.h"
#include "measure/memfd.h"
#include "measure/process_status.h"
#include "os/os.h"
#include "os/process.h"
#include "os/text.h"
#include "probe/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// What the runtime asks for: its file of 2 TiB, from .NET 10 on no more than the limits allow (PR
// 119316), and a block of 64 KiB in it.
enum { BLOCK = 64 * 1024, CODE = 64, IDENTITY = 11, THREADS = 16 };
static const uint64_t whole_size = UINT64_C(2) << 40;

// A child ends with the errno of what was refused, 0 for none.
typedef int Attempt(void);

static int try_proc(void) {
  char path[PATH_MAX];
  const int fd = wx_os_open("/proc/self/maps", O_RDONLY, 0);
  if (fd < 0)
    return fd;
  wx_os_close_reader(fd);
  const int length = wx_os_readlink("/proc/self/exe", path, sizeof path);
  return length < 0 ? length : 0;
}

static void *wait_for_the_end(void *unused) {
  (void)unused;
  for (;;)
    (void)pause();
  return NULL;
}

static int start_threads(int count) {
  pthread_attr_t attributes;
  int failed = pthread_attr_init(&attributes);
  if (!failed)
    failed = pthread_attr_setstacksize(&attributes, BLOCK);
  for (int i = 0; i < count && !failed; ++i) {
    pthread_t thread;
    failed = pthread_create(&thread, &attributes, wait_for_the_end, NULL);
  }
  return -failed;
}

static int try_thread(void) {
  return start_threads(1);
}

static int try_threads(void) {
  return start_threads(THREADS);
}

static int memfd(void) {
  return wx_os_memfd_create(WX_DOUBLEMAPPER_NAME, MFD_CLOEXEC);
}

static int try_memfd(void) {
  const int fd = memfd();
  return fd < 0 ? fd : 0;
}

static int try_whole_size(void) {
  const int fd = memfd();
  return fd < 0 ? fd : wx_os_ftruncate_or_die(fd, whole_size);
}

static WxFigure memory_bytes(void) {
  const long pages = sysconf(_SC_PHYS_PAGES);
  return pages > 0 ? (WxFigure)pages * (WxFigure)wx_os_page_size() : WX_UNKNOWN;
}

static uint64_t fitting_size(void) {
  uint64_t size = whole_size;
  struct rlimit limit;
  const WxFigure memory = memory_bytes();
  if (wx_known(memory) && (uint64_t)memory < size)
    size = (uint64_t)memory;
  if (!wx_os_getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur / 4 < size)
    size = limit.rlim_cur / 4;
  if (!wx_os_getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < size)
    size = limit.rlim_cur;
  return size;
}

// A memfd that holds a block at least, whatever the limits are.
static int sized_memfd(void) {
  const int fd = memfd();
  const int failed = fd < 0 ? fd : wx_os_ftruncate_or_die(fd, fitting_size());
  return failed ? failed : fd;
}

static int try_fitting_size(void) {
  const int fd = sized_memfd();
  return fd < 0 ? fd : 0;
}

// Reserved first and made executable then, as the runtime commits.
static int commit(int fd, void **block) {
  const int failed = wx_os_mmap(NULL, BLOCK, PROT_NONE, MAP_SHARED, fd, 0, block);
  return failed ? failed : wx_os_mprotect(*block, BLOCK, PROT_READ | PROT_EXEC);
}

static int try_commit(void) {
  void *block;
  const int fd = sized_memfd();
  return fd < 0 ? fd : commit(fd, &block);
}

static int second_view(int fd, void **view) {
  return wx_os_mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, view);
}

static int try_second_view(void) {
  void *view;
  const int fd = sized_memfd();
  return fd < 0 ? fd : second_view(fd, &view);
}

static int run(void *written, void *executed) {
  const int failed = wx_codegen_emit(written, CODE, IDENTITY);
  if (failed)
    return failed;
  wx_codegen_flush(executed, CODE);
  return wx_codegen_check(executed, CODE, IDENTITY);
}

static int try_run(void) {
  void *block;
  void *view;
  const int fd = sized_memfd();
  int failed = fd < 0 ? fd : commit(fd, &block);
  if (!failed)
    failed = second_view(fd, &view);
  return failed ? failed : run(view, block);
}

static int try_writable_code(void) {
  void *block;
  int failed = wx_os_mmap(NULL, BLOCK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, &block);
  if (!failed)
    failed = wx_os_mprotect(block, BLOCK, PROT_READ | PROT_WRITE | PROT_EXEC);
  return failed ? failed : run(block, block);
}

static int try_punch(void) {
  const int fd = sized_memfd();
  return fd < 0 ? fd : wx_os_punch_hole(fd, 0, BLOCK);
}

static const struct {
  const char *key;
  const char *what;
} names[] = {
#define NAME(NUMBER, KEY, WHAT) [NUMBER] = {KEY, WHAT},
    WX_TRIES(NAME)
#undef NAME
};

static Attempt *const attempts[WX_TRY_COUNT] = {
    [WX_TRY_PROC] = try_proc,
    [WX_TRY_THREAD] = try_thread,
    [WX_TRY_THREADS] = try_threads,
    [WX_TRY_MEMFD] = try_memfd,
    [WX_TRY_WHOLE_SIZE] = try_whole_size,
    [WX_TRY_FITTING_SIZE] = try_fitting_size,
    [WX_TRY_COMMIT] = try_commit,
    [WX_TRY_SECOND_VIEW] = try_second_view,
    [WX_TRY_RUN] = try_run,
    [WX_TRY_WRITABLE_CODE] = try_writable_code,
    [WX_TRY_PUNCH] = try_punch,
};

const char *wx_try_key(WxTry which) {
  return names[which].key;
}

const char *wx_try_what(WxTry which) {
  return names[which].what;
}

const char *wx_tried_text(WxTried tried, char text[static 32]) {
  const bool killed = tried.how == WX_TRIED_KILLED;
  if (tried.how == WX_TRIED_UNKNOWN)
    return NULL;
  if (tried.how == WX_TRIED_WORKS)
    return "works";
  const char *name = killed ? sigabbrev_np(tried.code) : strerrorname_np(tried.code);
  if (name)
    (void)snprintf(text, 32, "%s%s", killed ? "SIG" : "", name);
  else
    (void)snprintf(text, 32, "%s %d", killed ? "signal" : "error", tried.code);
  return text;
}

// In the child: no core, and signals as a program has them that is executed, which inherits those
// that are ignored.
static _Noreturn void in_child(Attempt *attempt) {
  static const int signals[] = {SIGXFSZ, SIGSEGV, SIGBUS, SIGILL, SIGSYS};
  const struct rlimit none = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
    struct sigaction action;
    if (!sigaction(signals[i], NULL, &action) && action.sa_handler != SIG_IGN)
      (void)signal(signals[i], SIG_DFL);
  }
  _exit(-attempt());
}

static WxTried try_in_child(Attempt *what) {
  int status = 0;
  const pid_t pid = wx_os_fork();
  if (pid == 0)
    in_child(what);
  if (pid < 0)
    return (WxTried){WX_TRIED_UNKNOWN, 0};
  if (wx_os_wait(pid, 0, &status, NULL) != pid) {
    wx_os_end_group(pid, NULL, NULL);
    return (WxTried){WX_TRIED_UNKNOWN, 0};
  }
  if (WIFSIGNALED(status))
    return (WxTried){WX_TRIED_KILLED, WTERMSIG(status)};
  const int refused = WEXITSTATUS(status);
  return refused ? (WxTried){WX_TRIED_REFUSED, refused} : (WxTried){WX_TRIED_WORKS, 0};
}

static WxFigure limit_of(int resource) {
  struct rlimit limit;
  if (wx_os_getrlimit(resource, &limit))
    return WX_UNKNOWN;
  return limit.rlim_cur > INT64_MAX ? WX_UNLIMITED : (WxFigure)limit.rlim_cur;
}

static WxFigure group_limit(WxText *text) {
  WxCgroup group = {0};
  WxCgroupFigures figures;
  if (wx_cgroup_find(&group, 0, "", text) || wx_cgroup_read(&figures, &group, text))
    return WX_UNKNOWN;
  return figures.limit_bytes == WX_CGROUP_NO_LIMIT ? WX_UNLIMITED : figures.limit_bytes;
}

// As DOTNET_GCHeapHardLimit and DOTNET_gcServer.
static bool sets_the_heap(void) {
  static const char *const prefixes[] = {"DOTNET_GC", "COMPlus_GC"};
  for (char *const *variable = environ; *variable; ++variable)
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; ++i)
      if (strncasecmp(*variable, prefixes[i], strlen(prefixes[i])) == 0)
        return true;
  return false;
}

static size_t call_at; // Which call the next child makes.

static int try_call(void) {
  return wx_call_make(call_at);
}

// Without a filter the kernel's own answers are no news.
static void try_calls(WxTries *tries) {
  tries->call_name = NULL;
  for (call_at = 0; tries->seccomp != 0 && !tries->call_name && wx_call_name(call_at); ++call_at) {
    tries->call = try_in_child(try_call);
    if (tries->call.how != WX_TRIED_WORKS)
      tries->call_name = wx_call_name(call_at);
  }
}

static void try_all(WxTries *tries) {
  // Where the caller ignores it, the kernel does not keep how a child ended.
  struct sigaction usual = {.sa_handler = SIG_DFL};
  struct sigaction before;
  const int changed = sigaction(SIGCHLD, &usual, &before);
  for (int i = 0; i < WX_TRY_COUNT; ++i)
    tries->tried[i] = try_in_child(attempts[i]);
  try_calls(tries);
  if (!changed)
    (void)sigaction(SIGCHLD, &before, NULL);
}

void wx_tries_run(WxTries *tries) {
  WxText text = {0};
  tries->seccomp = wx_process_number("/proc/self/status", "\nSeccomp:", &text);
  try_all(tries);
  tries->address_space_limit = limit_of(RLIMIT_AS);
  tries->file_size_limit = limit_of(RLIMIT_FSIZE);
  tries->memory_bytes = memory_bytes();
  tries->group_limit = group_limit(&text);
  tries->max_map_count = wx_process_number("/proc/sys/vm/max_map_count", "", &text);
  tries->heap_is_set = sets_the_heap();
#ifdef __x86_64__
  tries->is_measured = true;
#else
  tries->is_measured = false;
#endif
  wx_text_free(&text);
}

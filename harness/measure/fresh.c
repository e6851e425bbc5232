#include "measure/fresh.h"

#include "os/os.h"
#include "os/steady.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const char magic[8] = "wxfresh";

/// The start of the file; the report and then the order follow, each at a multiple of 16.
typedef struct {
  char magic[sizeof magic];
  uintptr_t play; ///< How far the function lies from wx_fresh_open() in this program.
  size_t report_size;
  size_t size; ///< Of the order.
} Header;

enum { UNIT = 16 };

static size_t report_at(void) {
  return wx_round_up(sizeof(Header), UNIT);
}

static size_t order_at(const Header *header) {
  return report_at() + wx_round_up(header->report_size, UNIT);
}

// Not a memfd, where it can be helped: that is what the strategies make, and what is forbidden or
// made to fail to see what they do then.
static int create_file(void) {
  const int fd = wx_os_open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
  return fd < 0 ? wx_os_memfd_create_data("wxbench-order") : fd;
}

static int map_file(WxFresh *fresh) {
  struct rlimit limit;
  int result = wx_os_getrlimit(RLIMIT_FSIZE, &limit);
  if (result == 0 && limit.rlim_cur < fresh->size)
    result = -EFBIG; // The kernel would send a signal.
  if (result == 0)
    result = wx_os_pwrite(fresh->fd, "", 1, fresh->size - 1);
  if (result == 0)
    result = wx_os_mmap(NULL, fresh->size, PROT_READ | PROT_WRITE, MAP_SHARED, fresh->fd, 0,
                        &fresh->memory);
  return result;
}

int wx_fresh_open(WxFresh *fresh, WxFreshPlay *play, const void *order, size_t size,
                  size_t report_size) {
  const Header header = {
      .play = (uintptr_t)play - (uintptr_t)wx_fresh_open, .report_size = report_size, .size = size};
  *fresh = (WxFresh){.fd = create_file(),
                     .size = wx_round_up(order_at(&header) + size, wx_os_page_size())};
  const int result = fresh->fd < 0 ? fresh->fd : map_file(fresh);
  if (result) {
    wx_fresh_close(fresh);
    return result;
  }
  Header *start = fresh->memory;
  *start = header;
  memcpy(start->magic, magic, sizeof magic);
  fresh->report = (char *)fresh->memory + report_at();
  memcpy((char *)fresh->memory + order_at(&header), order, size);
  return 0;
}

void wx_fresh_close(WxFresh *fresh) {
  if (fresh->memory)
    wx_os_munmap_own(fresh->memory, fresh->size);
  if (fresh->fd >= 0)
    wx_os_close_reader(fresh->fd);
  *fresh = (WxFresh){.fd = -1};
}

static int play_order(void *context) {
  Header *header = context;
  WxFreshPlay *play = (WxFreshPlay *)((uintptr_t)wx_fresh_open + header->play);
  char *memory = context;
  const WxStepChannel channel = {.read = WX_FRESH_ANSWERS, .write = WX_FRESH_STEPS};
  return play(memory + order_at(header), header->size, memory + report_at(), channel);
}

// NULL where there is none: then somebody else has set the variable.
static Header *find_order(void) {
  struct stat status;
  if (wx_os_fstat(WX_FRESH_ORDER, &status) || (size_t)status.st_size < sizeof(Header))
    return NULL;
  const size_t size = (size_t)status.st_size;
  void *memory;
  if (wx_os_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, WX_FRESH_ORDER, 0, &memory))
    return NULL;
  Header *header = memory;
  const bool fits = memcmp(header->magic, magic, sizeof magic) == 0 && header->report_size < size &&
                    header->size < size && order_at(header) + header->size <= size;
  if (fits)
    return header;
  wx_os_munmap_own(header, size);
  return NULL;
}

// Runs before main() of whichever program this is part of.
__attribute__((constructor)) static void play_fresh(void) {
  if (!getenv(WX_FRESH_VARIABLE))
    return;
  Header *header = find_order();
  if (!header)
    return;
  (void)prctl(PR_SET_NAME, "wxbench");
  _exit(wx_os_on_steady_stack(play_order, header));
}
